"""A service that was found down is left alone for a moment instead of being waited for by every request."""

from time import monotonic


class Breaker:
    """Open for some seconds after a failure; whoever uses it asks `is_open` before asking the service."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = 0.0

    @property
    def is_open(self) -> bool:
        return monotonic() < self.until

    def open(self) -> None:
        self.until = monotonic() + self.seconds

    def close(self) -> None:
        self.until = 0.0
