"""Measurements in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, Table, delete, select

from backend.ports.inside import History, ModelSample, Sample
from backend.storage.database import Database, insert_or_update
from backend.storage.inside_tables import model_performance, performance

_ADD = insert_or_update(performance, "server", "at_ms")
_ADD_MODELS = insert_or_update(model_performance, "server", "model", "at_ms")


class SqlPerformanceStore:
    """The `PerformanceStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, sample: Sample, models: Sequence[ModelSample]) -> None:
        """Keep what was measured in a minute, in one transaction."""
        await self._database.write(_add, sample, models)

    async def history(self, *, from_ms: int, to_ms: int, server: str = "") -> History:
        """Give what was measured from one moment up to before another, of one server or of all."""
        return await self._database.read(_history, from_ms, to_ms, server)

    async def prune(self, *, before_ms: int) -> int:
        """Forget what was measured before then; tell how many rows that were."""
        return await self._database.write(_prune, before_ms)


def _add(connection: Connection, sample: Sample, models: Sequence[ModelSample]) -> None:
    connection.execute(_ADD, asdict(sample))
    if models:
        connection.execute(_ADD_MODELS, [asdict(one) for one in models])


def _history(connection: Connection, from_ms: int, to_ms: int, server: str) -> History:
    def rows(table: Table, *order: str) -> list[dict[str, object]]:
        it = table.c
        wanted = select(table).where(it.at_ms >= from_ms, it.at_ms < to_ms)
        if server:
            wanted = wanted.where(it.server == server)
        found = connection.execute(wanted.order_by(*(it[name] for name in order)))
        return [dict(row) for row in found.mappings()]

    return History(
        samples=tuple(Sample(**row) for row in rows(performance, "at_ms", "server")),  # pyright: ignore[reportArgumentType] - columns are its fields
        models=tuple(
            ModelSample(**row)  # pyright: ignore[reportArgumentType] - columns are its fields
            for row in rows(model_performance, "at_ms", "server", "model")
        ),
    )


def _prune(connection: Connection, before_ms: int) -> int:
    return sum(
        connection.execute(delete(table).where(table.c.at_ms < before_ms)).rowcount
        for table in (performance, model_performance)
    )
