"""How much one visitor may ask: at once, in one address; and how often, counted by the clock in the cache."""

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

# Every option of the longest list ticked at once is half of either; servers before the register let no more through.
LONGEST_QUERY, MOST_PARAMETERS = 8000, 500


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
    key = f"{name}:{now_in_seconds() // seconds}"
    if not limit or cache.add(key, 1, seconds):
        return True
    try:
        return cache.incr(key) <= limit
    except ValueError:  # the span was over between the two
        return True


def seconds_left(seconds: int) -> int:
    """Seconds to the next span of so many."""
    return seconds - now_in_seconds() % seconds
