"""No header changes what an address or a form says, nor is one a fault."""

import json
from io import BytesIO

import pytest

from portal import asgi
from tests.application import ask
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
