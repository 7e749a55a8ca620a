"""The file of LangGraph's checkpoints, opened by the first agent turn.

Apart from the main database, because the two would lock each other out. The file is a work space:
a run's checkpoints are pruned when it ends, and what a dead process left is dropped when the file is
opened, but for the runs that wait for their user or can be taken up again.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from backend.errors import StewardError
from backend.storage.checkpoint_threads import threads_of

if TYPE_CHECKING:
    from backend.storage.checkpoint_saver import ThreadedSqliteSaver

logger = logging.getLogger(__name__)
Waiting = Callable[[], Awaitable[Collection[str]]]
_TABLES = ("checkpoints", "writes")


class Checkpoints(Protocol):
    """Where agents keep their steps."""

    async def saver(self) -> Any:  # noqa: ANN401 - LangGraph's, imported late
        """Give LangGraph's saver, opened on first use."""
        ...

    async def drop(self, thread: str) -> None:
        """Forget a thread, without loading LangGraph for it."""
        ...

    async def drop_of(self, user_id: str) -> None:
        """Forget every thread of a user, whose ids begin with the user's, as `drop` does."""
        ...

    async def forget(self) -> None:
        """Make what was pruned unreadable on the disk as well, as far as the database can."""
        ...

    async def shrink(self) -> None:
        """Give free space back to the disk, as far as the database can."""
        ...

    async def aclose(self) -> None:
        """Close it if it was opened."""
        ...


class CheckpointFile:
    """Opens the saver on first use; without a path it lives in memory.

    `waiting` names the threads that are kept from one server to the next.
    """

    def __init__(self, path: Path | None, *, waiting: Waiting | None = None) -> None:
        self._path = path
        self._waiting = waiting
        self._saver: ThreadedSqliteSaver | None = None
        self._opening = asyncio.Lock()

    async def saver(self) -> ThreadedSqliteSaver:
        """Give the saver; it takes plain values only (strict msgpack, no pickle)."""
        if self._saver is not None:
            return self._saver
        async with self._opening:
            if self._saver is None:
                kept = await self._waiting() if self._waiting else ()
                self._saver = await asyncio.to_thread(_open, self._path, frozenset(kept))
        return self._saver

    async def drop(self, thread: str) -> None:
        """Forget a thread, without loading LangGraph for it; what cannot be is dropped at a later start."""
        async with self._opening:
            if self._saver is None and self._path is not None:
                await asyncio.to_thread(_drop, self._path, [thread])
        if self._saver is not None:
            try:
                await self._saver.adelete_thread(thread)
            except StewardError as exc:
                logger.warning("checkpoints of %s stay for now: %s", thread, exc.message)

    async def drop_of(self, user_id: str) -> None:
        """Forget every thread of a user; another server may have the file open."""
        async with self._opening:
            if self._saver is None and self._path is not None:
                await asyncio.to_thread(_drop_threads_of, self._path, user_id)
        if self._saver is not None:
            try:
                await self._saver.adelete_threads_of(user_id)
            except StewardError as exc:
                logger.warning("checkpoints of %s stay for now: %s", user_id, exc.message)

    async def forget(self) -> None:
        """Make what was pruned unreadable on the disk as well."""
        if self._saver is not None:
            await self._saver.forget()

    async def shrink(self) -> None:
        """Give free space in the file back to the disk, if it was opened."""
        if self._saver is not None:
            await self._saver.shrink()

    async def aclose(self) -> None:
        """Close the file if it was opened."""
        if self._saver is not None:
            await self._saver.aclose()


def _open(path: Path | None, kept: frozenset[str]) -> ThreadedSqliteSaver:
    if path is not None and not (kept and _keep_only(path, kept)):
        for left in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            left.unlink(missing_ok=True)
    module = importlib.import_module("backend.storage.checkpoint_saver")
    return module.ThreadedSqliteSaver(path)


def _keep_only(path: Path, kept: frozenset[str]) -> bool:
    """Drop every other thread; False when the file is none to keep anything of."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT DISTINCT thread_id FROM checkpoints").fetchall()
        there = {row[0] for row in found}
        _drop(path, sorted(there - kept))
    except sqlite3.Error:
        return False
    return bool(there & kept)


def _drop(path: Path, threads: Collection[str]) -> None:
    if not path.exists():
        return
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        for table in _TABLES:
            rows = [(thread,) for thread in threads]
            connection.executemany(f"DELETE FROM {table} WHERE thread_id = ?", rows)  # noqa: S608 - our own names
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _drop_threads_of(path: Path, user_id: str) -> None:
    if not path.exists():
        return
    with suppress(sqlite3.DatabaseError):  # a broken file is replaced when it is opened
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            found = threads_of(connection, user_id)
        _drop(path, found)
