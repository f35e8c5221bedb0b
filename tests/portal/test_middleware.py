"""What every answer passes on its way out, as a server gets it: Django's test client would mend it."""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from portal.wsgi import application


@pytest.fixture
def one_connection(db) -> Iterator[None]:
    """Requests leave the connection of the test open, as with the test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(method: str, path: str) -> tuple[str, dict, bytes]:
    """(status, headers, body) of an answer."""
    told = []
    environ = RequestFactory().generic(method, path, headers={"Accept-Encoding": "gzip"}).environ
    answer = application(environ, lambda status, headers: told.extend((status, dict(headers))))
    body = b"".join(answer)
    answer.close()
    return *told, body


@pytest.mark.parametrize("path", ["/vi/", "/healthz", "/vi/nowhere/", "/vi/bodies.csv", "/api/v1/"])
def test_head_has_the_headers_of_get_and_no_body(path, one_connection):
    (status, headers, body), (head_status, head_headers, nothing) = ask("GET", path), ask("HEAD", path)
    assert (body != b"", nothing) == (True, b"")
    assert head_status == status
    assert head_headers.get("Content-Length") == headers.get("Content-Length")
    assert {*head_headers} == {*headers}
