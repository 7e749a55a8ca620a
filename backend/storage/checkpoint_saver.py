"""LangGraph's SQLite saver, asynchronous by a thread of its own.

Imported by the first agent turn only (`checkpoints`): it brings LangGraph with it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from langgraph.checkpoint.sqlite import SqliteSaver

from backend.storage.checkpoint_threads import threads_of
from backend.storage.threaded_saver import ThreadedSaver, strict_serializer
from backend.storage.vacuum import MAKE_SHRINKABLE, empty_log, shrink_a_little

BUSY_TIMEOUT_MS = 5_000


class ThreadedSqliteSaver(ThreadedSaver, SqliteSaver):
    """The synchronous saver in one thread of its own: one hop per call; Unavailable when it fails.

    The saver over aiosqlite hops for every statement, 40 times in a ReAct run with one tool call;
    that was 2 of the run's 7 ms of CPU.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.begin_threads(1, troubles=(sqlite3.Error,))
        connection = sqlite3.connect(path or ":memory:", check_same_thread=False)
        connection.execute(f"PRAGMA {MAKE_SHRINKABLE}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        SqliteSaver.__init__(self, connection, serde=strict_serializer())
        self.setup()

    async def adelete_threads_of(self, user_id: str) -> None:
        """Forget every thread of a user."""
        for thread in await self.hop("", threads_of, self.conn, user_id):
            await self.adelete_thread(thread)

    async def forget(self) -> None:
        """Make what was pruned unreadable on the disk as well: empty the write-ahead log."""
        await self.hop("", self._empty_log)

    async def shrink(self) -> None:
        """Give free space in the file back to the disk."""
        if self._path is not None:
            begun = False
            while await self.hop("", shrink_a_little, self.conn, self._path, begun=begun):
                begun = True
            await self.forget()

    def _empty_log(self) -> None:
        empty_log(self.conn)

    async def aclose(self) -> None:
        """Close the file after the work under way."""
        await self.hop("", self.conn.close)
        await asyncio.to_thread(self.end_threads)
