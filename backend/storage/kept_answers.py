"""Answers that are given again, in the database."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, delete, func, select, update

from backend.ports.kept_answers import KeptAnswer, KeptBounds
from backend.ports.values import JsonObject
from backend.storage.database import Database, insert_or_update
from backend.storage.upstream_tables import kept_answers as kept

USED_AGAIN_MS = 60_000
"""Uses within a minute are noted once: a hit costs a read, not a write."""
FREE_PART = 10


class SqlKeptAnswerStore:
    """The `KeptAnswerStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str, *, since_ms: int, now_ms: int) -> JsonObject | None:
        """Give the answer of a key that was made since then, and note that it was used."""
        found = await self._database.read(_get, key, since_ms)
        if found is None:
            return None
        answer, used_at_ms = found
        if now_ms - used_at_ms >= USED_AGAIN_MS:
            await self._database.write(_use, key, now_ms)
        return answer

    async def put(self, kept: KeptAnswer, bounds: KeptBounds) -> None:
        """Keep an answer, and let go what is too old or too much."""
        await self._database.write(_put, kept, bounds)

    async def totals(self) -> tuple[int, int]:
        """Count answers and their bytes."""
        return await self._database.read(_totals)

    async def clear(self) -> int:
        """Forget all; tell how many there were."""
        return await self._database.write(_clear)


def _get(connection: Connection, key: str, since_ms: int) -> tuple[JsonObject, int] | None:
    wanted = select(kept.c.answer, kept.c.used_at_ms).where(
        kept.c.key == key, kept.c.created_at_ms >= since_ms
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else (cast("JsonObject", row.answer), row.used_at_ms)


def _use(connection: Connection, key: str, now_ms: int) -> None:
    connection.execute(update(kept).where(kept.c.key == key).values(used_at_ms=now_ms))


def _put(connection: Connection, one: KeptAnswer, bounds: KeptBounds) -> None:
    too_old_ms = one.created_at_ms - bounds.ttl_ms
    connection.execute(delete(kept).where(kept.c.created_at_ms < too_old_ms))
    row = {
        "key": one.key,
        "user_id": one.user_id,
        "answer": one.answer,
        "size_bytes": one.size_bytes,
        "created_at_ms": one.created_at_ms,
        "used_at_ms": one.created_at_ms,
    }
    connection.execute(insert_or_update(kept, "key"), row)
    count, size = _totals(connection)
    if count > bounds.max_rows or size > bounds.max_bytes:
        _make_room(connection, bounds)


def _make_room(connection: Connection, bounds: KeptBounds) -> None:
    """Let those go that were used longest ago, a tenth more than is needed: not one at every put."""
    order = (kept.c.used_at_ms.desc(), kept.c.key)
    ranked = select(
        kept.c.key,
        func.row_number().over(order_by=order).label("place"),
        func.sum(kept.c.size_bytes).over(order_by=order).label("size"),
    ).subquery()
    rows = max(1, bounds.max_rows - bounds.max_rows // FREE_PART)
    size = bounds.max_bytes - bounds.max_bytes // FREE_PART
    gone = select(ranked.c.key).where((ranked.c.place > rows) | (ranked.c.size > size))
    connection.execute(delete(kept).where(kept.c.key.in_(gone)))


def _totals(connection: Connection) -> tuple[int, int]:
    counted = select(func.count(), func.coalesce(func.sum(kept.c.size_bytes), 0))
    count, size = connection.execute(counted.select_from(kept)).one()
    return int(count), int(size)


def _clear(connection: Connection) -> int:
    return connection.execute(delete(kept)).rowcount
