"""Budgets in the database, counted exactly whichever server takes.

The row of a count is its lock: who takes of a budget changes that row first, and waits there for others
who do the same. The rows of one unit of work are always taken in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    update,
)

from backend.errors import Conflict, NotFound
from backend.ports.budgets import Budget, Count, Draw, Resource
from backend.storage.budget_tables import budget_counts as counts
from backend.storage.budget_tables import budget_holds as holds
from backend.storage.budget_tables import budgets
from backend.storage.columns import CleanText
from backend.storage.database import Database, insert_or_update
from backend.storage.row_locks import wait_for_rows

_PLACE = ("scope", "subject", "model", "resource", "period")
_ADDED: ColumnElement[Any] = counts.c.used + cast(
    "ColumnElement[Any]", literal_column("excluded.used")
)
# Nothing is added to a budget that is gone: its row is what a new count is made of.
_COUNT = (
    insert_or_update(counts, "budget_id", "counted", "since_ms", used=_ADDED)
    .from_select(
        ["budget_id", "counted", "since_ms", "used", "user_id"],
        select(
            budgets.c.id,
            bindparam("counted", type_=CleanText),
            bindparam("since", type_=BigInteger),
            bindparam("more", type_=BigInteger),
            bindparam("owner", type_=CleanText),
        ).where(budgets.c.id == bindparam("budget")),
    )
    .returning(counts.c.used)
)
_HERE = (
    (holds.c.budget_id == bindparam("budget"))
    & (holds.c.counted == bindparam("counted"))
    & (holds.c.since_ms == bindparam("since"))
)
_HELD = select(func.coalesce(func.sum(holds.c.amount), 0)).where(
    _HERE, holds.c.lease_until_ms > bindparam("now")
)
_USED = select(counts.c.used).where(
    counts.c.budget_id == bindparam("budget"),
    counts.c.counted == bindparam("counted"),
    counts.c.since_ms == bindparam("since"),
)
_HOLD = insert_or_update(
    holds,
    "id",
    "budget_id",
    amount=holds.c.amount + cast("ColumnElement[Any]", literal_column("excluded.amount")),
)
_OF_HOLD = (
    select(holds, budgets.c.resource)
    .join_from(holds, budgets)
    .where(holds.c.id == bindparam("hold"))
    .order_by(holds.c.budget_id, holds.c.counted)
)
_LET_GO = delete(holds).where(holds.c.id == bindparam("hold"))
_RENEW = (
    update(holds)
    .where(holds.c.id.in_(bindparam("ids", expanding=True)))
    .values(lease_until_ms=bindparam("until"))
)


class SqlBudgetStore:
    """The `BudgetStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Budget]:
        """Every budget, in the order of their places."""
        return await self._database.read(_all)

    async def put(self, budget: Budget) -> Budget:
        """Set a budget; one of the same place keeps its id and what was counted."""
        try:
            return await self._database.write(_put, budget)
        except Conflict as exc:
            msg = f"There is no such {budget.scope}"
            raise NotFound(msg, param="subject") from exc

    async def delete(self, budget_id: str) -> bool:
        """Forget a budget and its counts."""
        return await self._database.write(_delete, budget_id)

    async def take(
        self,
        hold_id: str,
        draws: Sequence[Draw],
        *,
        now_ms: int,
        lease_until_ms: int,
    ) -> Sequence[Count]:
        """Take everything, or nothing when something does not fit; give the counts from before."""
        lease = {"now": now_ms, "until": lease_until_ms}
        return await self._database.write(_take, hold_id, _in_order(draws), lease)

    async def settle(self, hold_id: str, spent: Mapping[Resource, int]) -> bool:
        """Count what was used in the place of what was held; False, and no change, the second time."""
        return await self._database.write(_settle, hold_id, spent)

    async def give_back(self, draws: Sequence[Draw]) -> None:
        """Take back what was used at once."""
        await self._database.write(_give_back, _in_order(draws))

    async def renew(self, hold_ids: Sequence[str], *, lease_until_ms: int) -> None:
        """Go on holding."""
        await self._database.write(_renew, sorted(hold_ids), lease_until_ms)

    async def counts(self, draws: Sequence[Draw], *, now_ms: int) -> Sequence[Count]:
        """Tell how far budgets are used up, and change nothing."""
        return await self._database.read(_counts, draws, now_ms)

    async def prune(self, before_ms: int) -> None:
        """Forget periods that began, and leases that ended, before then."""
        await self._database.write(_prune, before_ms)


def _in_order(draws: Sequence[Draw]) -> Sequence[Draw]:
    return sorted(draws, key=attrgetter("budget.id", "counted"))


def _budget_of(row: Row[Any]) -> Budget:
    return Budget(
        id=row.id,
        **{name: getattr(row, name) for name in _PLACE},
        limit=row.most,
        created_at_ms=row.created_at_ms,
    )


def _all(connection: Connection) -> Sequence[Budget]:
    rows = connection.execute(select(budgets).order_by(*(budgets.c[name] for name in _PLACE)))
    return [_budget_of(row) for row in rows]


def _put(connection: Connection, budget: Budget) -> Budget:
    values: dict[str, Any] = {name: getattr(budget, name) for name in _PLACE} | {
        "id": budget.id,
        "most": budget.limit,
        "created_at_ms": budget.created_at_ms,
        "user_id": budget.subject if budget.scope == "user" else None,
        "key_id": budget.subject if budget.scope == "key" else None,
    }
    fresh = insert_or_update(
        budgets, *_PLACE, most=cast("ColumnElement[Any]", literal_column("excluded.most"))
    )
    return _budget_of(connection.execute(fresh.returning(budgets), values).one())


def _delete(connection: Connection, budget_id: str) -> bool:
    wanted = budgets.c.id == budget_id
    return connection.execute(delete(budgets).where(wanted)).rowcount > 0


def _named(draw: Draw) -> dict[str, Any]:
    return {"budget": draw.budget.id, "counted": draw.counted, "since": draw.since_ms}


def _add(connection: Connection, draw: Draw, more: int) -> int | None:
    """Add to a count and lock it; give what it is then, None when its budget is gone."""
    values = {**_named(draw), "more": more, "owner": draw.counted or None}
    return connection.execute(_COUNT, values).scalar()


def _take(
    connection: Connection,
    hold_id: str,
    draws: Sequence[Draw],
    lease: dict[str, int],
) -> Sequence[Count]:
    wait_for_rows(connection)
    found: list[Count] = []
    for draw in draws:
        used = _add(connection, draw, 0)
        if used is None:
            continue
        held = 0
        if draw.held:
            held = connection.execute(_HELD, _named(draw) | {"now": lease["now"]}).scalar_one()
        found.append(Count(draw, used, int(held)))
    if not all(one.fits for one in found):
        return found
    for one in found:
        if one.draw.held:
            connection.execute(_HOLD, _hold(hold_id, one.draw, lease["until"]))
        else:
            _add(connection, one.draw, one.draw.amount)
    return found


def _hold(hold_id: str, draw: Draw, until_ms: int) -> dict[str, Any]:
    return {
        "id": hold_id,
        "budget_id": draw.budget.id,
        "counted": draw.counted,
        "since_ms": draw.since_ms,
        "amount": draw.amount,
        "lease_until_ms": until_ms,
        "user_id": draw.counted or None,
    }


def _settle(connection: Connection, hold_id: str, spent: Mapping[Resource, int]) -> bool:
    wait_for_rows(connection)
    rows = connection.execute(_OF_HOLD, {"hold": hold_id}).all()
    # Whoever deletes the rows is the one who counts; another waits here and finds none.
    if not rows or not connection.execute(_LET_GO, {"hold": hold_id}).rowcount:
        return False
    for row in rows:
        more = spent.get(row.resource, 0)
        if row.resource != "concurrent_runs" and more:
            values = {
                "budget": row.budget_id,
                "counted": row.counted,
                "since": row.since_ms,
                "more": more,
                "owner": row.counted or None,
            }
            connection.execute(_COUNT, values)
    return True


def _give_back(connection: Connection, draws: Sequence[Draw]) -> None:
    wait_for_rows(connection)
    for draw in draws:
        _add(connection, draw, -draw.amount)


def _renew(connection: Connection, hold_ids: Sequence[str], until_ms: int) -> None:
    wait_for_rows(connection)
    connection.execute(_RENEW, {"ids": list(hold_ids), "until": until_ms})


def _counts(connection: Connection, draws: Sequence[Draw], now_ms: int) -> Sequence[Count]:
    found: list[Count] = []
    for draw in draws:
        used = connection.execute(_USED, _named(draw)).scalar() or 0
        held = connection.execute(_HELD, _named(draw) | {"now": now_ms}).scalar_one()
        found.append(Count(draw, used, int(held)))
    return found


def _prune(connection: Connection, before_ms: int) -> None:
    wait_for_rows(connection)
    connection.execute(delete(counts).where(counts.c.since_ms < before_ms, counts.c.since_ms > 0))
    connection.execute(delete(holds).where(holds.c.lease_until_ms < before_ms))
