"""Which files a run quotes, and keeping deleted ones out of stored runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from backend.ports.stores import Run
from backend.storage.document_rows import gone_files
from backend.storage.document_tables import run_files
from backend.storage.scrubbing import scrubbed
from backend.storage.tables import runs

_OF_RUN = (
    select(run_files.c.file_id)
    .where(run_files.c.run_id == bindparam("run"))
    .order_by(run_files.c.file_id)
)
FORGET_FILES = delete(run_files).where(run_files.c.run_id == bindparam("run"))
_QUOTING = select(run_files.c.run_id).where(run_files.c.file_id == bindparam("file"))
_RUN = select(runs).where(runs.c.id == bindparam("run"))
_REWRITE = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values(trace=bindparam("new_trace"), events=bindparam("new_events"))
)


def without_deleted(connection: Connection, run: Run) -> Run:
    """Give a run as it may be stored: files deleted while it went on are scrubbed out of it."""
    if not run.file_ids:
        return run
    return scrubbed(run, gone_files(connection, run.user_id, run.file_ids))


def keep_files(connection: Connection, run: Run) -> None:
    """Note which files a run that was just stored quotes."""
    if run.file_ids:
        rows = [{"run_id": run.id, "file_id": one} for one in dict.fromkeys(run.file_ids)]
        connection.execute(insert(run_files), rows)


def files_of(connection: Connection, run_id: str) -> tuple[str, ...]:
    """List the files a stored run quotes, by id."""
    return tuple(connection.execute(_OF_RUN, {"run": run_id}).scalars())


def scrub_runs(connection: Connection, file_id: str) -> None:
    """Take a file that is being deleted out of every run that quotes it, one after the other."""
    for run_id in connection.execute(_QUOTING, {"file": file_id}).scalars().all():
        row = connection.execute(_RUN, {"run": run_id}).one()
        run = scrubbed(run_of(row), {file_id})
        values = {"run": run_id, "new_trace": run.trace, "new_events": run.events}
        connection.execute(_REWRITE, values)


def run_of(row: Row[Any], file_ids: tuple[str, ...] = ()) -> Run:
    """Build a run from its row."""
    return Run(
        id=row.id,
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        model=row.model,
        route=row.route,
        state=row.state,
        trace=row.trace,
        events=tuple(row.events),
        started_at_ms=row.started_at_ms,
        finished_at_ms=row.finished_at_ms,
        file_ids=file_ids,
        server_id=row.server_id,
    )
