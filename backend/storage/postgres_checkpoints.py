"""The tables of LangGraph's checkpoints on PostgreSQL, opened by the first agent turn.

Every server keeps its runs' steps in the same tables, so that another may go on with them. A run's
checkpoints are pruned when it ends; what a dead server left is dropped after a day by whoever opens
them, but for the runs that wait for their user.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import TYPE_CHECKING

from backend.errors import StewardError, Unavailable
from backend.storage.checkpoints import Waiting

if TYPE_CHECKING:
    from backend.storage.postgres_checkpoint_saver import ThreadedPostgresSaver

logger = logging.getLogger(__name__)
_TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


class CheckpointTables:
    """Opens the saver on first use, over at most so many connections.

    `waiting` names the threads that are kept however old they are.
    """

    def __init__(self, url: str, *, connections: int, waiting: Waiting | None = None) -> None:
        self._url = url
        self._connections = connections
        self._waiting = waiting
        self._saver: ThreadedPostgresSaver | None = None
        self._opening = asyncio.Lock()

    async def saver(self) -> ThreadedPostgresSaver:
        """Give the saver; it takes plain values only (strict msgpack, no pickle)."""
        if self._saver is not None:
            return self._saver
        async with self._opening:
            if self._saver is None:
                kept = await self._waiting() if self._waiting else ()
                self._saver = await asyncio.to_thread(self._open, frozenset(kept))
        return self._saver

    async def drop(self, thread: str) -> None:
        """Forget a thread, without loading LangGraph for it; what cannot be is dropped a day later."""
        try:
            if self._saver is not None:
                await self._saver.adelete_thread(thread)
            else:
                await asyncio.to_thread(_drop, self._url, thread)
        except StewardError as exc:
            logger.warning("checkpoints of %s stay for now: %s", thread, exc.message)

    async def drop_of(self, user_id: str) -> None:
        """Forget every thread of a user, without loading LangGraph for it."""
        try:
            await asyncio.to_thread(_drop, self._url, f"{user_id}:", of_user=True)
        except StewardError as exc:
            logger.warning("checkpoints of %s stay for now: %s", user_id, exc.message)

    async def forget(self) -> None:
        """Do nothing: what was erased is overwritten when VACUUM has passed."""

    async def shrink(self) -> None:
        """Do nothing: VACUUM makes freed space usable again."""

    async def aclose(self) -> None:
        """Close the connections if there are some."""
        if self._saver is not None:
            await self._saver.aclose()

    def _open(self, kept: frozenset[str]) -> ThreadedPostgresSaver:
        import psycopg  # noqa: PLC0415 - a driver that SQLite needs not

        module = importlib.import_module("backend.storage.postgres_checkpoint_saver")
        saver: ThreadedPostgresSaver = module.ThreadedPostgresSaver(
            self._url, connections=self._connections
        )
        try:
            saver.make_tables()
            saver.drop_old(kept)
        except psycopg.Error as exc:
            saver.end()
            msg = "The checkpoints cannot be opened: the database cannot be reached."
            raise Unavailable(msg, retry_after_s=1.0) from exc
        return saver


def _drop(url: str, thread: str, *, of_user: bool = False) -> None:
    """Forget a thread, or all that begin so."""
    import psycopg  # noqa: PLC0415 - a driver that SQLite needs not

    from backend.storage.postgres_database import (  # noqa: PLC0415 - likewise
        connection_arguments,
        conninfo_of,
    )

    try:
        with psycopg.connect(conninfo_of(url), autocommit=True, **connection_arguments()) as held:
            for table in _TABLES:
                wanted = "starts_with(thread_id, %s)" if of_user else "thread_id = %s"
                held.execute(f"DELETE FROM {table} WHERE {wanted}".encode(), (thread,))  # noqa: S608 - our own names
    except psycopg.errors.UndefinedTable:
        return  # no agent has ever run on this database
    except psycopg.Error as exc:
        msg = "The checkpoints cannot be reached."
        raise Unavailable(msg) from exc
