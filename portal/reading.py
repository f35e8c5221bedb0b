"""Which database a request reads: public pages the replica, editors and everything that writes the primary.

The choice is made at the first read, so a request that reads nothing asks no database. Where
the first choice does not answer, public pages go to the other one: a lost replica costs no
page, and with a lost primary what is published stays readable. Without REPLICA_URL there is
one database and nothing to choose.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.http import HttpRequest
from django.utils.connection import ConnectionDoesNotExist

from portal.breaker import Breaker

logger = logging.getLogger(__name__)

PRIMARY, REPLICA = DEFAULT_DB_ALIAS, "replica"
OUTAGE = (InterfaceError, OperationalError)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
UNASKED = 2  # seconds in which a database that was lost is not asked again

breakers = {alias: Breaker(UNASKED) for alias in (PRIMARY, REPLICA)}


@dataclass
class Reading:
    """The databases that a request may read, the best one first, and the one it reads."""

    order: tuple[str, ...] = (PRIMARY,)
    alias: str = ""


# Not taken back at the end of a request: an export is read while it is sent. The next request has its own.
current: ContextVar[Reading] = ContextVar("current")


def has_replica() -> bool:
    try:
        return bool(connections[REPLICA])
    except ConnectionDoesNotExist:
        return False


def databases_for(request: HttpRequest) -> tuple[str, ...]:
    """Where this request may read, the best first. Who is signed in reads what they wrote, in the primary."""
    if request.method not in SAFE_METHODS or request.path.startswith("/admin/") or not has_replica():
        return (PRIMARY,)
    return (PRIMARY, REPLICA) if settings.SESSION_COOKIE_NAME in request.COOKIES else (REPLICA, PRIMARY)


def begin_reading(request: HttpRequest) -> None:
    current.set(Reading(databases_for(request)))


@contextmanager
def where_it_is_written() -> Iterator[None]:
    """Inside, a request reads the primary, whatever it would read else: it writes, if only to take it back."""
    before = current.set(Reading())
    try:
        yield
    finally:
        current.reset(before)


def answers(alias: str) -> bool:
    """Whether a database can be asked now; Django tests a kept connection, or opens one."""
    if breakers[alias].is_open:
        return False
    try:
        connections[alias].cursor().close()
    except OUTAGE as error:
        give_up(alias, error)
        return False
    return True


def give_up(alias: str, error: Exception) -> None:
    logger.error("The database %r does not answer: %s", alias, " ".join(str(error).split()))
    breakers[alias].open()
    connections[alias].close()


def reading_alias() -> str:
    """The database that is read now; the primary outside of requests."""
    reading = current.get(None)
    if reading is None:
        return PRIMARY
    if not reading.alias:
        candidates = reading.order if len(reading.order) > 1 else ()
        reading.alias = next(filter(answers, candidates), reading.order[0])
    return reading.alias


def is_lost(alias: str) -> bool:
    """Whether an error of a database means that it is gone, rather than that it refused a query."""
    connection = connections[alias]
    return connection.connection is None or not connection.is_usable()


def can_fall_back() -> bool:
    """Whether this request may read another database, and reads its first choice still."""
    reading = current.get(None)
    return reading is not None and len(reading.order) > 1 and reading.alias == reading.order[0]


def fall_back() -> None:
    """Read the second choice from here on."""
    reading = current.get()
    reading.alias = reading.order[1]


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
