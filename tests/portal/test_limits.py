"""Long files are made and sent for few visitors at once, so that the others get their pages."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from portal import asgi, exports
from portal.exports import FILES_AT_ONCE
from portal.limits import Places
from portal.wsgi import application
from tests.application import one_connection
from tests.factories import make_initiative

pytestmark = pytest.mark.django_db

FILES = ["initiatives.csv", "initiatives.xlsx", "open-data.zip"]
SORRY = {
    "vi": "Hiện có nhiều người đang tải tệp. Vui lòng tải lại tệp này sau nửa phút.\n",
    "en": "Many visitors are fetching files at the moment. Please ask for this one again in half a minute.\n",
}


@pytest.fixture(autouse=True)
def places(monkeypatch) -> Places:
    """Those of this test, for which nobody waits; every file is a long one."""
    monkeypatch.setattr("portal.limits.PATIENCE", 0)
    monkeypatch.setattr(exports, "MANY_ROWS", -1)
    monkeypatch.setattr(exports, "places", Places(FILES_AT_ONCE, waiting=1))
    return exports.places


@contextmanager
def taken(number: int) -> Iterator[None]:
    """So many others have a place."""
    assert [exports.places.take() for _ in range(number)] == [True] * number
    try:
        yield
    finally:
        for _ in range(number):
            exports.places.give_back()


@pytest.fixture
def all_taken() -> Iterator[None]:
    with taken(FILES_AT_ONCE):
        yield


def assert_all_are_free() -> None:
    """Neither fewer nor more than there are."""
    with taken(FILES_AT_ONCE):
        assert not exports.places.take()


@pytest.mark.usefixtures("all_taken")
@pytest.mark.parametrize("language", SORRY)
@pytest.mark.parametrize("name", FILES)
def test_who_finds_no_place_is_told_when_to_come_back(client, language, name):
    answer = client.get(f"/{language}/{name}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "30")
    assert answer.content.decode() == SORRY[language]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.usefixtures("all_taken")
@pytest.mark.parametrize("path", ["en/initiatives/", "api/v1/initiatives/", "en/initiatives.atom", "en/meetings.ics"])
def test_pages_and_the_api_need_no_place(client, path):
    assert client.get(f"/{path}").status_code == HTTPStatus.OK


@pytest.mark.usefixtures("all_taken")
@pytest.mark.parametrize("name", ["initiatives.csv", "initiatives.xlsx"])
def test_a_short_file_needs_no_place(client, monkeypatch, name):
    monkeypatch.setattr(exports, "MANY_ROWS", 2)
    make_initiative(), make_initiative()
    assert client.get(f"/en/{name}").status_code == HTTPStatus.OK
    make_initiative()
    assert client.get(f"/en/{name}").status_code == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.usefixtures("all_taken")
def test_what_is_wrong_with_a_filter_needs_no_place(client):
    assert client.get("/en/initiatives.csv?sort=colour").status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("name", FILES)
def test_for_who_has_the_file_no_place_is_needed(name, settings):
    settings.PAGE_CACHE_MEGABYTES, client = 4, Client()
    make_initiative()
    answer = client.get(f"/en/{name}")
    assert answer.getvalue()
    known = {"If-None-Match": answer.headers["ETag"]}
    with taken(FILES_AT_ONCE):
        assert client.get(f"/en/{name}", headers=known).status_code == HTTPStatus.NOT_MODIFIED


@pytest.mark.parametrize("name", FILES)
def test_who_is_told_that_nothing_changed_after_all_gives_the_place_back(name, settings):
    settings.PAGE_CACHE_MEGABYTES, client = 4, Client()
    make_initiative()
    answer = client.get(f"/en/{name}", headers={"If-None-Match": "*"})  # weighed when the file is there
    assert answer.status_code == HTTPStatus.NOT_MODIFIED
    assert_all_are_free()


@pytest.mark.parametrize("name", FILES)
def test_who_asks_for_the_head_alone_gives_the_place_back(name, client):
    make_initiative()
    answer = client.head(f"/en/{name}")
    assert (answer.status_code, answer.getvalue()) == (HTTPStatus.OK, b"")
    assert_all_are_free()


def begun(name: str):
    """The answer of a server that has sent the first part of a file."""
    asked = RequestFactory().get(f"/en/{name}", headers={"Accept-Encoding": "gzip"})
    answer = application(asked.environ, lambda status, headers: None)
    assert next(iter(answer))
    return answer


@pytest.mark.parametrize("name", FILES)
def test_a_visitor_has_a_place_until_the_file_is_sent_or_broken_off(name):
    make_initiative()
    with one_connection():
        answer = begun(name)
        with taken(FILES_AT_ONCE - 1):
            assert not exports.places.take()
        answer.close()  # as a server does in either case
        assert_all_are_free()


async def status_by_asgi(path: str) -> int:
    """Of an answer by the application for servers that speak ASGI, where tasks of their own work for a request."""
    asked, sent = asyncio.Queue(), []
    asked.put_nowait({"type": "http.request"})

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"localhost")]}
    await asgi.application(scope, asked.get, send)
    assert len(sent) > 1
    return sent[0]["status"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("own_event_loop")
def test_the_place_is_given_back_where_tasks_work_for_a_request():
    make_initiative()
    for _ in range(FILES_AT_ONCE + 1):
        assert asyncio.run(status_by_asgi("/en/initiatives.csv")) == HTTPStatus.OK
    assert_all_are_free()


def refuse(*arguments):
    raise OperationalError("connection refused")


@pytest.mark.parametrize("name", ["initiatives.csv", "initiatives.xlsx"])
def test_an_error_before_the_first_part_gives_the_place_back(name, client, monkeypatch):
    make_initiative()
    monkeypatch.setattr(exports, "disposition", refuse)
    client.raise_request_exception = False
    assert client.get(f"/en/{name}").status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert_all_are_free()


def test_an_error_on_the_way_gives_the_place_back(monkeypatch):
    monkeypatch.setattr("portal.tables.ROWS_AT_ONCE", 1)
    monkeypatch.setattr("portal.filters.ROWS_AT_ONCE", 1)
    for _ in range(2):
        make_initiative()
    with one_connection():
        answer = begun("initiatives.csv")
        monkeypatch.setattr("portal.filters.Matches.read", refuse)
        with pytest.raises(OperationalError):
            list(answer)
        answer.close()
    assert_all_are_free()


# The places


def test_who_waits_gets_the_place_that_another_one_gives_back(monkeypatch):
    monkeypatch.setattr("portal.limits.PATIENCE", 600)
    places = Places(1, waiting=1)
    assert places.take()
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(places.take)
        places.give_back()
        assert taken.result(timeout=60)


def test_no_more_wait_than_may(monkeypatch):
    monkeypatch.setattr("portal.limits.PATIENCE", 600)
    places = Places(1, waiting=0)
    assert places.take()
    assert not places.take()  # told at once


def test_who_has_waited_in_vain_leaves_the_queue():
    places = Places(1, waiting=1)
    assert [places.take() for _ in range(4)] == [True, False, False, False]
    places.give_back()
    assert [places.take() for _ in range(2)] == [True, False]
