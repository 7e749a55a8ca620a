"""The databases of this server: who may ask which, and the processes that ask them.

Drivers, SQLAlchemy's engines and the parser live in child processes: they do not grow the server, a
driver that hangs or crashes takes nothing with it, a huge value meets an address-space limit, and a
query that is over its time or was cancelled is ended with its process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from backend.kit.workers import (
    WorkerCrashed,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)
from backend.ports.clock import Clock
from backend.ports.query import (
    ColumnInfo,
    DatabaseCard,
    QueryFailed,
    QueryRefused,
    Rows,
    TableInfo,
)
from backend.ports.values import Health
from backend.query.databases.order import Action, DriverMissing, Order, Unreachable, kind_of

logger = logging.getLogger(__name__)
_TARGET = "backend.query.databases.child:answer"
_NOT_TRIED = Health(ok=False, detail="not tried yet")
_AFTER_THE_LIMIT_S = 5.0
_JSON_BYTES_PER_BYTE = 6  # a character outside ASCII is written as \uXXXX
_ENVELOPE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseEntry:
    """One database as an administrator configured it; without users and roles everybody may ask."""

    name: str
    url: str = field(repr=False)
    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    schemas: tuple[str, ...] = ()
    description: str = ""
    account_is_read_only: bool = False

    def open_to(self, username: str, role: str) -> bool:
        """Tell whether a user may ask it."""
        if not self.users and not self.roles:
            return True
        return role in self.roles or username.casefold() in {one.casefold() for one in self.users}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLimits:
    """Bounds of one query, and of the processes that ask."""

    timeout_s: float = 20.0
    max_rows: int = 1000
    max_result_bytes: int = 2 * 1024 * 1024
    processes: int = 2
    memory_bytes: int = 512 * 1024 * 1024


class ConfiguredDatabases:
    """The `Databases` port over child processes; none starts before something is asked."""

    def __init__(
        self, entries: Sequence[DatabaseEntry], limits: DatabaseLimits, *, clock: Clock
    ) -> None:
        self._entries = {one.name: one for one in entries}
        self._limits = limits
        self._states = dict.fromkeys(self._entries, _NOT_TRIED)
        self._notes: dict[str, str] = {}
        wall_s = limits.timeout_s + _AFTER_THE_LIMIT_S
        bounds = WorkerLimits(
            memory_bytes=limits.memory_bytes,
            cpu_s=wall_s,
            wall_s=wall_s,
            output_bytes=limits.max_result_bytes * _JSON_BYTES_PER_BYTE + _ENVELOPE_BYTES,
        )
        self._pool = WorkerPool(_TARGET, clock=clock, size=limits.processes, limits=bounds)

    def offered(self, username: str, role: str) -> Sequence[DatabaseCard]:
        """List those the user may ask."""
        found: list[DatabaseCard] = []
        for one in self._entries.values():
            if one.open_to(username, role) and not _unusable(one):
                label = kind_of(one.url).label
                card = DatabaseCard(name=one.name, dialect=label, description=one.description)
                found.append(card)
        return found

    def states(self) -> Mapping[str, Health]:
        """Tell how each was when it was last asked, by name."""
        return dict(self._states)

    async def look(self) -> Mapping[str, Health]:
        """Try each once, side by side, and tell how it is."""
        await asyncio.gather(*(self._look(one) for one in self._entries.values()))
        return self.states()

    async def schema(self, username: str, role: str, database: str) -> Sequence[TableInfo]:
        """Describe the tables in the schemas that are open; raises as the port says."""
        entry = self._entry(username, role, database)
        found = await self._ask(entry, "schema", owner=username)
        return [
            TableInfo(
                name=one["name"],
                source=one["source"],
                rows=one["rows"],
                columns=tuple(
                    ColumnInfo(name=name, type=kind, samples=tuple(samples))
                    for name, kind, samples in one["columns"]
                ),
            )
            for one in found
        ]

    async def query(
        self, username: str, role: str, database: str, sql: str, *, max_rows: int
    ) -> Rows:
        """Run one query; raises as the port says."""
        entry = self._entry(username, role, database)
        most = max(1, min(max_rows, self._limits.max_rows))
        found = await self._ask(entry, "query", owner=username, sql=sql, max_rows=most)
        rows = tuple(tuple(row) for row in found["rows"])
        return Rows(
            columns=tuple(ColumnInfo(name=name, type=kind) for name, kind in found["columns"]),
            rows=rows,
            total=None if found["truncated"] else len(rows),
            truncated=found["truncated"],
        )

    async def aclose(self) -> None:
        """End the processes, and with them every connection."""
        await self._pool.aclose()

    def _entry(self, username: str, role: str, database: str) -> DatabaseEntry:
        entry = self._entries.get(database)
        if entry is None or not entry.open_to(username, role):
            names = ", ".join(card.name for card in self.offered(username, role)) or "none"
            msg = f"There is no database {database[:60]!r}. The databases are: {names}."
            raise QueryRefused(msg)
        return entry

    async def _look(self, entry: DatabaseEntry) -> None:
        try:
            found = await self._ask(entry, "look")
        except QueryFailed as exc:
            logger.debug("%s", exc)
        else:
            self._notes[entry.name] = found["note"]
            self._states[entry.name] = Health(ok=True, detail=found["note"])

    async def _ask(
        self,
        entry: DatabaseEntry,
        action: Action,
        *,
        owner: str = "",
        sql: str = "",
        max_rows: int = 1,
    ) -> Any:  # noqa: ANN401 - any JSON
        reason = _unusable(entry)
        if reason:
            raise self._off(entry, reason)
        order = Order(
            action=action,
            url=entry.url,
            schemas=entry.schemas,
            sql=sql,
            max_rows=max_rows,
            max_bytes=self._limits.max_result_bytes,
            timeout_s=self._limits.timeout_s,
        )
        try:
            found = await self._pool.call(asdict(order), owner=owner)
        except WorkerTimeout as exc:
            msg = f"The database {entry.name} did not answer within {self._limits.timeout_s:g} s."
            raise QueryFailed(msg) from exc
        except WorkerCrashed as exc:
            logger.info("a query of %s ended its process: %s", entry.name, exc)
            msg = "The query needs a value or memory larger than allowed; ask for less."
            raise QueryFailed(msg) from exc
        except WorkerRefused as exc:
            raise self._told(entry, exc) from exc
        self._states[entry.name] = Health(ok=True, detail=self._notes.get(entry.name, ""))
        return found

    def _told(self, entry: DatabaseEntry, exc: WorkerRefused) -> Exception:
        """Turn what the process raised back into what the port raises; a bug stays one."""
        if exc.kind in {Unreachable.__name__, DriverMissing.__name__}:
            return self._off(entry, str(exc))
        if exc.kind == QueryRefused.__name__:
            return QueryRefused(str(exc))
        if exc.kind == QueryFailed.__name__:
            return QueryFailed(str(exc))
        if exc.kind == "TooLarge":
            return QueryFailed("The result is larger than allowed; ask for less.")
        return exc

    def _off(self, entry: DatabaseEntry, reason: str) -> QueryFailed:
        if self._states[entry.name].detail != reason:
            logger.warning("the database %s cannot be asked: %s", entry.name, reason)
        fix = reason.partition(": ")[2] if "not installed" in reason else "see QUERY__DATABASES"
        self._states[entry.name] = Health(ok=False, detail=reason, fix=fix)
        return QueryFailed(f"The database {entry.name} cannot be asked now: {reason}.")


def _unusable(entry: DatabaseEntry) -> str:
    """Say why a database may never be asked as it is configured; empty when it may."""
    try:
        kind = kind_of(entry.url)
    except Unreachable as exc:
        return str(exc)
    if kind.enforced or entry.account_is_read_only:
        return ""
    return (
        f"{kind.label} cannot be made read-only from here; give it an account that may only read,"
        ' and say so by "account_is_read_only": true'
    )
