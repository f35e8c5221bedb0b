"""What one visitor may ask: addresses of so many characters, so many acts in a span of time."""

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

LONGEST_ADDRESS = 8000  # characters; every filter of a list with every value in it has far fewer


def is_too_long(request: HttpRequest) -> bool:
    """Whether the address is longer than anybody needs; known before any of it is understood."""
    return len(request.path_info) + len(request.META.get("QUERY_STRING", "")) > LONGEST_ADDRESS


# Acts, counted by the clock in the cache


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
