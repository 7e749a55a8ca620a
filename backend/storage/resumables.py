"""Runs that can be taken up again, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from backend.errors import Conflict
from backend.ports.stores import Run
from backend.ports.values import JsonObject
from backend.storage.database import Database, upsert
from backend.storage.durable_tables import resumable_runs
from backend.storage.message_rows import show_head
from backend.storage.tables import conversations, messages, runs
from backend.storage.turns import message_before, refuse_claim

NOT_INTERRUPTED = "This run is not interrupted, or goes on already"
GONE_ON = "The conversation has gone on since this run was interrupted"
_KEEP = upsert(resumable_runs, "run_id")
_ALIVE = ("running", "waiting")


class SqlResumableStore:
    """The `ResumableStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, user_id: str, run_id: str, data: JsonObject) -> None:
        """Keep what a run goes on from, in place of what was kept; Conflict when the run is gone."""
        await self._database.write(_begin, {"run_id": run_id, "user_id": user_id, "data": data})

    async def get(self, user_id: str, run_id: str) -> JsonObject | None:
        """Give what one of the user's runs goes on from."""
        return await self._database.read(_get, user_id, run_id)

    async def drop(self, run_id: str) -> None:
        """Forget what a run that has ended goes on from."""
        await self._database.write(_drop, run_id)

    async def take(self, run: Run, trace: JsonObject, *, replaces: str | None, now_ms: int) -> None:
        """Let an interrupted run of a session run again, in one transaction, and claim its session."""
        await self._database.write(_take, run, trace, replaces=replaces, now_ms=now_ms)

    async def interrupted(self, since_ms: int) -> Sequence[Run]:
        """The runs of sessions that were interrupted since then, without events, oldest first."""
        return await self._database.read(_interrupted, since_ms)

    async def kept(self) -> Sequence[tuple[str, str]]:
        """User and id of each run of which something is kept to go on from."""
        return await self._database.read(_kept, _all())

    async def sweep(self, before_ms: int) -> Sequence[tuple[str, str]]:
        """Forget what no run goes on from any more; give user and id of each."""
        return await self._database.write(_sweep, before_ms)


def _begin(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(_KEEP, values)


def _get(connection: Connection, user_id: str, run_id: str) -> JsonObject | None:
    it = resumable_runs.c
    found = select(it.data).where(it.run_id == run_id, it.user_id == user_id)
    return connection.execute(found).scalar()


def _drop(connection: Connection, run_id: str) -> None:
    connection.execute(delete(resumable_runs).where(resumable_runs.c.run_id == run_id))


def _take(
    connection: Connection, run: Run, trace: JsonObject, *, replaces: str | None, now_ms: int
) -> None:
    mine = (runs.c.id == run.id) & (runs.c.user_id == run.user_id)
    as_read = (runs.c.state == "interrupted") & (runs.c.finished_at_ms == run.finished_at_ms)
    again = update(runs).where(mine, as_read)
    values = {"state": "running", "finished_at_ms": None, "trace": trace}
    values |= {"server_id": run.server_id, "stop_asked": False}
    if connection.execute(again.values(values)).rowcount == 0:
        raise Conflict(NOT_INTERRUPTED, code="run_not_interrupted")
    if connection.execute(select(_gone_on()).where(mine)).scalar_one():
        raise Conflict(GONE_ON, code="conversation_gone_on")
    it = conversations.c
    free = (it.id == run.conversation_id) & (it.user_id == run.user_id) & it.active_run_id.is_(None)
    claim = update(conversations).where(free).values(active_run_id=run.id, updated_at_ms=now_ms)
    if connection.execute(claim).rowcount == 0:
        refuse_claim(connection, run.user_id, run.conversation_id)
    own = connection.execute(_last_own(run.conversation_id, run.id)).first()
    head = None if own is None else own.id
    if head is None and replaces is not None:
        head = message_before(connection, run, replaces)
    show_head(connection, run.conversation_id, head)


def _last_own(conversation_id: str | None, run_id: str) -> Select[Any]:
    it = messages.c
    own = select(it.id).where(it.conversation_id == conversation_id, it.run_id == run_id)
    return own.order_by(it.seq.desc()).limit(1)


def _gone_on() -> ColumnElement[bool]:
    """Tell of a row of `runs` whether somebody else wrote into its session behind it."""
    it, own = messages.alias("later"), messages.alias("own")
    last_own = (
        select(func.max(own.c.seq))
        .where(own.c.conversation_id == runs.c.conversation_id, own.c.run_id == runs.c.id)
        .correlate(runs)
        .scalar_subquery()
    )
    of_others = or_(it.c.run_id != runs.c.id, it.c.run_id.is_(None))
    behind = case(
        (last_own.is_not(None), it.c.seq > last_own),
        else_=it.c.created_at_ms > runs.c.started_at_ms,
    )
    inside = it.c.conversation_id == runs.c.conversation_id
    return exists().where(inside, of_others, behind).correlate(runs)


def _interrupted(connection: Connection, since_ms: int) -> Sequence[Run]:
    it = runs.c
    columns = (it.id, it.user_id, it.conversation_id, it.model, it.route, it.state, it.trace)
    recent = (it.state == "interrupted") & (it.finished_at_ms >= since_ms)
    found = (
        select(*columns, it.started_at_ms, it.finished_at_ms)
        .where(recent, it.conversation_id.is_not(None), ~_gone_on())
        .order_by(it.started_at_ms, it.id)
    )
    return tuple(Run(**row) for row in connection.execute(found).mappings())


def _all() -> Select[*tuple[Any, ...]]:
    return select(resumable_runs.c.user_id, resumable_runs.c.run_id)


def _kept(connection: Connection, wanted: Select[*tuple[Any, ...]]) -> Sequence[tuple[str, str]]:
    return [(row.user_id, row.run_id) for row in connection.execute(wanted)]


def _sweep(connection: Connection, before_ms: int) -> Sequence[tuple[str, str]]:
    it = runs.c
    old = or_(it.finished_at_ms < before_ms, _gone_on())
    over = or_(it.state.not_in((*_ALIVE, "interrupted")), and_(it.state == "interrupted", old))
    found = _kept(connection, _all().join(runs, it.id == resumable_runs.c.run_id).where(over))
    for _, run_id in found:
        _drop(connection, run_id)
    return found
