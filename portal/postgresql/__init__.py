"""PostgreSQL as a database engine of Django's that does not wait without end: `ENGINE = "portal.postgresql"`."""

from contextvars import ContextVar

# Seconds that whoever asks now waits for the answer to one query; None, as in commands, is as long as it takes.
patience: ContextVar[float | None] = ContextVar("patience", default=None)
