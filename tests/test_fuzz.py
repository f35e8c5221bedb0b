"""Whatever is asked, nothing breaks: every address of the site with bytes, numbers and parameters nobody would send.

The examples are the same in every run. `tests/portal/test_api.py` generates more for the API from its own description.
"""

from urllib.parse import quote_from_bytes

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils.translation import override
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.application import ask
from tests.web import API, FORMATS, LISTS, make_web, url_map, whole_addresses

pytestmark = pytest.mark.django_db

METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]
NAMES = [
    *(
        "q",
        "page",
        "sort",
        "year",
        "year_from",
        "year_to",
        "country",
        "body",
        "status",
        "kind",
        "verb",
        "level",
        "plan",
    ),
    *(
        "meeting",
        "direction",
        "topic",
        "person",
        "series",
        "format",
        "partner",
        "when",
        "view",
        "page_size",
        "projected",
    ),
    *("updated_since", "sessions", "next", "theme", "language", "record", "q[]", "q[a][b]", "__class__", "", "%00"),
]
NASTY = [
    b"\x00",
    b"\xff\xfe\xfd",
    b"9" * 400,
    b"-1",
    b"1e309",
    b"NaN",
    b"' OR 1=1 --",
    b"<script>alert(1)</script>",
    b"{{7*7}}{% debug %}",
    b"../../../../etc/passwd",
    b'"' * 60,
    b"- - -",
    b"(((((",
    b"AND OR NOT NEAR *",
    b"\xe2\x80\xae\xf0\x9f\x87\xbb\xf0\x9f\x87\xb3",
    b"\xed\xa0\x80",
    b"2024-02-30",
    b"none",
    b"a" * 7_000,
    b"a" * 50_000,
    b"%s%n%x" * 50,
]
values = st.one_of(
    st.sampled_from(NASTY), st.binary(max_size=40), st.text(max_size=40).map(lambda t: t.encode("utf-8", "replace"))
)
queries = st.lists(st.tuples(st.sampled_from(NAMES), values), min_size=1, max_size=6)
PAGES = [f"/{language}/{path.partition('?')[0]}" for language in ("vi", "en") for path in [*LISTS, *FORMATS]]
PAGES += [path.partition("?")[0] for path in API]
PAGES += ["/", "/robots.txt", "/sitemap.xml", "/healthz", "/readyz", "/favicon.ico", "/admin/", "/admin/login/"]
PAGES += ["/i18n/setlang/", "/theme/", "/en/search/suggestions/", "/.well-known/security.txt", "/en/site.webmanifest"]
BOUNDED = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def web(db):
    return make_web(1)


@pytest.fixture
def visitor() -> Client:
    """A client that gets faults as answers, as visitors do."""
    return Client(raise_request_exception=False)


@pytest.fixture
def editor(visitor, admin_user) -> Client:
    visitor.force_login(admin_user)
    return visitor


def query_of(pairs: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)


def expect_no_fault(answer, what: str) -> None:
    """No status of a fault, and nothing of the inside."""
    assert answer.status_code < 500, f"{answer.status_code}: {what[:300]}"
    body = b"".join(answer) if answer.streaming else answer.content
    assert b"Traceback (most recent call last)" not in body, what[:300]


@BOUNDED
@given(path=st.sampled_from(PAGES), pairs=queries)
@example(path="/en/meetings/", pairs=[("page", b"9" * 400), ("page", b"1")])
@example(path="/en/search/", pairs=[("q", b"a" * 50_000)])
@example(path="/en/initiatives.csv", pairs=[("country", b"\x00"), ("country", b"sg")])
def test_no_parameter_is_a_fault(web, visitor, path, pairs):
    address = f"{path}?{query_of(pairs)}"
    expect_no_fault(visitor.get(address), address)


def test_no_parameter_of_any_address_is_a_fault(web, visitor):
    """Each of them once at every address of the URL map in which nothing stands."""
    with override("en"):
        addresses = sorted(set(whole_addresses()))
    assert {"/en/", "/en/report/", "/en/changes.atom", "/sitemap.xml", "/admin/"} <= set(addresses)
    for place, path in enumerate(addresses):
        for turn, name in enumerate(NAMES):
            address = f"{path}?{query_of([(name, NASTY[(place + turn) % len(NASTY)])])}"
            expect_no_fault(visitor.get(address), address)


@BOUNDED
@given(path=st.sampled_from(PAGES), method=st.sampled_from(METHODS), body=values)
def test_no_method_and_no_body_is_a_fault(web, visitor, path, method, body):
    content = {} if method in {"get", "head", "trace"} else {"data": body, "content_type": "application/octet-stream"}
    expect_no_fault(getattr(visitor, method)(path, **content), f"{method} {path}")


@pytest.fixture(scope="module")
def routes() -> list[str]:
    """Those in which something stands, of the public site and of the editors'."""
    return sorted({route for route in url_map(get_resolver()) if "<" in route and "(?P" not in route})


@BOUNDED
@given(data=st.data(), pairs=queries)
def test_no_part_of_an_address_is_a_fault(web, visitor, routes, data, pairs):
    route = data.draw(st.sampled_from(routes))
    part = data.draw(st.one_of(st.sampled_from([b"9" * 400, b"adgmin-6", b"vn", b"1", b"\x00", b"%", b"-"]), values))
    before, _, rest = route.partition("<")
    path = f"/{before}{quote_from_bytes(part, safe='')}{rest.partition('>')[2]}".replace("//", "/")
    expect_no_fault(visitor.get(f"{path}?{query_of(pairs)}"), path)


@BOUNDED
@given(data=st.data(), pairs=queries)
def test_no_address_of_the_editors_is_a_fault_for_who_is_signed_in(web, editor, routes, data, pairs):
    route = data.draw(st.sampled_from([route for route in routes if route.startswith("admin/")]))
    part = data.draw(st.one_of(st.sampled_from([b"9" * 400, b"1", b"1_2", b"\x00", b"_5F"]), values))
    before, _, rest = route.partition("<")
    address = f"/{before}{quote_from_bytes(part, safe='')}{rest.partition('>')[2]}?{query_of(pairs)}"
    expect_no_fault(editor.get(address), address)


@BOUNDED
@given(
    name=st.sampled_from(
        ["host", "accept-language", "accept", "cookie", "referer", "if-none-match", "if-modified-since", "origin"]
    ),
    value=st.one_of(st.sampled_from(NASTY[:-3]), values).map(lambda content: content.decode("latin-1")),
    path=st.sampled_from(["/en/", "/vi/initiatives/", "/api/v1/meetings/", "/admin/login/", "/en/meetings.ics"]),
)
@example(name="host", value="elsewhere.example", path="/en/")
@example(name="host", value="testserver:99999999999", path="/en/")
@example(name="cookie", value="sessionid=\x00; theme=x; django_language=../../etc", path="/en/")
def test_no_header_is_a_fault(web, visitor, name, value, path):
    expect_no_fault(visitor.get(path, headers={name: value}), f"{name}: {value!r} {path}")


TOKEN = {"HTTP_X_CSRFTOKEN": "t" * 32, "HTTP_COOKIE": f"csrftoken={'t' * 32}"}
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="theme"\r\nContent-Type: text/plain; charset=rot13\r\n\r\n%s\r\n--x--'
)
types = st.sampled_from(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
charsets = st.one_of(
    st.sampled_from(["rot13", "hex", "zlib", "idna", "punycode", "undefined", "utf-16", "cp037", "nonsense", "utf-8"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
)


@BOUNDED
@given(
    path=st.sampled_from(["/en/", "/en/report/?record=/en/meetings/", "/theme/", "/i18n/setlang/", "/admin/login/"]),
    content_type=st.builds("{}; {}={}".format, types, st.sampled_from(["charset", "charset*", "boundary*"]), charsets),
    value=values,
)
@example(path="/en/", content_type="text/plain; charset=rot13", value=b"")
@example(path="/admin/login/", content_type="application/x-www-form-urlencoded; charset=utf-16", value=b"a")
@example(path="/theme/", content_type="multipart/form-data; boundary=x; charset*=undefined''%41", value=b"a")
def test_no_content_type_is_a_fault(web, path, content_type, value):
    body = PARTS % value if "multipart" in content_type else b"theme=" + value
    for method, sent in [("GET", b""), ("POST", body)]:
        answer = ask(method, path, sent, CONTENT_TYPE=content_type, **TOKEN)
        assert answer.status < 500, f"{method} {path} {content_type!r}"
        assert b"Traceback (most recent call last)" not in answer.body


def test_a_wrong_host_is_told_nothing(visitor):
    answer = visitor.get("/en/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "elsewhere.example" not in answer.text


# `tests/test_long_addresses.py` asks real servers the same.
@pytest.mark.parametrize("path", ["/en/search/", "/en/initiatives/", "/api/v1/decisions/", "/vi/meetings.csv"])
def test_fifty_kilobytes_of_query_are_refused_unread(visitor, path, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(QueryDict, "__init__", lambda *_args, **_kwargs: pytest.fail("the query was taken apart"))
    with django_assert_num_queries(0):
        answer = visitor.get(f"{path}?{'&'.join(f'country=c{number}' for number in range(5000))}")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/en/search/", "/en/initiatives/", "/api/v1/decisions/"])
def test_the_longest_query_that_is_read_costs_as_many_database_queries_as_a_short_one(web, visitor, path):
    """Four hundred values, and two hundred words that are found nowhere."""
    values = [f"country=c{number}" for number in range(400)] + [f"q={'x+' * 100}"] * 2
    costs = []
    for query in ("country=c1&country=c2&q=x+x", "&".join(values)):
        with CaptureQueriesContext(connection) as asked:
            expect_no_fault(visitor.get(f"{path}?{query}"), path)
        costs.append(len(asked))
    assert costs[1] <= costs[0]
