"""What is written down of requests and queries: an id in every line of a request, and queries that took long.

The settings name the filter in LOGGING, which brings in this file before anything is asked.
"""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.conf import settings
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
SANE = re.compile(r"[0-9A-Za-z_-]{8,64}")  # an id of a proxy; anything else could forge lines of the log
LONGEST = 2000  # characters of a query that are written down

NO_ID = "-"  # of a line that is about no request

current_id: ContextVar[str] = ContextVar("current_id", default=NO_ID)


class RequestIdFilter(logging.Filter):
    """Gives every line the id of the request that it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_id.get()
        return True


class AnswerFilter(logging.Filter):
    """Gives a line of gunicorn's access log fields, of which gunicorn itself makes one text."""

    def filter(self, record: logging.LogRecord) -> bool:
        told = record.args  # by the letters of Apache's log
        record.msg = "%(r)s: %(s)s"
        record.client, record.method, record.path = told["h"], told["m"], told["{raw_uri}e"]
        record.status, record.bytes, record.seconds = int(told["s"]), told["B"], told["D"] / 1_000_000
        record.referer, record.agent = told["f"], told["a"]
        return True


class OfTheVisitorFilter(logging.Filter):
    """What a visitor alone did wrong is a warning of one line: whoever asks often would fill the log with traces."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        return True


class RequestIdMiddleware:
    """The id that the proxy gave, or one of our own; told to whoever asked, who can tell it to us."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if SANE.fullmatch(given) else uuid4().hex
        current_id.set(request_id)
        response = self.get_response(request)
        response[HEADER] = request_id
        return response


def note_slow_query(execute: Callable, sql: str, parameters, many: bool, context: dict) -> object:
    """Run a query; one that takes longer than SLOW_QUERY_MS is written down, without what was asked with it."""
    begun = time.perf_counter()
    try:
        return execute(sql, parameters, many, context)
    finally:
        took = (time.perf_counter() - begun) * 1000
        if took >= settings.SLOW_QUERY_MS:
            logger.warning("Slow query: %.0f ms on %s: %s", took, context["connection"].alias, sql[:LONGEST])


@receiver(connection_created)
def watch_queries(sender, connection, **kwargs) -> None:
    if settings.SLOW_QUERY_MS and note_slow_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(note_slow_query)
