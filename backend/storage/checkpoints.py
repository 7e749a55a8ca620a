"""The file of LangGraph's checkpoints, opened by the first agent turn.

Apart from the main database, because the two would lock each other out. The file is a work space:
a run's checkpoints are pruned when it ends, and what a dead process left is of no use to anybody.
"""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.storage.checkpoint_saver import ThreadedSqliteSaver


class CheckpointFile:
    """Opens the saver on first use; without a path it lives in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._saver: ThreadedSqliteSaver | None = None
        self._opening = asyncio.Lock()

    async def saver(self) -> ThreadedSqliteSaver:
        """Give the saver; it takes plain values only (strict msgpack, no pickle)."""
        async with self._opening:
            if self._saver is None:
                self._saver = await asyncio.to_thread(_open, self._path)
        return self._saver

    async def forget(self) -> None:
        """Make what was pruned unreadable on the disk as well."""
        if self._saver is not None:
            await self._saver.forget()

    async def aclose(self) -> None:
        """Close the file if it was opened."""
        if self._saver is not None:
            await self._saver.aclose()


def _open(path: Path | None) -> ThreadedSqliteSaver:
    if path is not None:
        for left in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            left.unlink(missing_ok=True)
    module = importlib.import_module("backend.storage.checkpoint_saver")
    return module.ThreadedSqliteSaver(path)
