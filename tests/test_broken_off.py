"""A file that breaks off on its way is not taken for whole: by whoever asks gunicorn, or nginx before it."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.cluster import NGINX, ROOT, find_nginx, site_of, status_of, wait_for
from tests.conftest import miss
from tests.postgresql import free_port

# What Django hands to the server when a file breaks off (tests/portal/test_exports.py): parts, then an error.
FAILING = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/csv")])
    yield b"id,url\\r\\n"
    if environ["PATH_INFO"] == "/en/meetings.csv":
        raise RuntimeError("the database is gone")
"""


@contextmanager
def running(folder: Path, *command: str, **environment: str) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def server(tmp_path) -> Iterator[int]:
    """The port of a gunicorn with the settings of the register."""
    (tmp_path / "failing.py").write_text(FAILING, encoding="utf-8")
    port, settings = free_port(), str(ROOT / "deploy" / "gunicorn.conf.py")
    command = (sys.executable, "-m", "gunicorn", "-c", settings, "failing")
    with running(tmp_path, *command, BIND=f"127.0.0.1:{port}", WEB_CONCURRENCY="1"):
        wait_for(lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200, "gunicorn")
        yield port


@pytest.fixture
def proxy(server, tmp_path) -> Iterator[int]:
    """The port of an nginx with the example's site before it."""
    port, nginx = free_port(), find_nginx() or miss("nginx")
    (tmp_path / "site.conf").write_text(site_of(port, [server, server]), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, user=user), encoding="utf-8")
    with running(tmp_path, nginx, "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"):
        wait_for(lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200, "nginx")
        yield port


def read(port: int, path: str) -> bytes:
    """A whole answer. Raises IncompleteRead with what came of one that is not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


@pytest.mark.parametrize("place", ["server", "proxy"])
def test_a_client_is_told_that_a_file_broke_off(place, request, tmp_path):
    port = request.getfixturevalue(place)
    assert read(port, "/en/decisions.csv") == b"id,url\r\n"
    with pytest.raises(http.client.IncompleteRead) as broken:
        read(port, "/en/meetings.csv")
    assert broken.value.partial == b"id,url\r\n"
    assert "the database is gone" in (tmp_path / "log").read_text(encoding="utf-8")
