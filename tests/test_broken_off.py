"""A file that breaks off on its way is not taken for whole: by whoever asks gunicorn, or nginx before it."""

import http.client
from collections.abc import Iterator

import pytest

from tests.servers import gunicorn, nginx_before

# What Django hands to the server when a file breaks off (tests/portal/test_exports.py): parts, then an error.
FAILING = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/csv")])
    yield b"id,url\\r\\n"
    if environ["PATH_INFO"] == "/en/meetings.csv":
        raise RuntimeError("the database is gone")
"""


@pytest.fixture
def server(tmp_path) -> Iterator[int]:
    (tmp_path / "failing.py").write_text(FAILING, encoding="utf-8")
    with gunicorn(tmp_path, "failing", where=tmp_path) as port:
        yield port


@pytest.fixture
def proxy(server, tmp_path) -> Iterator[int]:
    with nginx_before(server, tmp_path) as port:
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
