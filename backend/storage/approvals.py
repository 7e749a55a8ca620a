"""Calls that wait for the user's word, and their runs, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, exists, insert, select, update

from backend.errors import Conflict
from backend.ports.approvals import Approval, Pause
from backend.ports.stores import Run, StoredMessage
from backend.ports.values import JsonObject
from backend.storage.database import Database, upsert
from backend.storage.run_files import files_of, run_of
from backend.storage.runs import run_values, save_run
from backend.storage.tables import approvals, paused_runs, runs
from backend.storage.turns import FREE, add_or_replace
from backend.storage.usage import add_run

_KEEP_DATA = upsert(paused_runs, "run_id")
_DROP_DATA = delete(paused_runs).where(paused_runs.c.run_id == bindparam("run"))
_OPEN = (approvals.c.run_id == paused_runs.c.run_id) & (approvals.c.state == "pending")
_EXPIRE = (
    update(approvals)
    .where(approvals.c.run_id == bindparam("run"), approvals.c.state == "pending")
    .values(state="expired", decided_at_ms=bindparam("now"))
)


class SqlApprovalStore:
    """The `ApprovalStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pause(
        self,
        run: Run,
        messages: Sequence[StoredMessage],
        approvals: Sequence[Approval],
        data: JsonObject,
    ) -> None:
        """Store that a run waits, in one transaction, and free its conversation."""
        await self._database.write(_pause, run, messages, asked=approvals, data=data)

    async def of_run(self, user_id: str, run_id: str) -> Sequence[Approval]:
        """The approvals of one of the user's runs, oldest first."""
        return await self._database.read(_list, {"user_id": user_id, "run_id": run_id})

    async def by_id(self, user_id: str, approval_id: str) -> Approval | None:
        """One of the user's approvals, whatever its state."""
        found = await self._database.read(_list, {"user_id": user_id, "id": approval_id})
        return found[0] if found else None

    async def pending(self, user_id: str) -> Sequence[Approval]:
        """All that wait for the user, oldest first."""
        return await self._database.read(_list, {"user_id": user_id, "state": "pending"})

    async def decide(
        self, user_id: str, run_id: str, call_id: str, *, approve: bool, note: str, now_ms: int
    ) -> tuple[Approval, bool] | None:
        """Decide about a call that waits and has not expired; give it, and whether this decided it."""
        which = {"user_id": user_id, "run_id": run_id, "call_id": call_id}
        values = {
            "state": "approved" if approve else "denied",
            "note": note,
            "decided_at_ms": now_ms,
        }
        return await self._database.write(_decide, which, values)

    async def data(self, user_id: str, run_id: str) -> JsonObject | None:
        """What one of the user's runs that waits goes on from."""
        return await self._database.read(_data, user_id, run_id)

    async def take(self, user_id: str, run_id: str, *, server_id: str = "") -> Pause | None:
        """Take a waiting run whose calls are all decided, once: it runs on that server from then on."""
        return await self._database.write(_take, user_id, run_id, server_id)

    async def end(self, run: Run, messages: Sequence[StoredMessage]) -> bool:
        """Store the end of a run that waits, its open calls expired; tell whether it still waited."""
        return await self._database.write(_end, run, messages)

    async def waiting(
        self, user_id: str | None = None, *, conversation_id: str | None = None
    ) -> Sequence[Run]:
        """The runs that wait, with neither trace nor events; of one user or conversation if given."""
        found = _outlines()
        if user_id is not None:
            found = found.where(paused_runs.c.user_id == user_id)
        if conversation_id is not None:
            found = found.where(runs.c.conversation_id == conversation_id)
        return await self._database.read(_runs, found)

    async def expired(self, now_ms: int) -> Sequence[Run]:
        """The waiting runs of which a call has expired undecided, with neither trace nor events."""
        old = exists().where(_OPEN, approvals.c.expires_at_ms <= now_ms)
        return await self._database.read(_runs, _outlines().where(old))

    async def decided(self) -> Sequence[Run]:
        """The waiting runs whose calls are all decided, with neither trace nor events."""
        return await self._database.read(_runs, _outlines().where(~exists().where(_OPEN)))

    async def resumed(self) -> Sequence[Run]:
        """At start: the runs that a dead process had resumed, whole."""
        return await self._database.read(_resumed)


def _outlines() -> Select[*tuple[Any, ...]]:
    it = runs.c
    columns = (it.id, it.user_id, it.conversation_id, it.model, it.route, it.state)
    times = (it.started_at_ms, it.finished_at_ms)
    found = select(*columns, *times).join_from(paused_runs, runs)
    return found.where(it.state == "waiting").order_by(it.id)


def _runs(connection: Connection, wanted: Select[*tuple[Any, ...]]) -> Sequence[Run]:
    return tuple(Run(**row) for row in connection.execute(wanted).mappings())


def _resumed(connection: Connection) -> Sequence[Run]:
    asked = exists().where(approvals.c.run_id == runs.c.id)
    found = select(runs).where(runs.c.state == "running", asked).order_by(runs.c.id)
    return tuple(run_of(row, files_of(connection, row.id)) for row in connection.execute(found))


def _pause(
    connection: Connection,
    run: Run,
    messages: Sequence[StoredMessage],
    *,
    asked: Sequence[Approval],
    data: JsonObject,
) -> None:
    if not save_run(connection, run):
        raise Conflict("Another server has taken this run over")
    kept = {"run_id": run.id, "user_id": run.user_id, "data": data}
    connection.execute(_KEEP_DATA, kept)
    rows = [{name: getattr(one, name) for name in approvals.c.keys()} for one in asked]  # noqa: SIM118 - a column collection is no dict
    connection.execute(insert(approvals), rows)
    if run.conversation_id:
        add_or_replace(connection, run, messages)
        whose = {"wanted": run.conversation_id, "owner": run.user_id, "run": run.id}
        now_ms = max((one.created_at_ms for one in asked), default=run.started_at_ms)
        connection.execute(FREE, {**whose, "now": now_ms})


def _list(connection: Connection, where: Mapping[str, str]) -> Sequence[Approval]:
    found = select(approvals).order_by(approvals.c.created_at_ms, approvals.c.id)
    for name, value in where.items():
        found = found.where(approvals.c[name] == value)
    return tuple(_approval_of(row) for row in connection.execute(found))


def _decide(
    connection: Connection, which: Mapping[str, str], values: Mapping[str, Any]
) -> tuple[Approval, bool] | None:
    this = [approvals.c[name] == value for name, value in which.items()]
    still = (approvals.c.state == "pending", approvals.c.expires_at_ms > values["decided_at_ms"])
    changed = connection.execute(update(approvals).where(*this, *still).values(values)).rowcount
    row = connection.execute(select(approvals).where(*this)).first()
    return None if row is None else (_approval_of(row), changed > 0)


def _data(connection: Connection, user_id: str, run_id: str) -> JsonObject | None:
    it = paused_runs.c
    found = select(it.data).where(it.run_id == run_id, it.user_id == user_id)
    return connection.execute(found).scalar()


def _take(connection: Connection, user_id: str, run_id: str, server_id: str) -> Pause | None:
    mine = (runs.c.id == run_id) & (runs.c.user_id == user_id) & (runs.c.state == "waiting")
    found = select(runs, paused_runs.c.data).join_from(runs, paused_runs)
    row = connection.execute(found.where(mine)).first()
    asked = _list(connection, {"user_id": user_id, "run_id": run_id})
    if row is None or any(one.state == "pending" for one in asked):
        return None
    taken = update(runs).where(mine).values(state="running", server_id=server_id, stop_asked=False)
    if connection.execute(taken).rowcount == 0:
        return None  # another server took it between the two
    connection.execute(_DROP_DATA, {"run": run_id})
    return Pause(
        run=replace(run_of(row, files_of(connection, run_id)), server_id=server_id),
        data=row.data,
        approvals={one.call_id: one for one in asked},
    )


def _end(connection: Connection, run: Run, messages: Sequence[StoredMessage]) -> bool:
    mine = (runs.c.id == run.id) & (runs.c.user_id == run.user_id) & (runs.c.state == "waiting")
    add_run(connection, run)
    values = run_values(run)
    kept = {name: values[name] for name in ("state", "finished_at_ms", "trace", "events")}
    if connection.execute(update(runs).where(mine).values(kept)).rowcount == 0:
        return False
    connection.execute(_DROP_DATA, {"run": run.id})
    connection.execute(_EXPIRE, {"run": run.id, "now": run.finished_at_ms})
    if run.conversation_id:
        add_or_replace(connection, run, messages)
    return True


def _approval_of(row: Row[Any]) -> Approval:
    return Approval(
        id=row.id,
        run_id=row.run_id,
        user_id=row.user_id,
        call_id=row.call_id,
        tool=row.tool,
        arguments=row.arguments,
        reason=row.reason,
        state=row.state,
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
        decided_at_ms=row.decided_at_ms,
        note=row.note,
    )
