"""How much one visitor may ask: at once, in one address; and how often, counted by the clock in the cache.

And how many visitors at once may ask a process for what takes long.
"""

from queue import Empty, SimpleQueue

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
    """Some places in a process, each taken for one answer.

    Who finds none waits a moment; but only so many wait, as waiting takes up threads too. The queues hold as many
    things as there are places left: the garbage collector may put something into them at any moment, not so with a
    semaphore.
    """

    def __init__(self, number: int, waiting: int) -> None:
        self.free, self.room = SimpleQueue(), SimpleQueue()
        for _place in range(number):
            self.give_back()
        for _place in range(waiting):
            self.room.put(None)

    def take(self) -> bool:
        """Whether there is a place; then it is to be given back."""
        try:
            self.room.get(block=False)
        except Empty:
            return False
        try:
            self.free.get(timeout=PATIENCE)
        except Empty:
            self.room.put(None)
            return False
        return True

    def give_back(self) -> None:
        self.free.put(None)
        self.room.put(None)
