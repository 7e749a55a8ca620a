"""LangGraph's checkpoints in an SQLite file of their own.

Apart from the main database, because the saver keeps its own connection and the two would lock each
other out. The file is a work space: a run's checkpoints are pruned when it ends.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

BUSY_TIMEOUT_MS = 5_000


class CheckpointFile:
    """Opens the saver on first use; without a path it lives in memory. One per event loop."""

    def __init__(self, path: Path | None) -> None:
        self._path = path or ":memory:"
        self._connection: aiosqlite.Connection | None = None
        self._saver: AsyncSqliteSaver | None = None
        self._opening = asyncio.Lock()

    async def saver(self) -> AsyncSqliteSaver:
        """Give the saver; it takes plain values only (strict msgpack, no pickle)."""
        async with self._opening:
            if self._saver is None:
                connection = await aiosqlite.connect(self._path)
                await connection.execute("PRAGMA journal_mode=WAL")
                await connection.execute("PRAGMA synchronous=NORMAL")
                await connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
                self._connection = connection
                serde = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
                self._saver = AsyncSqliteSaver(connection, serde=serde)
                await self._saver.setup()
        return self._saver

    async def aclose(self) -> None:
        """Close the file."""
        if self._connection is not None:
            await self._connection.close()
