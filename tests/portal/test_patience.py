"""A PostgreSQL that is slow is told to stop, and one that hangs is given up; on a server of the tests' own."""

import importlib.util
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import dj_database_url
import pytest
from django.db import OperationalError, connection

from portal.postgresql import patience
from portal.reading import was_too_slow
from tests.conftest import miss
from tests.postgresql import find_binaries, postgresql

if importlib.util.find_spec("psycopg"):
    from portal.postgresql.base import ALONE, DatabaseWrapper


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if importlib.util.find_spec("psycopg") is None:
        miss("psycopg (requirements-scale.txt)")
    with postgresql(find_binaries() or miss("PostgreSQL")) as url:
        yield url


@pytest.fixture(params=[0, 2], ids=["alone", "in a pool"])
def server(url, request, django_db_blocker) -> Iterator["DatabaseWrapper"]:
    """A connection to a server of its own, whose answers are waited for half a second."""
    settings = connection.settings_dict | dj_database_url.parse(url, conn_health_checks=True) | {"TIME_ZONE": None}
    settings["OPTIONS"] = {"connect_timeout": 2}
    if request.param:
        settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": request.param, "timeout": 2}
    wrapper = DatabaseWrapper(settings, f"server {request.param}")
    with django_db_blocker.unblock():
        wrapper.ensure_connection()
        before = patience.set(0.5)
        yield wrapper
        patience.reset(before)
        wrapper.close()
        if request.param:
            wrapper.close_pool()


def ask(server: "DatabaseWrapper", query: str) -> list:
    with server.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_a_query_that_takes_too_long_is_ended_and_its_connection_goes_on(server):
    with pytest.raises(OperationalError) as ended:
        ask(server, "SELECT pg_sleep(60)")
    assert was_too_slow(ended.value)
    assert ask(server, "SELECT 1") == [(1,)]


def test_without_a_limit_an_answer_may_take_its_time(server):
    patience.set(None)
    assert ask(server, "SELECT 1 FROM pg_sleep(0.6)") == [(1,)]


def test_a_server_that_hangs_is_given_up_and_used_again_when_it_goes_on(server):
    [(backend,)] = ask(server, "SELECT pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(OperationalError, match="no answer within 0.5 s") as lost:
            ask(server, "SELECT 1")
    finally:
        os.kill(backend, signal.SIGCONT)
    assert not was_too_slow(lost.value)
    assert not server.is_usable()
    server.close()
    assert ask(server, "SELECT 1") == [(1,)]


def test_a_server_that_hangs_as_a_whole_is_not_waited_for_again_by_a_new_connection(server):
    [(folder,)] = ask(server, "SHOW data_directory")
    [(backend,)] = ask(server, "SELECT pg_backend_pid()")
    postmaster = int(Path(folder, "postmaster.pid").read_text(encoding="utf-8").split()[0])
    for process in (postmaster, backend):
        os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(OperationalError, match="no answer within 0.5 s"):
            ask(server, "SELECT 1")
        server.close()
        with pytest.raises(OperationalError, match="no sign of life a moment ago"):
            ask(server, "SELECT 1")
    finally:
        for process in (postmaster, backend):
            os.kill(process, signal.SIGCONT)
    time.sleep(ALONE)
    assert ask(server, "SELECT 1") == [(1,)]


def test_a_connection_that_worked_a_moment_ago_is_not_asked_again_whether_it_does(server, monkeypatch):
    if server.pool:
        pytest.skip("a pool tests its connections itself")
    asked, server.trusted_until = [], 0
    monkeypatch.setattr(server, "is_usable", lambda: asked.append(True) or True)
    for _request in range(3):
        server.health_check_enabled, server.health_check_done = True, False
        ask(server, "SELECT 1")
    assert asked == [True]


def test_a_connection_is_not_asked_whether_it_works_when_its_transaction_has_just_ended(server, monkeypatch):
    monkeypatch.setattr("portal.postgresql.base.TRUSTED", 60)
    server.health_check_enabled, server.health_check_done, server.trusted_until = True, False, 0
    ask(server, "SELECT 1")  # one request, which asks; the next one trusts it
    server.health_check_done = False
    server.set_autocommit(False)
    ask(server, "SELECT 1")
    server.trusted_until = 0
    server.commit()
    server.set_autocommit(True)
    assert ask(server, "SELECT 1") == [(1,)]
