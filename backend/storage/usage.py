"""What people used, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)

from backend.ports.stores import Run
from backend.ports.usage import Used, UsedBy
from backend.storage.columns import CleanText
from backend.storage.database import Database, insert_or_update
from backend.storage.row_locks import wait_for_rows
from backend.storage.tables import runs, usage, users

_SUMS = ("runs", "prompt_tokens", "completion_tokens")
_NEW: dict[str, ColumnElement[Any]] = {
    **{name: bindparam(f"new_{name}", type_=CleanText) for name in ("model", "route", "key_id")},
    **{name: bindparam(f"new_{name}", type_=BigInteger) for name in ("day", *_SUMS)},
}


def _adding(*conditions: ColumnElement[bool]) -> Insert:
    """Build an INSERT that adds to the sum there is; it finds nothing to add for an account that is gone."""
    owner = select(users.c.id, *_NEW.values()).where(users.c.id == bindparam("owner"), *conditions)
    more = {
        name: usage.c[name] + cast("ColumnElement[Any]", literal_column(f"excluded.{name}"))
        for name in _SUMS
    }
    fresh = insert_or_update(usage, "user_id", "day", "model", "route", "key_id", **more)
    return fresh.from_select(["user_id", *_NEW], owner)


_ADD = _adding()
_DONE_OR_TAKEN = runs.c.finished_at_ms.is_not(None) | (runs.c.server_id != bindparam("server"))
_ADD_RUN = _adding(~exists().where(runs.c.id == bindparam("run"), _DONE_OR_TAKEN))
_OF_USER = (
    select(usage)
    .where(usage.c.user_id == bindparam("owner"), usage.c.day >= bindparam("since"))
    .order_by(usage.c.day.desc(), usage.c.model, usage.c.route, usage.c.key_id)
)
_BY_USER = (
    select(usage.c.user_id, *(func.sum(usage.c[name]).label(name) for name in _SUMS))
    .where(usage.c.day >= bindparam("since"))
    .group_by(usage.c.user_id)
    .order_by(usage.c.user_id)
)


class SqlUsageStore:
    """The `UsageStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, used: Sequence[Used]) -> None:
        """Add to the sums, in one transaction; what is of an account that is gone is left out."""
        await self._database.write(_add, used)

    async def of_user(self, user_id: str, *, since_day: int) -> Sequence[Used]:
        """A user's sums from that day on: by day, newest first, then by model, route and key."""
        return await self._database.read(_of_user, user_id, since_day)

    async def by_user(self, *, since_day: int) -> Sequence[UsedBy]:
        """What every user who used anything from that day on used in all, by user id."""
        return await self._database.read(_by_user, since_day)


def add_run(connection: Connection, run: Run) -> None:
    """Add what a run used when it ends, once; called before its end is stored."""
    if run.finished_at_ms is not None:
        by = {"run": run.id, "server": run.server_id}
        connection.execute(_ADD_RUN, {**by, **_values(Used.of_run(run))})


def add_used(connection: Connection, used: Used) -> None:
    """Add to a sum."""
    connection.execute(_ADD, _values(used))


def _add(connection: Connection, used: Sequence[Used]) -> None:
    wait_for_rows(connection)
    for one in sorted(used, key=lambda one: one.key):
        add_used(connection, one)


def _values(used: Used) -> dict[str, Any]:
    return {"owner": used.user_id, **{f"new_{name}": getattr(used, name) for name in _NEW}}


def _of_user(connection: Connection, user_id: str, since_day: int) -> Sequence[Used]:
    rows = connection.execute(_OF_USER, {"owner": user_id, "since": since_day})
    return [Used(**dict(row)) for row in rows.mappings()]


def _by_user(connection: Connection, since_day: int) -> Sequence[UsedBy]:
    rows = connection.execute(_BY_USER, {"since": since_day})
    return [UsedBy(**dict(row)) for row in rows.mappings()]
