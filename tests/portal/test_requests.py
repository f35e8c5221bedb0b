"""No header changes what an address or a form says, nor is one a fault."""

import json
from copy import copy
from io import BytesIO

import pytest
from bs4 import BeautifulSoup

from portal import asgi
from tests.application import application, ask
from tests.factories import make_country, make_initiative

pytestmark = pytest.mark.django_db

# Encodings that Python knows, of text and of other things, and some that nobody knows.
CHARSETS = ["cp037", "utf-16", "utf-7", "idna", "punycode", "undefined", "rot13", "hex", "zlib", "unicode_escape"]
CHARSETS += ["nonsense", "", "\xff", "u" * 5000, '"utf-16']
TYPES = [f"text/plain; charset={charset}" for charset in CHARSETS]
TYPES += ["text/plain; charset*=rot13'en'%41", "text/plain; charset*=nonsense''%41", "text/plain; a*=undefined''%41"]
TYPES += ["; charset=rot13", "text/plain; charset", "text/plain; ; =; charset*1=ro; charset*0=t13"]


def api_count(content_type: str) -> int:
    answer = ask("GET", "/api/v1/initiatives/?country=sg", CONTENT_TYPE=content_type)
    return json.loads(answer.body)["count"]


@pytest.mark.parametrize("content_type", TYPES)
def test_an_address_says_the_same_whatever_the_content_type(content_type):
    make_initiative(lead_countries=[make_country(code="SG")])
    make_initiative()
    assert api_count(content_type) == api_count("") == 1


@pytest.mark.parametrize("content_type", TYPES)
def test_so_it_does_with_a_server_that_speaks_asgi(content_type):
    headers = [(b"content-type", content_type.encode("latin-1"))]
    scope = {"method": "GET", "path": "/en/initiatives/", "query_string": b"q=B%E1%BA%AFc", "headers": headers}
    assert asgi.application.request_class(scope, BytesIO()).GET.dict() == {"q": "Bắc"}


# Forms


FIELD = b'--x\r\nContent-Disposition: form-data; name="theme"\r\n\r\ndark\r\n--x--\r\n'
FORMS = [("application/x-www-form-urlencoded", b"theme=dark"), ("multipart/form-data; boundary=x", FIELD)]
REFUSED = {"vi": "bảng mã khác", "en": "in another encoding"}
TAKING_FORMS = ["/theme/", "/i18n/setlang/", "/admin/login/", "/en/report/?record=/en/meetings/", "/en/meetings/"]


@pytest.mark.parametrize("charset", [charset for charset in CHARSETS if charset])
@pytest.mark.parametrize(("content_type", "body"), FORMS)
def test_a_form_in_another_encoding_is_refused_by_a_page(content_type, body, charset):
    for language, words in REFUSED.items():
        asked = {"CONTENT_TYPE": f"{content_type}; charset={charset}", "HTTP_ACCEPT_LANGUAGE": language}
        answer = ask("POST", "/theme/", body, **asked)
        page = BeautifulSoup(answer.body, "html5lib")
        assert (answer.status, page.html["lang"]) == (400, language)
        assert words in page.select_one(".lede").get_text()
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"', "; charset=utf8"])
@pytest.mark.parametrize(("content_type", "body"), FORMS)
def test_a_form_in_utf_8_is_read(content_type, body, charset):
    answer = ask(
        "POST",
        "/theme/",
        body,
        CONTENT_TYPE=content_type + charset,
        HTTP_X_CSRFTOKEN="t" * 32,
        HTTP_COOKIE=f"csrftoken={'t' * 32}",
    )
    assert "theme=dark" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", TAKING_FORMS)
def test_every_form_refuses_another_encoding(path):
    answer = ask("POST", path, b"a=1", CONTENT_TYPE="application/x-www-form-urlencoded; charset=utf-16")
    assert answer.status == 400


def test_the_api_says_in_its_own_words_that_it_takes_no_form():
    answer = ask("POST", "/api/v1/meetings/", b"a=1", CONTENT_TYPE="application/x-www-form-urlencoded; charset=utf-16")
    assert (answer.status, answer.headers["Content-Type"]) == (405, "application/problem+json")


# Kept pages

UNUSUAL = [{"CONTENT_TYPE": "text/plain; charset=cp037"}, {"CONTENT_LENGTH": "0", "HTTP_TRANSFER_ENCODING": "chunked"}]
UNUSUAL += [{"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}, {"HTTP_X_FORWARDED_HOST": "elsewhere.example"}]
UNUSUAL += [{"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"}, {"HTTP_ACCEPT_LANGUAGE": "vi"}, {"HTTP_RANGE": "bytes=0-9"}]
UNUSUAL += [{"HTTP_COOKIE": "django_language=vi; csrftoken=a"}, {"HTTP_EXPECT": "100-continue"}]


@pytest.mark.parametrize("unusual", UNUSUAL)
def test_the_page_kept_from_an_unusual_request_is_that_of_a_plain_one(settings, unusual):
    settings.PAGE_CACHE_MEGABYTES, settings.RELEASE = 4, "tests"
    make_initiative(lead_countries=[make_country(code="SG")])
    first, other = copy(application), copy(application)
    for handler in (first, other):
        handler.load_middleware()
    ask("GET", "/en/initiatives/?country=sg", of=first, **unusual)
    kept, plain = (ask("GET", "/en/initiatives/?country=sg", of=handler) for handler in (first, other))
    assert (kept.status, kept.body) == (200, plain.body)
