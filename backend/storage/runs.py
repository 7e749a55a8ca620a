"""Runs and their traces in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from backend.kit.branches import newest_below
from backend.ports.stores import Run
from backend.storage.database import Database, upsert
from backend.storage.message_rows import outline, show_head
from backend.storage.row_locks import wait_for_rows
from backend.storage.run_files import (
    FORGET_FILES,
    files_of,
    keep_files,
    run_of,
    without_deleted,
)
from backend.storage.tables import conversations, runs
from backend.storage.usage import add_run

_UPSERT = upsert(runs, "id", "server_id")
_LOCK = select(runs.c.id).where(runs.c.id == bindparam("wanted")).with_for_update()
_GET = select(runs).where(runs.c.id == bindparam("wanted"), runs.c.user_id == bindparam("owner"))

_ORIGINS = select(runs.c.id, runs.c.model, runs.c.route).where(
    runs.c.conversation_id == bindparam("wanted"), runs.c.user_id == bindparam("owner")
)


class SqlRunStore:
    """The `RunStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, run: Run) -> None:
        """Insert or replace a run; another user's run of the same id stays, and another server's."""
        await self._database.write(_save, run)

    async def get(self, user_id: str, run_id: str) -> Run | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, run_id)

    async def origins(self, user_id: str, conversation_id: str) -> Mapping[str, tuple[str, str]]:
        """Model and route of each run of a conversation, by the run's id."""
        return await self._database.read(_origins, user_id, conversation_id)

    async def interrupt_running(self, now_ms: int) -> int:
        """At start: mark runs a dead process left as interrupted, free their conversations."""
        return await self._database.write(_interrupt_running, now_ms)

    async def prune(self, before_ms: int) -> int:
        """Forget runs that ended before then; messages stay. Tell how many."""
        return await self._database.write(_prune, before_ms)


def run_values(run: Run) -> dict[str, Any]:
    """Lay a run out as a row of `runs`."""
    return {
        "id": run.id,
        "user_id": run.user_id,
        "conversation_id": run.conversation_id,
        "model": run.model,
        "route": run.route,
        "state": run.state,
        "started_at_ms": run.started_at_ms,
        "finished_at_ms": run.finished_at_ms,
        "trace": run.trace,
        "events": run.events,
        "server_id": run.server_id,
    }


def _prune(connection: Connection, before_ms: int) -> int:
    return connection.execute(delete(runs).where(runs.c.finished_at_ms < before_ms)).rowcount


def _save(connection: Connection, run: Run) -> None:
    wait_for_rows(connection)
    connection.execute(_LOCK, {"wanted": run.id})
    save_run(connection, run)


def save_run(connection: Connection, run: Run) -> bool:
    """Insert or replace a run's row, and note which files it quotes; tell whether it is this server's."""
    add_run(connection, run)
    kept = without_deleted(connection, run)
    if connection.execute(_UPSERT, run_values(kept)).rowcount == 0:
        return False
    connection.execute(FORGET_FILES, {"run": run.id})
    keep_files(connection, kept)
    return True


def _get(connection: Connection, user_id: str, run_id: str) -> Run | None:
    row = connection.execute(_GET, {"wanted": run_id, "owner": user_id}).first()
    return None if row is None else run_of(row, files_of(connection, run_id))


def _origins(
    connection: Connection, user_id: str, conversation_id: str
) -> Mapping[str, tuple[str, str]]:
    rows = connection.execute(_ORIGINS, {"wanted": conversation_id, "owner": user_id})
    return {row.id: (row.model, row.route) for row in rows}


def _interrupt_running(connection: Connection, now_ms: int) -> int:
    ended = connection.execute(
        update(runs)
        .where(runs.c.state == "running")
        .values(state="interrupted", finished_at_ms=now_ms)
    )
    claimed = conversations.c.active_run_id.is_not(None)
    held = select(conversations.c.id, conversations.c.head_id).where(claimed)
    for it in connection.execute(held).all():
        show_head(connection, it.id, newest_below(outline(connection, it.id), it.head_id))
    connection.execute(update(conversations).where(claimed).values(active_run_id=None))
    return ended.rowcount
