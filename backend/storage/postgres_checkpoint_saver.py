"""LangGraph's PostgreSQL saver over a few connections, asynchronous by a thread for each.

Imported by the first agent turn only (`postgres_checkpoints`): it brings LangGraph with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from backend.kit.json_values import clean_text
from backend.storage.postgres_database import connection_arguments, conninfo_of
from backend.storage.postgres_patience import PatientConnection
from backend.storage.threaded_saver import ThreadedSaver, strict_serializer

logger = logging.getLogger(__name__)
LOCK = 0x57E3A2E  # another one than that of migrations
VACUUM_AFTER = 8
_WAIT_S = 10.0
# Another server that is at it is not waited for.
_VACUUM = "VACUUM (SKIP_LOCKED) checkpoints, checkpoint_blobs, checkpoint_writes"
_OLD = (
    "SELECT thread_id FROM checkpoints GROUP BY thread_id"
    " HAVING max(checkpoint->>'ts') < to_char(now() AT TIME ZONE 'UTC' - interval '1 day',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS')"
)


class ThreadedPostgresSaver(ThreadedSaver, PostgresSaver):
    """The synchronous saver in threads of its own, a connection each; Unavailable when it fails."""

    def __init__(self, url: str, *, connections: int) -> None:
        self.begin_threads(connections, troubles=(psycopg.Error,))
        self._tidier = ThreadPoolExecutor(1, thread_name_prefix="checkpoints-vacuum")
        self._dropped = 0
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            conninfo_of(url),
            min_size=1,
            max_size=connections,
            timeout=_WAIT_S,
            open=True,
            connection_class=PatientConnection,
            kwargs={"autocommit": True, "row_factory": dict_row, **connection_arguments()},
        )
        PostgresSaver.__init__(self, self._pool, serde=strict_serializer())

    def make_tables(self) -> None:
        """Bring the library's tables up to date; who comes second waits and finds it done.

        Its own `setup` builds indexes concurrently, which waits for every transaction, also for one
        that waits for us.
        """
        with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK})".encode())
            cursor.execute(self.MIGRATIONS[0].encode())
            row = cursor.execute("SELECT max(v) AS v FROM checkpoint_migrations").fetchone()
            done = -1 if row is None or row["v"] is None else int(row["v"])
            for number, step in list(enumerate(self.MIGRATIONS))[done + 1 :]:
                cursor.execute(step.replace("CONCURRENTLY", "").encode())
                cursor.execute("INSERT INTO checkpoint_migrations (v) VALUES (%s)", (number,))

    def drop_old(self, kept: frozenset[str]) -> None:
        """Forget threads that nobody has written to for a day, but those that are kept."""
        with self._pool.connection() as connection:
            found = {str(row["thread_id"]) for row in connection.execute(_OLD.encode())}
        self.prune(sorted(found - kept), strategy="delete")

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint; texts in it lose what PostgreSQL's JSON cannot hold."""
        values = {
            name: clean_text(value) if isinstance(value, str) else value
            for name, value in checkpoint["channel_values"].items()
        }
        cleaned: Any = {**checkpoint, "channel_values": values}
        return self._again(PostgresSaver.put, config, cleaned, metadata, new_versions)

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task has written."""
        self._again(PostgresSaver.put_writes, config, writes, task_id, task_path)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Find a thread's newest checkpoint, or the one named."""
        return self._again(PostgresSaver.get_tuple, config)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        self._again(PostgresSaver.delete_thread, thread_id)

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread for good; after every eighth the space of all is made usable again.

        A turn leaves some 100 kB of dead rows here, more than everything else that is kept of it, and
        autovacuum looks once a minute.
        """
        await super().adelete_thread(thread_id)
        self._dropped += 1
        if self._dropped % VACUUM_AFTER == 0:
            self._tidier.submit(self._vacuum)

    async def forget(self) -> None:
        """Do nothing: what was erased is overwritten when VACUUM has passed."""

    async def aclose(self) -> None:
        """Close the connections after the work under way."""
        await asyncio.to_thread(self.end)

    def end(self) -> None:
        """Close the connections after the work under way."""
        self.end_threads()
        self._tidier.shutdown(cancel_futures=True)
        self._pool.close()

    def _vacuum(self) -> None:
        try:
            with self._pool.connection() as connection:
                connection.execute(_VACUUM.encode())
        except psycopg.Error as exc:
            logger.warning("space of old checkpoints is left to autovacuum: %s", exc)

    def _again(self, work: Any, *args: Any) -> Any:  # noqa: ANN401 - one of the methods above
        """Run something, once more when its connection had died since the last time; all of it may be."""
        try:
            return work(self, *args)
        except PoolTimeout:
            raise
        except psycopg.OperationalError:
            return work(self, *args)

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Generator[Cursor[DictRow]]:
        """Give a cursor of a connection that nobody else has; the base class shares one, under a lock."""
        with (
            self._pool.connection() as connection,
            connection.pipeline() if pipeline else nullcontext(),
            connection.cursor(binary=True, row_factory=dict_row) as cursor,
        ):
            yield cursor
