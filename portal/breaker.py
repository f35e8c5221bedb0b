"""A service that was found down is left alone for a while instead of being waited for by every request."""

from threading import Lock
from time import monotonic


class Breaker:
    """Open for some seconds after a failure; whoever uses the service asks `lets_ask` before.

    When the seconds are over one caller may try, for all; the others go on without the
    service until that one has found it (`close`), or for as many seconds again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = self.rest = seconds
        self.until = 0.0  # 0 while the service is well
        self.lock = Lock()

    def lets_ask(self) -> bool:
        if not self.until:
            return True
        with self.lock:
            now = monotonic()
            if now < self.until:
                return False
            if self.until:
                self.until = now + self.rest
            return True

    def open(self, seconds: float = 0) -> None:
        """Leave the service alone for so many seconds, more where failing takes long; by default as ever."""
        self.rest = seconds or self.seconds
        self.until = monotonic() + self.rest

    def close(self) -> None:
        self.until = 0.0
