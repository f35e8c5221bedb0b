"""gunicorn and the register with `LOG_FORMAT=json`: every line is an object, with the id of its request."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from deploy.cluster import wait_for
from tests.conftest import miss
from tests.servers import gunicorn

try:
    from pythonjsonlogger.json import JsonFormatter
except ImportError:  # requirements-scale.txt is not installed
    JsonFormatter = None

# The register, with faults that only gunicorn hears of: before the answer and on its way.
FAILING = """
from portal.wsgi import application as register

def application(environ, start_response):
    answer = register(environ, start_response)
    if environ["QUERY_STRING"] == "fault":
        raise RuntimeError("one line\\nanother line")
    return broken_off(answer) if environ["QUERY_STRING"] == "late-fault" else answer

def broken_off(answer):
    yield from answer
    raise RuntimeError("one line\\nanother line")
"""
ENVIRONMENT = {"DEBUG": "1", "ACCESS_LOG": "1", "WEB_THREADS": "1", "PYTHONPATH": str(settings.BASE_DIR)}


class Server:
    """A server of one thread, in which one request follows the other."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    def ask(self, path: str, request_id: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"X-Request-ID": request_id, "User-Agent": "a browser"})
        connection.getresponse().read()
        connection.close()

    def send(self, text: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(text)
            return connection.recv(4096)

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def lines(self, until: str) -> list[dict]:
        """What is written, when a text is among it."""
        wait_for(lambda: until in self.text(), "the line of the log")
        return [json.loads(line) for line in self.text().splitlines()]


def serve(folder: Path, form: str) -> Iterator[Server]:
    (folder / "failing.py").write_text(FAILING, encoding="utf-8")
    database = f"sqlite:///{folder / 'none.sqlite3'}"
    with gunicorn(folder, "failing", folder, DATABASE_URL=database, LOG_FORMAT=form, **ENVIRONMENT) as port:
        yield Server(port, folder / "log")


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    if JsonFormatter is None:
        miss("python-json-logger (requirements-scale.txt)")
    yield from serve(tmp_path, "json")


@pytest.fixture
def server_for_people(tmp_path) -> Iterator[Server]:
    yield from serve(tmp_path, "line")


def about(lines: list[dict], text: str) -> dict:
    """The one line that says a text."""
    (line,) = [line for line in lines if text in line["message"]]
    return line


def test_what_gunicorn_says_when_it_starts_is_json_and_said_once(server):
    lines = server.lines(until="Booting worker")
    for text in ("Starting gunicorn", "Listening at", "Booting worker"):
        line = about(lines, text)
        assert (line["level"], line["logger"], line["request_id"]) == ("INFO", "gunicorn.error", "-")


def test_a_line_of_the_access_log_has_fields_and_the_id_of_its_request(server):
    server.ask("/healthz?page=2", "id-of-a-page")
    line = about(server.lines(until="id-of-a-page"), "/healthz?page=2")
    assert line["message"] == "GET /healthz?page=2 HTTP/1.1: 200"
    assert (line["logger"], line["request_id"], line["client"]) == ("gunicorn.access", "id-of-a-page", "127.0.0.1")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz?page=2", 200)
    assert (line["agent"], line["referer"]) == ("a browser", "-")
    assert line["bytes"] > 0
    assert 0 < line["seconds"] < 20


@pytest.mark.parametrize("fault", ["fault", "late-fault"])
def test_a_fault_is_one_line_with_its_trace_and_the_id_of_its_request(server, fault):
    server.ask(f"/healthz?{fault}", "id-of-a-fault")
    line = about(server.lines(until="Error handling request"), "Error handling request")
    assert (line["level"], line["request_id"]) == ("ERROR", "id-of-a-fault")
    assert line["exc_info"].startswith("Traceback")
    assert line["exc_info"].endswith("RuntimeError: one line\nanother line")
    answered = f"GET /healthz?{fault} HTTP/1.1"
    assert about(server.lines(until=answered), answered)["request_id"] == "id-of-a-fault"


def test_a_request_that_gunicorn_refuses_has_no_id_of_the_one_before(server):
    server.ask("/en/no-page/", "id-of-one-before")
    assert server.send(b"NO REQUEST AT ALL\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    line = about(server.lines(until="Invalid request"), "Invalid request from ip=127.0.0.1")
    assert (line["level"], line["request_id"]) == ("WARNING", "-")


def test_people_read_the_lines_of_gunicorn_as_they_were(server_for_people):
    server_for_people.ask("/healthz?page=2", "id-of-a-page")
    wait_for(lambda: "page=2" in server_for_people.text(), "the line of the log")
    text = server_for_people.text()
    assert "] [INFO] Starting gunicorn" in text
    assert '"GET /healthz?page=2 HTTP/1.1" 200' in text
