"""A connection to PostgreSQL that does not wait for ever.

PostgreSQL ends by itself what takes too long (`statement_timeout`). When nothing comes for longer than that, it
is not there any more, or what is between says nothing of it: a machine that hangs, a proxy that lost its other
side. The thread that waits would be lost to the server until somebody restarts it.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Connection

T = TypeVar("T")
LOOK_EVERY_S = 0.1  # as the driver has it
SILENT_FOR_S = 65.0  # five seconds more than a statement may take


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is broken when its server says nothing for `patience_s` seconds; None waits for ever."""

    patience_s: float | None = SILENT_FOR_S

    def wait(
        self, gen: PQGen[T], interval: float = LOOK_EVERY_S, timeout: float | None = None
    ) -> T:
        """Wait for what the driver does.

        Raises:
            OperationalError: when the server does not answer.
        """
        try:
            return super().wait(_watched(gen, self.patience_s), interval, timeout)
        except _Silence as exc:
            self.pgconn.finish()
            raise psycopg.OperationalError(str(exc)) from exc


class _Silence(Exception):
    """The server does not answer."""


def _watched(gen: PQGen[T], patience_s: float | None) -> PQGen[T]:
    """Pass on what the driver waits for; it is told now and then that there is nothing yet."""
    heard_s = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard_s = time.monotonic()
            elif patience_s is not None and time.monotonic() - heard_s > patience_s:
                msg = f"the server said nothing for {patience_s:g} s"
                raise _Silence(msg)
            wanted = gen.send(ready)
    except StopIteration as end:
        return cast("T", end.value)


@contextmanager
def unhurried(connection: Connection) -> Generator[None]:
    """Wait for statements that are allowed to take as long as they take."""
    held = connection.connection.driver_connection
    if not isinstance(held, PatientConnection):
        yield
        return
    before_s, held.patience_s = held.patience_s, None
    try:
        yield
    finally:
        held.patience_s = before_s
