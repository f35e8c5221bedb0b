"""Which database a request reads: public pages the replica, editors and everything that writes the primary.

The choice is made at the first read, so a request that reads nothing asks no database. Where
the first choice does not answer, public pages go to the other one: a lost replica costs no
page, and with a lost primary what is published stays readable. Without REPLICA_URL there is
one database and nothing to choose.

A database that hangs is as good as gone. Who asks it waits for some seconds, then it is left
alone for longer than that, and one request at a time tries whether it answers again: waiting
must not take up all the threads of a server.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from django.conf import settings
from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest
from django.utils.connection import ConnectionDoesNotExist

from portal.breaker import Breaker
from portal.postgresql import patience

logger = logging.getLogger(__name__)

PRIMARY, REPLICA = DEFAULT_DB_ALIAS, "replica"
OUTAGE = (InterfaceError, OperationalError)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CANCELLED = "57014"  # PostgreSQL's code of a query that was ended before it had its answer
SHORTLY = 1.5  # seconds for a database to say that it is there; one that hangs keeps a request waiting one more
FOR_A_PAGE = 5  # seconds for the answer to one query of a public page
FOR_AN_EDITOR = 20  # the same for a page or an act of an editor
UNASKED = 2  # seconds in which a database that was lost is not asked again
UNASKED_LONG = 10  # the same for one that took its time to fail: more than trying it takes
COME_BACK = 30  # seconds after which a browser or a crawler may ask again, when there was no answer

breakers = {alias: Breaker(UNASKED) for alias in (PRIMARY, REPLICA)}


@dataclass
class Reading:
    """The databases that a request may read, the best one first, and the one it reads."""

    order: tuple[str, ...] = (PRIMARY,)
    alias: str = ""


class NoDatabase(OperationalError):
    """None of the databases that a request may read answers, or answered a moment ago."""


# An export is read while it is sent, so that this holds until the end of the request.
current: ContextVar[Reading | None] = ContextVar("current", default=None)


def has_replica() -> bool:
    try:
        return bool(connections[REPLICA])
    except ConnectionDoesNotExist:
        return False


def is_editing(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/")


def databases_for(request: HttpRequest) -> tuple[str, ...]:
    """Where this request may read, the best first. Who is signed in reads what they wrote, in the primary."""
    if request.method not in SAFE_METHODS or is_editing(request) or not has_replica():
        return (PRIMARY,)
    return (PRIMARY, REPLICA) if settings.SESSION_COOKIE_NAME in request.COOKIES else (REPLICA, PRIMARY)


def begin_reading(request: HttpRequest) -> None:
    current.set(Reading(databases_for(request)))
    patience.set(FOR_AN_EDITOR if is_editing(request) else FOR_A_PAGE)


def end_reading(**signal) -> None:
    current.set(None)
    patience.set(None)


request_finished.connect(end_reading)


@contextmanager
def where_it_is_written() -> Iterator[None]:
    """Inside, a request reads the primary, whatever it would read else: it writes, if only to take it back."""
    before = current.set(Reading())
    try:
        yield
    finally:
        current.reset(before)


@contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Inside, a request waits so long for an answer, and a command as ever as long as it takes."""
    before = patience.set(patience.get() and seconds)
    try:
        yield
    finally:
        patience.reset(before)


def answers(alias: str) -> bool:
    """Whether a database can be asked now; Django tests a kept connection, or opens one."""
    if not breakers[alias].lets_ask():
        return False
    began = monotonic()
    try:
        with waiting(SHORTLY):
            connections[alias].close_if_health_check_failed()
            connections[alias].ensure_connection()
    except OUTAGE as error:
        give_up(alias, error, monotonic() - began)
        return False
    breakers[alias].close()
    return True


def give_up(alias: str, error: Exception, waited: float = 0) -> None:
    """Leave a database alone for a while, which is longer than one request waits for it."""
    logger.error("The database %r does not answer: %s", alias, " ".join(str(error).split()))
    breakers[alias].open(UNASKED_LONG if waited > 1 else UNASKED)
    connections[alias].close()


def reading_alias() -> str:
    """The database that is read now; the primary outside of requests. Raises NoDatabase."""
    reading = current.get()
    if reading is None:
        return PRIMARY
    if not reading.alias:
        reading.alias = next(filter(answers, reading.order), "")
    if not reading.alias:
        raise NoDatabase("No database answers.")
    return reading.alias


def planned_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor for a query that is asked again and again, which PostgreSQL then plans once (`portal.postgresql`)."""
    return getattr(connection, "planned_cursor", connection.cursor)()


def is_lost(alias: str) -> bool:
    """Whether an error of a database means that it is gone, rather than that it refused a query."""
    connection = connections[alias]
    return connection.connection is None or not connection.is_usable()


def was_lost(error: Exception) -> bool:
    """Whether an error means that the database that is read is gone; then it is left alone for a while."""
    if isinstance(error, NoDatabase):
        return True
    reading = current.get()
    alias = reading.alias if reading and reading.alias else PRIMARY
    lost = is_lost(alias)
    if lost:
        give_up(alias, error)
    return lost


def was_too_slow(error: Exception) -> bool:
    """Whether a query was ended because its answer took too long; asking another database would take as long."""
    return getattr(error.__cause__, "sqlstate", None) == CANCELLED


def can_fall_back() -> bool:
    """Whether this request may read another database, and reads its first choice still."""
    reading = current.get()
    return reading is not None and len(reading.order) > 1 and reading.alias == reading.order[0]


def fall_back() -> None:
    """Read the second choice from here on, if it answers."""
    current.set(Reading(current.get().order[1:]))


class ReplicaRouter:
    """Django's question, which database, answered by the request that asks."""

    def db_for_read(self, model, **hints) -> str:
        return reading_alias()

    def db_for_write(self, model, **hints) -> str:
        return PRIMARY

    def allow_relation(self, one, other, **hints) -> bool:
        return True

    def allow_migrate(self, db, app_label, **hints) -> bool | None:
        return False if db == REPLICA else None
