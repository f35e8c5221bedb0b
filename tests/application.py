"""The register asked as servers ask it, through `portal.wsgi`: Django's test client makes requests of its own kind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from portal.wsgi import application


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests leave the connection of the test open, as with the test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def ask(method: str, path: str, body: bytes = b"", of: Callable = application, **environ: str) -> Answer:
    """What a server would send; `environ` is what it would say of the request (CONTENT_TYPE, HTTP_COOKIE)."""
    told = []
    asked = RequestFactory().generic(method, path, body, content_type="").environ | environ
    with one_connection():
        answer = of(asked, lambda status, headers: told.extend((int(status.split()[0]), dict(headers))))
        whole = b"".join(answer)
        answer.close()
    return Answer(*told, whole)
