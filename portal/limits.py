"""So many acts in a span of time, counted by the clock in the cache."""

from django.core.cache import cache
from django.utils import timezone


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
