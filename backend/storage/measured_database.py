"""A database whose units of work are timed, the wait for a thread included."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from backend.ports.measuring import Measuring
from backend.ports.values import Health
from backend.storage.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class MeasuredDatabase:
    """The `Database` port over another one."""

    def __init__(self, database: Database, measuring: Measuring) -> None:
        self._database = database
        self._measuring = measuring
        self.shared = database.shared

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` in a transaction, as the other does."""
        began_s = time.perf_counter()
        try:
            return await self._database.write(work, *args, **kwargs)
        finally:
            self._measuring.database("write", time.perf_counter() - began_s)

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` to read, as the other does."""
        began_s = time.perf_counter()
        try:
            return await self._database.read(work, *args, **kwargs)
        finally:
            self._measuring.database("read", time.perf_counter() - began_s)

    async def forget(self) -> None:
        """Make what was erased unreadable."""
        await self._database.forget()

    async def shrink(self) -> None:
        """Give freed space back to the disk."""
        await self._database.shrink()

    async def health(self) -> Health:
        """Tell whether the database answers."""
        return await self._database.health()

    async def aclose(self) -> None:
        """Close it."""
        await self._database.aclose()
