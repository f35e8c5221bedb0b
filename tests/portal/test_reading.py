"""Which database is read, and what is said when one is gone; `tests/test_cluster.py` tries it on real servers."""

from types import SimpleNamespace
from unittest import mock

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from portal import breaker, index, reading, wellknown
from portal.breaker import Breaker
from portal.filters import Matches
from portal.index import Kept, content_state
from portal.models import Topic
from portal.postgresql import patience
from portal.reading import (
    PRIMARY,
    REPLICA,
    NoDatabase,
    ReplicaRouter,
    begin_reading,
    can_fall_back,
    fall_back,
    reading_alias,
)
from portal.settings import read_databases
from tests.factories import make_document

POSTGRESQL = "postgres://register@127.0.0.1:1/register"


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    """A page that another test had made of the same content would need no database."""
    monkeypatch.setattr("portal.index.indexes", Kept())


@pytest.fixture
def replica(monkeypatch) -> set[str]:
    """A replica beside the primary; the set holds the databases that do not answer."""
    gone: set[str] = set()
    monkeypatch.setattr(reading, "has_replica", lambda: True)
    monkeypatch.setattr(reading, "answers", lambda alias: alias not in gone)
    yield gone
    reading.end_reading()


@pytest.fixture
def ask(rf, settings):
    """Begin a request, signed in or not."""

    def begin(path: str, method: str = "get", signed_in: bool = False) -> None:
        if signed_in:
            rf.cookies[settings.SESSION_COOKIE_NAME] = "a session"
        begin_reading(getattr(rf, method)(path))

    return begin


@pytest.mark.parametrize(
    ("request_made", "alias"),
    [
        ({"path": "/vi/meetings/"}, REPLICA),
        ({"path": "/api/v1/meetings/"}, REPLICA),
        ({"path": "/vi/meetings/", "signed_in": True}, PRIMARY),
        ({"path": "/theme/", "method": "post"}, PRIMARY),
        ({"path": "/admin/"}, PRIMARY),
    ],
)
def test_visitors_read_the_replica_and_editors_the_primary(ask, replica, request_made, alias):
    ask(**request_made)
    assert (reading_alias(), ReplicaRouter().db_for_read(Topic)) == (alias, alias)
    assert ReplicaRouter().db_for_write(Topic) == PRIMARY


@pytest.mark.parametrize(("signed_in", "gone", "read"), [(False, REPLICA, PRIMARY), (True, PRIMARY, REPLICA)])
def test_a_public_page_reads_the_other_database_when_its_first_is_gone(ask, replica, signed_in, gone, read):
    replica.add(gone)
    ask("/vi/", signed_in=signed_in)
    assert reading_alias() == read


def test_the_editors_pages_never_read_the_replica(ask, replica):
    replica.add(PRIMARY)
    ask("/admin/")
    with pytest.raises(NoDatabase):
        reading_alias()


def test_a_page_that_fell_back_does_not_wait_for_a_second_database_that_is_gone(ask, replica):
    ask("/vi/")
    assert reading_alias() == REPLICA
    replica.add(PRIMARY)
    fall_back()
    with pytest.raises(NoDatabase):
        reading_alias()
    assert not can_fall_back()


@pytest.mark.parametrize(
    ("path", "seconds"), [("/vi/", reading.FOR_A_PAGE), ("/admin/", reading.FOR_AN_EDITOR), (None, None)]
)
def test_pages_wait_for_an_answer_some_seconds_and_commands_as_long_as_it_takes(ask, path, seconds):
    if path:
        ask(path)
    assert patience.get() == seconds
    reading.end_reading()


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time in seconds, as the only item."""
    now = [100.0]
    monkeypatch.setattr(breaker, "monotonic", lambda: now[0])
    monkeypatch.setattr(reading, "monotonic", lambda: now[0])
    return now


def test_a_database_that_was_lost_is_not_asked_again_at_once(clock):
    service = Breaker(seconds=60)
    assert service.lets_ask()
    service.open()
    clock[0] += 59
    assert not service.lets_ask()
    service.close()
    assert service.lets_ask()


def test_after_its_rest_a_database_is_tried_by_one_request_for_all(clock):
    service = Breaker(seconds=60)
    service.open()
    clock[0] += 61
    assert [service.lets_ask(), service.lets_ask()] == [True, False]
    clock[0] += 61
    assert service.lets_ask()


@pytest.mark.parametrize(("seconds", "rest"), [(0, reading.UNASKED), (6, reading.UNASKED_LONG)])
def test_a_database_that_hangs_is_left_alone_for_longer_than_it_keeps_a_request_waiting(
    clock, monkeypatch, seconds, rest
):
    def hang() -> None:
        clock[0] += seconds
        refuse()

    silent = SimpleNamespace(close_if_health_check_failed=hang, close=lambda: None)
    monkeypatch.setattr(reading, "connections", {PRIMARY: silent})
    monkeypatch.setattr(reading, "breakers", {PRIMARY: Breaker(reading.UNASKED)})
    assert not reading.answers(PRIMARY)
    assert rest > seconds
    clock[0] += rest - 1
    assert not reading.breakers[PRIMARY].lets_ask()
    clock[0] += 1
    assert reading.breakers[PRIMARY].lets_ask()


class SlowError(Exception):
    sqlstate = reading.CANCELLED


def refuse(*arguments, **named):
    raise OperationalError("connection refused")


@pytest.fixture
def outage(monkeypatch, client):
    """A primary that is lost while a page is made."""
    monkeypatch.setattr(reading, "is_lost", lambda alias: True)
    monkeypatch.setattr(reading, "give_up", lambda alias, error: None)
    monkeypatch.setattr("portal.views.direction_matrix", refuse)
    monkeypatch.setattr("portal.admin_site.EditingSite.has_permission", refuse)


@pytest.fixture
def one_database(monkeypatch):
    """The only database of the tests answers under both names."""
    both = dict.fromkeys((PRIMARY, REPLICA), wellknown.connections[PRIMARY])
    monkeypatch.setattr(ReplicaRouter, "db_for_read", lambda *_, **hints: PRIMARY)
    monkeypatch.setattr("portal.entries.connections", both)
    monkeypatch.setattr("portal.index.connections", both)


@pytest.mark.parametrize(
    ("path", "language", "heading"),
    [
        ("/admin/", "vi", "Hiện chưa thể biên tập"),
        ("/admin/", "en", "Editing is not possible at the moment"),
        ("/vi/", "vi", "Hiện chưa thể tra cứu"),
        ("/en/", "en", "The register cannot be read at the moment"),
    ],
)
@pytest.mark.django_db
def test_without_its_database_a_page_says_plainly_what_is_not_possible(outage, client, path, language, heading):
    answer = client.get(path, headers={"Accept-Language": language})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    page = BeautifulSoup(answer.content, "html5lib")
    assert (page.html["lang"], page.h1.get_text()) == (language, heading)
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("known", [{}, {"If-None-Match": '"what the client has"'}])
@pytest.mark.django_db
def test_without_its_database_the_api_says_so_in_json(outage, client, monkeypatch, known):
    monkeypatch.setattr("portal.api.state_tag", refuse)
    answer = client.get("/api/v1/countries/", headers={"Accept-Language": "en"} | known)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["title"] == "The register cannot be read at the moment"
    assert (answer.headers["Retry-After"], answer.headers["Access-Control-Allow-Origin"]) == ("30", "*")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_a_page_that_fails_on_the_replica_is_made_again_from_the_primary(
    outage, client, replica, one_database, monkeypatch
):
    asked = []

    def fail_once(state) -> list:
        asked.append(reading_alias())
        return refuse() if asked == [REPLICA] else []

    monkeypatch.setattr("portal.views.direction_matrix", fail_once)
    assert client.get("/en/").status_code == 200
    assert asked == [REPLICA, PRIMARY]


@pytest.mark.django_db
def test_an_export_whose_first_rows_fail_on_the_replica_is_read_from_the_primary(
    outage, client, replica, one_database, monkeypatch
):
    asked, read = [], Matches.read

    def fail_once(matches, ids) -> list:
        asked.append(reading_alias())
        return refuse() if asked == [REPLICA] else read(matches, ids)

    monkeypatch.setattr(Matches, "read", fail_once)
    document = make_document(slug="kept")
    answer = client.get("/en/documents.csv")
    assert (answer.status_code, asked) == (200, [REPLICA, PRIMARY])
    assert f"\r\n{document.slug}," in answer.getvalue().decode()


@pytest.mark.django_db
def test_a_refused_query_is_a_fault_and_no_outage(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("portal.views.direction_matrix", refuse)
    assert client.get("/en/").status_code == 500


@pytest.mark.django_db
def test_a_query_that_takes_too_long_ends_in_a_plain_page_too(client, monkeypatch):
    def cancel(state) -> None:
        raise OperationalError from SlowError

    monkeypatch.setattr("portal.views.direction_matrix", cancel)
    assert client.get("/en/").status_code == 503


@pytest.mark.parametrize(
    ("reasons", "status", "lines"),
    [
        ({PRIMARY: "", REPLICA: ""}, 200, ["ready"]),
        ({PRIMARY: "gone", REPLICA: ""}, 200, ["ready", "primary: gone"]),
        ({PRIMARY: "", REPLICA: "gone"}, 200, ["ready", "replica: gone"]),
        ({PRIMARY: "gone", REPLICA: "gone too"}, 503, ["not ready: gone"]),
    ],
)
def test_a_server_stays_in_use_while_it_can_read_one_database(client, monkeypatch, reasons, status, lines):
    monkeypatch.setattr(wellknown, "has_replica", lambda: True)
    monkeypatch.setattr(wellknown, "unreadiness", reasons.get)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content.decode().splitlines()) == (status, lines)


def test_a_replica_comes_from_the_environment_alone(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", POSTGRESQL)
    monkeypatch.setenv("DATABASE_POOL", "8")
    assert set(read_databases()) == {"default"}
    monkeypatch.setenv("REPLICA_URL", POSTGRESQL)
    databases = read_databases(debug=False)
    assert databases["replica"]["TEST"] == {"MIRROR": "default"}
    assert databases["replica"]["OPTIONS"]["pool"]["max_size"] == 8
    assert databases["default"]["OPTIONS"]["connect_timeout"] == 2


def test_a_replica_of_sqlite_stops_the_start(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:////tmp/x.sqlite3")
    monkeypatch.setenv("REPLICA_URL", POSTGRESQL)
    with pytest.raises(ImproperlyConfigured, match="REPLICA_URL"):
        read_databases()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_the_state_of_the_content_is_one_query():
    content_state()  # the first time it reads more
    with CaptureQueriesContext(connection) as queries:
        content_state()
    assert len(queries) == 1


@pytest.mark.django_db(transaction=True)
def test_a_kept_connection_that_was_lost_costs_no_page(monkeypatch):
    connection.ensure_connection()
    tries = mock.Mock(side_effect=[OperationalError("server closed the connection"), ("a version", False)])
    monkeypatch.setattr(index, "read_version", tries)
    with mock.patch.object(connection, "close") as closed:
        assert content_state()[0] == "a version"
    assert closed.called
