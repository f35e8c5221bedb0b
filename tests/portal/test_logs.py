"""Request ids and slow queries: what is written down, and that nobody can forge it."""

import json
import logging
import os
import subprocess
import sys

import pytest
from django.conf import settings as project_settings
from django.db import connection
from django.http import HttpResponse

from portal import logs
from portal.logs import RequestIdFilter, RequestIdMiddleware, note_slow_query
from tests.conftest import miss

try:
    from pythonjsonlogger.json import JsonFormatter
except ImportError:  # requirements-scale.txt is not installed
    JsonFormatter = None


def line() -> logging.LogRecord:
    record = logging.LogRecord("portal", logging.INFO, "", 1, "said", None, None)
    RequestIdFilter().filter(record)
    return record


def test_every_answer_names_its_request_and_so_do_its_lines(rf):
    said = []
    middleware = RequestIdMiddleware(lambda request: said.append(line().request_id) or HttpResponse())
    first, second = (middleware(rf.get("/")).headers["X-Request-ID"] for _ in range(2))
    assert said == [first, second]
    assert first != second


def test_the_id_of_a_proxy_is_kept(client):
    answer = client.get("/healthz", headers={"X-Request-ID": "0af7651916cd43dd8448eb211c80319c"})
    assert answer.headers["X-Request-ID"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("forged", ["short", "x" * 65, "twelve\nlines", "<script>alert(1)</script>", "ă" * 12])
def test_an_id_that_could_forge_lines_is_replaced(rf, forged):
    answer = RequestIdMiddleware(lambda _: HttpResponse())(rf.get("/", headers={"X-Request-ID": forged}))
    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "lines"), [(1, 1), (60_000, 0)])
def test_a_slow_query_is_written_down_without_what_was_asked_with_it(settings, caplog, monkeypatch, limit, lines):
    settings.SLOW_QUERY_MS = limit
    clock = iter([0.0, 0.5])
    monkeypatch.setattr(logs.time, "perf_counter", lambda: next(clock))
    with connection.execute_wrapper(note_slow_query), connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["a secret"])
    monkeypatch.undo()
    written = [record.getMessage() for record in caplog.records if record.name == "portal.logs"]
    assert len(written) == lines
    assert all(text.startswith("Slow query: 500 ms on default: SELECT") for text in written)
    assert "a secret" not in "".join(written)


def production(*command: str, **variables: str) -> subprocess.CompletedProcess:
    """Run Python under production settings."""
    base = {
        "DEBUG": "0",
        "SECRET_KEY": "of-a-test-and-nothing-else-0123456789",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=project_settings.BASE_DIR,
        env=os.environ | base | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_logs_are_json_where_machines_read_them():
    if JsonFormatter is None:
        miss("python-json-logger (requirements-scale.txt)")
    code = "import django, logging; django.setup(); logging.getLogger('portal').warning('một lời\\nhai lời')"
    run = production("-c", code, LOG_FORMAT="json")
    said = json.loads(run.stderr)
    assert (said["level"], said["logger"], said["request_id"], said["message"]) == (
        *("WARNING", "portal", "-"),
        "một lời\nhai lời",
    )
    assert "time" in said


def test_an_unknown_form_of_logs_stops_the_start():
    run = production("manage.py", "check", LOG_FORMAT="xml")
    assert run.returncode != 0
    assert "LOG_FORMAT is 'xml'" in run.stderr


def test_numbers_are_kept_only_where_they_are_asked_for_and_told_to_whom_it_is_allowed():
    """In a process of its own: what is counted and which addresses there are is settled at the start."""
    if JsonFormatter is None:
        miss("prometheus-client (requirements-scale.txt)")
    code = """
import django; django.setup()
from django.test import Client
client = Client()
client.get("/healthz")
print(client.get("/metrics").status_code, 'page="alive"' in client.get("/metrics").text)
print(client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}).status_code)
print(client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code)
"""
    asked = {"HTTPS": "0", "ALLOWED_HOSTS": "testserver", "DATABASE_URL": "sqlite://:memory:"}
    run = production("-c", code, METRICS="1", DEBUG="1", **asked)
    assert run.stdout.split() == ["200", "True", "403", "403"], run.stderr[-2000:]


def test_there_are_no_numbers_unless_somebody_asks_for_them(client):
    assert client.get("/metrics", follow=True).status_code == 404


def test_a_wrong_host_is_a_warning_of_one_line():
    """In a process of its own: tests watch the log in ways of their own."""
    code = """
import django; django.setup()
from django.test import Client
print(Client().get("/en/", headers={"host": "evil\\nhost.example"}).status_code)
"""
    run = production("-c", code, DEBUG="1", HTTPS="0", DATABASE_URL="sqlite://:memory:")
    assert run.stdout.split() == ["400"], run.stderr[-2000:]
    (line,) = run.stderr.splitlines()
    assert "WARNING django.security.DisallowedHost" in line
    assert "evil\\nhost.example" in line


@pytest.mark.parametrize(
    ("form", "name"),
    [('{"text": "x" * 6_000_000}', "RequestDataTooBig"), ('{str(n): "" for n in range(10_500)}', "TooManyFieldsSent")],
)
def test_a_form_that_is_too_large_is_a_warning_without_a_trace(form, name):
    code = f"""
import django; django.setup()
from urllib.parse import urlencode
from django.test import Client
answer = Client().post("/theme/", urlencode({form}), content_type="application/x-www-form-urlencoded")
print(answer.status_code)
"""
    run = production("-c", code, DEBUG="1", HTTPS="0", DATABASE_URL="sqlite://:memory:")
    assert run.stdout.split() == ["400"], run.stderr[-2000:]
    assert f"WARNING django.security.{name}" in run.stderr
    assert "Traceback" not in run.stderr and "ERROR" not in run.stderr
