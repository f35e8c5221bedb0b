"""gunicorn with the register's settings and a small application: how new code is taken up."""

import gc
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from django.conf import settings
from gunicorn.config import Config

from deploy.cluster import NGINX, find_nginx, site_of, status_of, wait_for, workers_of
from tests.conftest import miss
from tests.postgresql import free_port

SETTINGS = settings.BASE_DIR / "deploy" / "gunicorn.conf.py"
OPTIONS = ("--log-level", "critical", "--graceful-timeout", "5")  # the time of a worker that is to go, in seconds
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"{release}"]
"""


LOOKING_FOR_GARBAGE = """
import gc
while_loading = gc.isenabled()
def application(environ, start_response):
    start_response("200 OK", [])
    return [str((while_loading, gc.isenabled())).encode()]
"""


class Server:
    def __init__(self, folder: Path, application: str = APPLICATION, release: str = "one") -> None:
        self.folder, self.port, self.application = folder, free_port(), application
        self.address = f"http://127.0.0.1:{self.port}/"
        self.install(release)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", str(SETTINGS), "small", *OPTIONS],
            cwd=folder,
            env=os.environ | {"BIND": f"127.0.0.1:{self.port}", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        wait_for(lambda: status_of(self.address) == 200, "gunicorn")

    def install(self, release: str) -> None:
        (self.folder / "small.py").write_text(self.application.format(release=release), encoding="ascii")

    def read(self) -> str:
        with urlopen(self.address, timeout=20) as answer:
            return answer.read().decode()

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=40) == 0

    def workers(self) -> set[int]:
        return workers_of(self.process.pid)


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.stop()


def read_until(going: threading.Event, server: Server, read: list[str]) -> None:
    while not going.is_set():
        try:
            read.append(server.read())
        except OSError as error:
            read.append(str(error))


def test_new_code_is_taken_up_without_a_failed_request_as_often_as_wanted(server):
    read, going = [], threading.Event()
    visitors = [threading.Thread(target=read_until, args=(going, server, read)) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for release in ("two", "six"):
        server.install(release)
        former = server.workers()
        os.kill(server.process.pid, signal.SIGHUP)
        wait_for(lambda former=former: not former & server.workers(), "the new workers")
        wait_for(lambda release=release: server.read() == release, "the new code")
    going.set()
    for visitor in visitors:
        visitor.join()
    assert set(read) == {"one", "two", "six"}
    assert len(server.workers()) == 2


def test_the_application_is_loaded_once_for_all_workers(server):
    (server.folder / "small.py").unlink()
    wait_for(lambda: len(server.workers()) == 2, "two workers")
    former = server.workers()
    os.kill(min(former), signal.SIGTERM)  # a worker that is replaced has no file to load
    wait_for(lambda: len(server.workers() - former) == 1, "a new worker")
    assert {server.read() for _ in range(10)} == {"one"}


def test_garbage_is_looked_for_from_when_the_application_is_loaded(tmp_path):
    server = Server(tmp_path, LOOKING_FOR_GARBAGE)
    try:
        assert server.read() == str((False, True))
    finally:
        server.stop()


def hang_one_of(server: Server) -> int:
    """Stop a worker, so that it hears of nothing any more; gives its number."""
    wait_for(lambda: len(server.workers()) == 2, "two workers")
    hung = min(server.workers())
    os.kill(hung, signal.SIGSTOP)
    return hung


@pytest.mark.parametrize("reloads", [1, 2])
def test_a_former_worker_that_hangs_is_ended_after_its_time(server, reloads):
    hung = hang_one_of(server)
    for _reload in range(reloads):
        former = server.workers() - {hung}
        os.kill(server.process.pid, signal.SIGHUP)
        wait_for(lambda former=former: not former & server.workers(), "the new workers")
    assert hung in server.workers()
    wait_for(lambda: hung not in server.workers(), "the end of the worker that hangs")
    assert len(server.workers()) == 2
    assert server.read() == "one"


def test_a_former_worker_that_hangs_does_not_keep_the_address_when_the_server_ends(server):
    hang_one_of(server)
    os.kill(server.process.pid, signal.SIGHUP)
    wait_for(lambda: len(server.workers()) == 3, "the new workers")
    server.process.terminate()
    server.process.wait(timeout=40)
    socket.create_server(("127.0.0.1", server.port)).close()


FILES = """
def application(environ, start_response):
    found = environ["PATH_INFO"] in ("/", "/static/{release}.css", "/page-of-{release}")
    start_response("200 OK" if found else "404 Not Found", [("Content-Length", "3")])
    return [b"{release}"]
"""


@pytest.fixture
def upgrade(tmp_path) -> Iterator[str]:
    """The address of nginx before two servers, of which only the second has the next release."""
    if not find_nginx():
        miss("nginx-light")
    with ExitStack() as stack:
        servers = []
        for release in ("one", "two"):
            (tmp_path / release).mkdir()
            servers.append(Server(tmp_path / release, FILES, release))
            stack.callback(servers[-1].stop)
        port = free_port()
        site = site_of(port, [server.port for server in servers])
        (tmp_path / "site.conf").write_text(site, encoding="utf-8")
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(NGINX.format(folder=tmp_path, user=user), encoding="utf-8")
        nginx = subprocess.Popen([find_nginx(), "-c", str(configuration), "-g", "daemon off;"])
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: status_of(f"{address}/") == 200, "nginx")
        yield address


def test_while_servers_have_different_releases_each_file_of_both_is_found(upgrade):
    for release in ("one", "two"):
        assert {status_of(f"{upgrade}/static/{release}.css") for _ in range(6)} == {200}
    assert {status_of(f"{upgrade}/static/of-neither.css") for _ in range(6)} == {404}
    assert {status_of(f"{upgrade}/page-of-two") for _ in range(6)} == {200, 404}  # a page is asked for once


class Line:
    """A connection that notes what is sent by each call."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []

    def sendall(self, part: bytes) -> None:
        self.calls.append(part)

    def sendfile(self, file, offset: int, count: int) -> None:
        self.calls.append(file.read()[offset:][:count])


@cache
def settings_of_gunicorn() -> dict:
    """Read once, as they put their own answers in the place of gunicorn's."""
    try:
        return runpy.run_path(str(SETTINGS))
    finally:
        gc.enable()  # here no server starts, which would do it


def answer_on(line: Line, length: int | None, status: str = "200 OK"):
    request = SimpleNamespace(version=(1, 1), method="GET", should_close=lambda: False)
    answer = settings_of_gunicorn()["Answer"](
        request, line, SimpleNamespace(protocol="http", is_ssl=False, sendfile=None)
    )
    answer.start_response(status, [] if length is None else [("Content-Length", str(length))])
    return answer


def test_a_page_is_sent_by_one_call_so_that_a_killed_server_has_sent_none_of_it():
    line = Line()
    answer = answer_on(line, 4)
    answer.write(b"page")
    answer.close()
    assert len(line.calls) == 1
    assert line.calls[0].startswith(b"HTTP/1.1 200 OK\r\n") and line.calls[0].endswith(b"\r\n\r\npage")


def test_an_answer_without_a_body_is_sent_too():
    line = Line()
    answer_on(line, None, "304 Not Modified").close()
    assert len(line.calls) == 1
    assert line.calls[0].startswith(b"HTTP/1.1 304 Not Modified\r\n") and line.calls[0].endswith(b"\r\n\r\n")


def test_what_is_streamed_begins_with_the_head_and_goes_on_as_it_comes():
    line = Line()
    answer = answer_on(line, None)
    for part in (b"one", b"two"):
        answer.write(part)
    assert line.calls[0].endswith(b"\r\n\r\n3\r\none\r\n")
    assert line.calls[1:] == [b"3\r\ntwo\r\n"]
    answer.close()
    assert line.calls[2:] == [b"0\r\n\r\n"]


def test_a_file_follows_its_head(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    line = Line()
    with (tmp_path / "file").open("rb") as file:
        answer = answer_on(line, 10)
        assert answer.sendfile(SimpleNamespace(filelike=file))
        answer.close()
    assert [line.calls[0].startswith(b"HTTP/1.1 200 OK"), *line.calls[1:]] == [True, b"0123456789"]


# Who takes a connection


def worker_with(connections: int, workers: int = 2):
    """One of some workers, with so many connections; what it takes it hands to no thread."""
    worker = object.__new__(settings_of_gunicorn()["Worker"])
    worker.cfg, worker.nr_conns, worker.enqueue_req = Config(), connections, lambda connection: None
    worker.cfg.set("workers", workers)
    return worker


def test_a_worker_leaves_a_connection_to_one_that_has_fewer(monkeypatch):
    busy, idle, waited = worker_with(12), worker_with(4), []

    def wait(seconds: float) -> None:
        """While the busy one waits, the idle one has waited already."""
        waited.append(seconds)
        if len(waited) == 1:
            idle.accept(listener)

    monkeypatch.setattr(time, "sleep", wait)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        listener.setblocking(False)
        busy.accept(listener)
        assert (busy.nr_conns, idle.nr_conns) == (12, 5)
        assert waited[0] > waited[1] > 0
        with socket.create_connection(listener.getsockname()):  # which nobody else wants
            busy.accept(listener)
            assert busy.nr_conns == 13


def test_a_worker_with_very_many_connections_still_takes_one_soon(monkeypatch):
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        worker_with(900).accept(listener)
    assert 0 < waited[0] < 0.01


def test_the_only_worker_takes_a_connection_at_once(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("It waits for nobody."))
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        only = worker_with(12, workers=1)
        only.accept(listener)
    assert only.nr_conns == 13
