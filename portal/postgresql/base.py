"""Connections that give up on a server that hangs.

A server that is gone breaks its connections. One that hangs, on a stalled disk or in a machine that was
stopped, keeps them open and says nothing: its own `statement_timeout` hangs with it, and to the network
all is well. So the wait is ended here.
"""

import logging
from time import monotonic
from types import SimpleNamespace

import psycopg
from django.db.backends.postgresql import base
from psycopg import capabilities, errors

from portal.postgresql import patience

logger = logging.getLogger(__name__)

TRUSTED = 1  # seconds in which a connection that worked is not asked again whether it does
LAST_WORD = 1  # seconds for a server to take back a query, and for the query to end
ALONE = 1  # seconds in which a server that did not even do that is not asked for a new connection


class PatientConnection(psycopg.Connection):
    """Waits for an answer as long as `patience` says."""

    is_ignored = False  # whether the server, and not only the query, gave no sign of life

    def wait(self, gen, *arguments, **named):
        """psycopg's own, which all queries go through. Raises QueryCanceled; closes a connection that is silent."""
        if "timeout" in named:
            return super().wait(gen, *arguments, **named)
        try:
            return super().wait(gen, *arguments, timeout=patience.get(), **named)
        except errors._WaitTimeout:  # what `timeout` raises has no other name
            return self.call_off(gen)

    def call_off(self, gen):
        """Have the server end a query: one that is slow says so, or has its answer by now; one that hangs does not."""
        try:
            if capabilities.has_cancel_safe():  # the older way waits without end
                self.is_ignored = True  # unless the server takes that
                self.cancel_safe(timeout=LAST_WORD)
                self.is_ignored = False
                return super().wait(gen, timeout=LAST_WORD)
        except errors.QueryCanceled:
            raise
        except psycopg.OperationalError as error:
            logger.warning("A query could not be ended: %s", error)
        self.close()
        raise psycopg.OperationalError(f"the server gave no answer within {patience.get():g} s")


class PlannedCursor(psycopg.Cursor):
    """Has the server plan a query once for each connection: for what is asked again and again with other values."""

    def execute(self, query, params=None, **named):
        return super().execute(query, params, prepare=True, **named)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with connections of ours, be they its own or those of a pool."""

    Database = SimpleNamespace(**{**vars(psycopg), "connect": PatientConnection.connect})

    def __init__(self, settings_dict: dict, *arguments, **named) -> None:
        super().__init__(settings_dict, *arguments, **named)
        self.trusted_until = self.alone_until = 0.0
        if pool := settings_dict["OPTIONS"].get("pool"):
            pool["connection_class"] = PatientConnection

    def _close(self) -> None:
        if getattr(self.connection, "is_ignored", False):
            self.alone_until = monotonic() + ALONE
        super()._close()

    def get_new_connection(self, conn_params: dict) -> PatientConnection:
        """Not of a server that has just been waited for in vain: that would take as long again."""
        if monotonic() < self.alone_until:
            raise psycopg.OperationalError("the server gave no sign of life a moment ago")
        return super().get_new_connection(conn_params)

    def planned_cursor(self):
        """A cursor as `cursor`, for queries that the server plans once; only where `prepare_threshold` is set."""
        self.ensure_connection()
        return self._prepare_cursor(PlannedCursor(self.connection))

    def close_if_health_check_failed(self) -> None:
        """Django asks at the start of every request; where they come one after another, it is known.

        Known counts as asked until the next request: to ask after a COMMIT would begin a transaction that nobody ends.
        """
        if self.connection is None or self.health_check_done:
            return
        if monotonic() < self.trusted_until:
            self.health_check_done = True
            return
        super().close_if_health_check_failed()
        self.trusted_until = monotonic() + TRUSTED
