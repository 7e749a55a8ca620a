"""Log lines in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select

from backend.errors import InvalidRequest
from backend.ports.inside import LogFilter, LogLine, LogPage
from backend.storage.columns import CleanText
from backend.storage.database import Database
from backend.storage.inside_tables import log_lines
from backend.storage.tables import users

_it = log_lines.c
_OWNER = select(users.c.id).where(users.c.id == bindparam("owner", type_=CleanText))
_ADD = insert(log_lines).values(user_id=_OWNER.scalar_subquery())
_MOST_DIGITS = 18  # of what databases count with
_IDS = ("request_id", "user_id", "run_id", "server")


class SqlLogStore:
    """The `LogStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, lines: Sequence[LogLine]) -> None:
        """Add lines in one transaction; the user of an account that is gone is left out."""
        await self._database.write(_add, [_values(one) for one in lines])

    async def page(self, wanted: LogFilter, *, limit: int, cursor: str | None = None) -> LogPage:
        """Give a slice, newest first; InvalidRequest for a cursor that no page gave out."""
        return await self._database.read(_page, wanted, limit, _place(cursor))

    async def prune(self, *, before_ms: int, most: int) -> int:
        """Forget lines from before then, and all but the newest `most`; tell how many."""
        return await self._database.write(_prune, before_ms, most)


def place_of(line: LogLine) -> str:
    """Write where a page ends: older lines stand behind it."""
    return f"{line.at_ms}-{line.id}"


def _place(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    at_ms, _, number = cursor.partition("-")
    if not (_is_number(at_ms) and _is_number(number)):
        raise InvalidRequest("There is no such page of the log", param="cursor")
    return int(at_ms), int(number)


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def _add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(_ADD, rows)


def _values(line: LogLine) -> dict[str, Any]:
    return {
        "owner": line.user_id or None,
        "at_ms": line.at_ms,
        "level": line.level,
        "server": line.server,
        "logger": line.logger,
        "request_id": line.request_id or None,
        "run_id": line.run_id or None,
        "message": line.message,
        "trace": line.trace,
    }


def _page(
    connection: Connection, wanted: LogFilter, limit: int, place: tuple[int, int] | None
) -> LogPage:
    newest = select(log_lines).order_by(_it.at_ms.desc(), _it.id.desc()).limit(limit + 1)
    newest = newest.where(_it.level >= wanted.level, _it.at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        newest = newest.where(_it.at_ms < wanted.to_ms)
    for name in _IDS:
        if value := getattr(wanted, name):
            newest = newest.where(log_lines.c[name] == value)
    if wanted.text:
        within = (_it.message, _it.logger, _it.trace)
        text = wanted.text
        newest = newest.where(or_(*(one.icontains(text, autoescape=True) for one in within)))
    if place is not None:
        at_ms, number = place
        newest = newest.where(_it.at_ms <= at_ms, (_it.at_ms < at_ms) | (_it.id < number))
    lines = tuple(_line(row) for row in connection.execute(newest))
    more = place_of(lines[limit - 1]) if len(lines) > limit else None
    return LogPage(lines=lines[:limit], next_cursor=more)


def _line(row: Row[Any]) -> LogLine:
    return LogLine(
        id=row.id,
        at_ms=row.at_ms,
        level=row.level,
        server=row.server,
        logger=row.logger,
        message=row.message,
        request_id=row.request_id or "",
        user_id=row.user_id or "",
        run_id=row.run_id or "",
        trace=row.trace,
    )


def _prune(connection: Connection, before_ms: int, most: int) -> int:
    removed = connection.execute(delete(log_lines).where(_it.at_ms < before_ms)).rowcount
    kept = select(_it.id).order_by(_it.id.desc()).limit(1).offset(most)
    newest_too_many = connection.execute(kept).scalar()
    if newest_too_many is not None:
        removed += connection.execute(delete(log_lines).where(_it.id <= newest_too_many)).rowcount
    return removed
