"""How much one visitor may ask: at once, in one address; and how often, counted by the clock in the cache.

And how many visitors at once may ask a process for what takes long.
"""

from contextvars import ContextVar
from threading import Semaphore

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

# Every option of the longest list ticked at once is half of either; servers before the register let no more through.
LONGEST_QUERY, MOST_PARAMETERS = 8000, 500
PATIENCE = 3  # seconds to wait for a place


def asks_too_much(request: HttpRequest) -> bool:
    """Whether the address has more after its question mark than any list could mean; found before that is read."""
    query = request.META.get("QUERY_STRING", "")
    return len(query) > LONGEST_QUERY or query.count("&") >= MOST_PARAMETERS


def too_much() -> str:
    """What a visitor is told who asked it."""
    return _(
        "After the question mark the address may have up to %(characters)s characters and %(parameters)s parameters."
    ) % {"characters": LONGEST_QUERY, "parameters": MOST_PARAMETERS}


def now_in_seconds() -> int:
    return int(timezone.now().timestamp())


def has_room(name: str, limit: int, seconds: int) -> bool:
    """Whether the present span of so many seconds has room for one more act of a name; counts it. No limit is 0."""
    if not limit:
        return True
    key = f"{name}:{now_in_seconds() // seconds}"
    try:
        return cache.incr(key) <= limit
    except ValueError:  # the first of this span
        return cache.add(key, 1, seconds) or has_room(name, limit, seconds)


def seconds_left(seconds: int) -> int:
    """Seconds to the next span of so many."""
    return seconds - now_in_seconds() % seconds


class Places:
    """Some places in a process, each held by a request until its answer is sent, broken off or has failed.

    Who finds none waits a moment; but only so many wait, as waiting takes up threads too.
    """

    def __init__(self, number: int, waiting: int) -> None:
        self.free, self.room = Semaphore(number), Semaphore(number + waiting)
        self.held = ContextVar("held", default=False)

    def take(self) -> bool:
        """Whether the request has a place now."""
        if self.held.get():
            return True
        if not self.room.acquire(blocking=False):
            return False
        if not self.free.acquire(timeout=PATIENCE):
            self.room.release()
            return False
        self.held.set(True)
        return True

    def give_back(self, **signal) -> None:
        """At the end of a request, whether it has a place or not."""
        if self.held.get():
            self.held.set(False)
            self.free.release()
            self.room.release()
