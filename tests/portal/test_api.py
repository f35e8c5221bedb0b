"""The API: what it answers, how it refuses, and that its description is true."""

import csv
import io
import json

import pytest
import schemathesis
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from portal.index import MOST_SITES, indexes
from portal.representation import lists
from tests.content import whole_content
from tests.factories import (
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_source,
    make_statement,
)
from tests.web import make_web

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

LISTS = [
    *("meetings", "decisions", "statements", "initiatives", "plans", "directions", "topics", "bodies", "countries"),
    *("people", "documents", "figures", "sources"),
]
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def nobody_has_asked_yet():
    cache.clear()


def ask(client, path: str, **headers) -> dict:
    answer = client.get(f"/api/v1/{path}", headers=headers)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    return answer.json()


def refused(client, path: str, status: int, method: str = "get", **headers) -> dict:
    answer = getattr(client, method)(f"/api/v1/{path}", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    told = answer.json()
    assert (told["type"], told["status"]) == ("about:blank", status)
    return told


# What is answered


def test_the_root_names_every_list(client):
    root = ask(client, "")
    assert sorted(lists()) == sorted(LISTS)
    assert root == {name: f"http://testserver/api/v1/{name}/" for name in lists()} | {
        "openapi": "http://testserver/api/v1/openapi.json",
        "documentation": "http://testserver/api/v1/docs/",
    }


def test_a_list_and_its_records_say_the_same(client):
    make_web(2)
    for name, table in lists().items():
        answer = ask(client, f"{name}/")
        assert list(answer) == ["count", "next", "previous", "results"]
        assert answer["count"] == len(answer["results"]) == table.model.objects.published().count() > 0
        for record in answer["results"]:
            assert ask(client, record["api_url"].removeprefix("http://testserver/api/v1/")) == record
            assert {"id", "slug", "url", "url_en", "sources", "updated"} <= set(record)


def test_each_answer_has_the_address_it_was_asked_at_and_few_addresses_are_kept(client):
    make_source(slug="statement")
    for port in range(1, 3 * MOST_SITES):
        site = f"http://localhost:{port}"
        host = {"Host": site.removeprefix("http://")}
        assert ask(client, "sources/statement/", **host)["api_url"] == f"{site}/api/v1/sources/statement/"
        assert ask(client, "openapi.json", **host)["servers"] == [{"url": site}]
        assert f"{site}/api/v1/sources/" in client.get("/en/open-data/api/", headers=host).text
    sites = indexes.things["sites"]
    assert list(sites) == [f"http://localhost:{port}" for port in range(2 * MOST_SITES, 3 * MOST_SITES)]
    named = [name for name in indexes.things if "localhost" in str(name)]
    assert named == []


def test_an_initiative_names_others_with_their_addresses(client):
    source = make_source(slug="statement", title="Joint statement", publisher="ASEAN", url="https://example.org/s")
    meeting = make_meeting(slug="adgmin-6")
    decision = make_decision(slug="adgmin-6-01", meeting=meeting)
    initiative = make_initiative(slug="network", decisions=[decision], sources=[source], name_vi="Mạng", acronym="")
    make_milestone(initiative=initiative, key="step", status="ongoing", meeting=meeting, decision=decision)
    record = ask(client, "initiatives/network/")
    site = "http://testserver"
    assert record["url"] == f"{site}/vi/initiatives/network/"
    assert record["url_en"] == f"{site}/en/initiatives/network/"
    assert (record["name_vi"], record["acronym"]) == ("Mạng", None)
    assert (record["status"], record["status_vi"], record["status_en"]) == ("ongoing", "Đang triển khai", "Ongoing")
    named = {"url": f"{site}/vi/decisions/adgmin-6-01/", "api_url": f"{site}/api/v1/decisions/adgmin-6-01/"}
    assert record["decisions"] == [{"id": "adgmin-6-01"} | named]
    assert record["sources"] == [
        {
            "id": "statement",
            "url": "https://example.org/s",
            "api_url": f"{site}/api/v1/sources/statement/",
            "title": "Joint statement",
            "publisher": "ASEAN",
            "language": "en",
            "reliability": "primary",
        }
    ]
    [step] = record["milestones"]
    assert (step["id"], step["status"], step["meeting"]["id"]) == ("network/step", "ongoing", "adgmin-6")


def test_a_figure_says_of_each_value_who_said_it_and_whether_it_happened(client):
    statement = make_statement(slug="adgmin-6-s01")
    observation = make_observation(value="300.50", qualifier="more-than", statement=statement)
    [value] = ask(client, f"figures/{observation.indicator.slug}/")["observations"]
    assert (value["year"], value["value"], value["qualifier"], value["kind"]) == (2025, 300.5, "more-than", "projected")
    assert value["statement"]["id"] == "adgmin-6-s01"


def test_a_country_is_found_under_its_code_in_lower_case(client):
    make_web()
    [country] = ask(client, "countries/")["results"]
    assert country["slug"] == country["code"].lower()
    refused(client, f"countries/{country['code']}/", 404)


def test_pages_name_the_next_and_the_previous_and_keep_the_filter(client):
    for number in range(5):
        make_initiative(slug=f"initiative-{number}", status="ongoing", name_vi=f"Tên {number}")
    first = ask(client, "initiatives/?status=ongoing&page_size=2")
    assert first["previous"] is None
    assert first["next"] == "http://testserver/api/v1/initiatives/?status=ongoing&page_size=2&page=2"
    last = ask(client, "initiatives/?status=ongoing&page_size=2&page=3&sort=-name")
    assert [record["slug"] for record in last["results"]] == ["initiative-0"]
    assert (last["count"], last["next"]) == (5, None)


def test_the_alphabet_is_that_of_the_language_asked_for(client):
    make_initiative(slug="first", name_vi="Đ", name_en="A")
    make_initiative(slug="second", name_vi="D", name_en="B")
    slugs = [[r["slug"] for r in ask(client, "initiatives/", **headers)["results"]] for headers in ({}, ENGLISH)]
    assert slugs == [["second", "first"], ["first", "second"]]


def test_a_change_is_seen_at_once(client):
    initiative = make_initiative(slug="network", name_vi="Trước")
    assert ask(client, "initiatives/")["results"][0]["name_vi"] == "Trước"
    initiative.name_vi = "Sau"
    initiative.save()
    assert ask(client, "initiatives/")["results"][0]["name_vi"] == "Sau"


# Manners


def test_a_client_that_knows_the_state_gets_304_before_anything_is_read(client):
    make_initiative()
    etag = client.get("/api/v1/initiatives/")["ETag"]
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/api/v1/initiatives/", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert len(queries) == 1
    make_initiative()
    assert client.get("/api/v1/initiatives/", headers={"If-None-Match": etag}).status_code == 200


def test_a_client_that_got_a_compressed_answer_gets_304_before_anything_is_read(client, monkeypatch):
    make_initiative()
    compressed = {"Accept-Encoding": "gzip"}
    etag = client.get("/api/v1/initiatives/", headers=compressed)["ETag"]
    assert etag.startswith("W/")
    monkeypatch.setattr("portal.api.ListView.page_of", lambda *_: pytest.fail("The list was read."))
    assert client.get("/api/v1/initiatives/", headers=compressed | {"If-None-Match": etag}).status_code == 304


def test_a_client_that_has_the_answer_is_told_so_by_no_view(client, monkeypatch):
    make_initiative(slug="network")
    paths = ["/api/v1/", "/api/v1/initiatives/?sort=-name", "/api/v1/initiatives/network/", "/api/v1/openapi.json"]
    first = {path: client.get(path) for path in paths}
    monkeypatch.setattr("portal.api.ApiView.dispatch", lambda *_, **__: pytest.fail("A view was asked."))
    for path, whole in first.items():
        for method in (client.get, client.head):
            answer = method(path, headers={"If-None-Match": f'"other", {whole["ETag"]}'})
            assert answer.status_code == 304
            told = ("ETag", "Cache-Control", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers")
            assert [answer[name] for name in told] == [whole[name] for name in told]
            assert answer["Vary"] == "Accept-Language, Accept-Encoding"


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("get", ENGLISH, 200),
        ("get", {"Cookie": "django_language=en"}, 200),
        ("get", {"Accept": "text/html"}, 406),
        ("get", {"If-Match": '"long ago"'}, 412),
        ("get", {"Host": "elsewhere.example"}, 400),
        ("get", {"Host": "localhost"}, 200),
        ("post", {}, 405),
        ("options", {}, 204),
    ],
)
def test_who_asks_for_something_else_is_answered_by_the_view(client, method, headers, status):
    etag = client.get("/api/v1/topics/")["ETag"]
    answer = getattr(client, method)("/api/v1/topics/", headers={"If-None-Match": etag} | headers)
    assert answer.status_code == status


def test_other_sites_may_ask_and_read_the_etag(client):
    answer = client.options("/api/v1/meetings/", headers={"Origin": "https://example.org"})
    assert (answer.status_code, answer["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    assert "If-None-Match" in answer["Access-Control-Allow-Headers"]
    answer = client.get("/api/v1/meetings/", headers={"Origin": "https://example.org"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert answer["Cache-Control"] == "no-cache"
    assert client.head("/api/v1/meetings/").status_code == 200


def test_who_asks_too_often_is_told_when_to_come_back(client, settings):
    settings.API_REQUESTS_A_MINUTE = 2
    assert [client.get("/api/v1/").status_code for _ in range(2)] == [200, 200]
    answer = client.get("/api/v1/meetings/", headers=ENGLISH)
    assert (answer.status_code, answer.json()["title"]) == (429, "Too many requests")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert client.get("/api/v1/", REMOTE_ADDR="192.0.2.7").status_code == 200


def test_an_answer_that_the_client_has_counts_as_any_other(client, settings):
    settings.API_REQUESTS_A_MINUTE = 3
    known = {"If-None-Match": client.get("/api/v1/meetings/")["ETag"]}
    assert [client.get("/api/v1/meetings/", headers=known).status_code for _ in range(2)] == [304, 304]
    answer = client.get("/api/v1/meetings/", headers=known)
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert client.get("/api/v1/meetings/", headers=known, REMOTE_ADDR="192.0.2.7").status_code == 304
    settings.API_REQUESTS_A_MINUTE = 0
    assert client.get("/api/v1/meetings/", headers=known).status_code == 304


# What is wrong


@pytest.mark.parametrize("query", ["x" * 8001, "&".join(["kind=a"] * 501)])
def test_who_asks_too_much_is_told_how_much_there_may_be(client, query):
    told = refused(client, f"meetings/?{query}", 400, **ENGLISH)
    assert "up to 8000 characters and 500 parameters" in told["detail"]


def test_a_wrong_filter_is_told_in_the_words_of_the_page(client):
    told = refused(client, "initiatives/?status=zz&year_from=x&country=vn", 400, **ENGLISH)
    by_name = {error["parameter"]: error for error in told["errors"]}
    assert by_name["status"] == {"parameter": "status", "label": "Status", "messages": ["Unknown value: zz."]}
    page = client.get("/en/initiatives/?status=zz").content.decode()
    assert "Unknown value: zz." in page
    assert refused(client, "initiatives/?status=zz", 400)["errors"][0]["messages"] == ["Giá trị không hợp lệ: zz."]


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/meetings", "/api/v1/meetings/adgmin-6"])
def test_scripts_of_other_sites_may_follow_an_address_without_its_last_slash(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"{path}/")
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("size", "language", "told"),
    [
        ("x", "vi", "Hãy nhập một số nguyên."),
        ("0", "vi", "Ít nhất là 1."),
        ("1001", "vi", "Nhiều nhất là 1000."),
        ("1001", "en", "The most is 1000."),
    ],
)
def test_a_size_that_is_none_is_told_in_words(client, size, language, told):
    answer = client.get("/api/v1/meetings/", {"page_size": size}, headers={"Accept-Language": language})
    assert (answer.status_code, answer.json()["errors"][0]["messages"]) == (400, [told])


@pytest.mark.parametrize("path", ["?page_size=1001", "?page_size=0", "?page_size=x", "?q=%00", "?updated_since=%00"])
def test_a_wrong_parameter_is_an_error_and_no_fault(client, path):
    assert refused(client, f"initiatives/{path}", 400)["errors"]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "nowhere/",
            "meetings/nowhere/",
            "sessions/",
            "meetings/%00/",
            "a/b/c/",
            "meetings.json/",
            "%ff/",
            "plans/a%0Ab/",
        ),
        *("meetings/?page=2", "meetings/?page=0", "meetings/?page=-1", "meetings/?page=x"),
        f"meetings/?page={'9' * 5000}",
    ],
)
def test_what_is_not_there_is_404(client, path):
    assert refused(client, path, 404, **ENGLISH)["title"] == "There is nothing at this address"


def test_empty_and_unknown_parameters_are_ignored(client):
    make_meeting(format="virtual")
    make_meeting(format="")
    assert ask(client, "meetings/?status=&page=&page_size=&nothing=1&q=%20")["count"] == 2
    assert ask(client, "meetings/?format=virtual&q=%ff")["count"] == 0
    assert ask(client, "meetings/?format=virtual")["count"] == 1


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
def test_nothing_can_be_written(client, method):
    refused(client, "meetings/", 405, method)
    assert getattr(client, method)("/api/v1/meetings/")["Allow"] == "GET, HEAD, OPTIONS"


def test_only_json_is_to_be_had(client):
    refused(client, "meetings/", 406, Accept="text/html")
    refused(client, "meetings/", 412, **{"If-Match": '"long ago"'})
    ask(client, "meetings/", Accept="text/html,*/*;q=0.8")


def test_an_address_without_its_slash_leads_to_the_one_with_it(client):
    assert client.get("/api/v1/meetings?year=2026")["Location"] == "/api/v1/meetings/?year=2026"
    assert client.get("/api/v1/docs/", headers=ENGLISH)["Location"] == "/en/open-data/api/"


# The description


@pytest.fixture(scope="module")
def described(request, django_db_setup, django_db_blocker):
    """The description over the whole content."""
    with whole_content(request, django_db_blocker):
        yield Client().get("/api/v1/openapi.json", headers=ENGLISH).json()


def resolved(document: dict, name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def test_the_description_is_valid_and_names_every_filter_with_its_values(described):
    validate(described)
    asked = {each["name"]: each for each in described["paths"]["/api/v1/initiatives/"]["get"]["parameters"]}
    filters = lists()["initiatives"].filterset_class.base_filters
    assert set(asked) == {*filters, "page", "page_size"}
    assert asked["status"]["schema"]["items"]["enum"] == ["proposed", "planned", "ongoing", "completed"]
    assert {"vn", "tl", "none"} <= set(asked["country"]["schema"]["items"]["enum"])
    assert all(each["description"] for each in asked.values())


@pytest.mark.parametrize("name", LISTS)
def test_all_records_are_what_the_description_says(described, client, name):
    answer = ask(client, f"{name}/?page_size=1000")
    assert answer["count"] == len(answer["results"])
    model = lists()[name].model.__name__
    assert [error.message for error in resolved(described, f"{model}Page").iter_errors(answer)] == []
    known = set(described["components"]["schemas"][model]["properties"])
    assert {frozenset(record) for record in answer["results"]} == {frozenset(known)}
    operation = described["paths"][f"/api/v1/{name}/"]["get"]["responses"]["200"]["content"]["application/json"]
    assert operation["example"]["results"] == answer["results"][:1] or name != "directions"


def test_errors_are_what_the_description_says(described, client):
    problem = resolved(described, "Problem")
    for path, status in [("meetings/?status=zz", 400), ("nowhere/", 404)]:
        assert [error.message for error in problem.iter_errors(refused(client, path, status))] == []


def test_the_order_and_the_rows_are_those_of_the_csv(described, client):
    query = "sort=-start&status=ongoing&status=planned"
    text = client.get(f"/vi/initiatives.csv?{query}").getvalue().decode("utf-8-sig")
    rows = [row["url"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert [record["url"] for record in ask(client, f"initiatives/?page_size=1000&{query}")["results"]] == rows


@pytest.fixture
def application(settings):
    """As a server calls it, but for the throttle, and on the connection of the test."""
    settings.API_REQUESTS_A_MINUTE = 0
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_generated_requests_find_nothing(described, application):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    for found in schema.get_all_operations():
        strategies = [found.ok().as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

        @settings(
            max_examples=6, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(case=st.one_of(strategies))
        def check(case):
            case.call_and_validate(headers={"Accept-Encoding": "identity"})

        check()


# The page about it


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_explains_every_list(described, client, language):
    page = BeautifulSoup(client.get(f"/{language}/open-data/api/").content, "html5lib")
    for name, table in lists().items():
        told = page.select_one(f"section[aria-labelledby={name}]")
        filters, fields = ([row.th.get_text() for row in body.select("tr")] for body in told.select("tbody"))
        assert filters == list(table.filterset_class.base_filters)
        example = json.loads(told.select("pre")[-1].get_text())
        assert list(example)[5:] == fields
        request = told.select_one("pre").get_text().split("'")[1]
        assert client.get(request.removeprefix("http://testserver")).json()["count"] > 0


@pytest.mark.parametrize(
    ("path", "status"), [("meetings/nope/", 404), ("meetings/?country=xx", 400), ("meetings/?page=99", 404)]
)
@pytest.mark.parametrize("headers", [{"If-None-Match": "*"}, {"If-Match": '"x"'}])
def test_an_error_comes_before_a_condition(client, path, status, headers):
    assert client.get(f"/api/v1/{path}", headers=headers).status_code == status


def test_a_source_without_a_web_address_has_the_one_of_its_record(client):
    make_source(slug="paper", url="")
    assert client.get("/api/v1/sources/paper/").json()["url"] == "http://testserver/api/v1/sources/paper/"


def test_a_client_of_another_release_gets_the_answer_anew(client, settings):
    known = {"If-None-Match": client.get("/api/v1/initiatives/")["ETag"]}
    assert client.get("/api/v1/initiatives/", headers=known).status_code == 304
    settings.RELEASE = "another"
    assert client.get("/api/v1/initiatives/", headers=known).status_code == 200
