"""Log lines in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import InvalidRequest
from backend.ports.inside import LogFilter, LogLine, LogPage
from backend.storage.memory.shelves import Shelves

MOST = 10_000


class MemoryLogStore:
    """The `LogStore` port in memory; it keeps the newest `MOST` lines at most."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._lines: list[LogLine] = []
        self._last = 0

    async def add(self, lines: Sequence[LogLine]) -> None:
        """Add lines; the user of an account that is gone is left out."""
        for one in lines:
            self._last += 1
            known = one.user_id if one.user_id in self._shelves.users else ""
            self._lines.append(replace(one, id=self._last, user_id=known))
        del self._lines[:-MOST]

    async def page(self, wanted: LogFilter, *, limit: int, cursor: str | None = None) -> LogPage:
        """Give a slice, newest first; InvalidRequest for a cursor that no page gave out."""
        found = sorted(self._found(wanted), key=_place, reverse=True)
        if cursor is not None:
            end = _read(cursor)
            found = [one for one in found if _place(one) < end]
        more = f"{found[limit - 1].at_ms}-{found[limit - 1].id}" if len(found) > limit else None
        return LogPage(lines=tuple(found[:limit]), next_cursor=more)

    async def prune(self, *, before_ms: int, most: int) -> int:
        """Forget lines from before then, and all but the newest `most`; tell how many."""
        before = len(self._lines)
        young = [one for one in self._lines if one.at_ms >= before_ms]
        self._lines = young[-most:] if most else []
        return before - len(self._lines)

    def _found(self, wanted: LogFilter) -> list[LogLine]:
        # Lines about somebody go with the account.
        self._lines = [one for one in self._lines if not one.user_id or self._lives(one.user_id)]
        return [one for one in self._lines if _fits(one, wanted)]

    def _lives(self, user_id: str) -> bool:
        return user_id in self._shelves.users


def _place(line: LogLine) -> tuple[int, int]:
    return line.at_ms, line.id


def _read(cursor: str) -> tuple[int, int]:
    at_ms, _, number = cursor.partition("-")
    if not all(one.isdecimal() and len(one) <= 18 for one in (at_ms, number)):
        raise InvalidRequest("There is no such page of the log", param="cursor")
    return int(at_ms), int(number)


def _fits(line: LogLine, wanted: LogFilter) -> bool:
    if line.level < wanted.level or line.at_ms < wanted.from_ms:
        return False
    if wanted.to_ms is not None and line.at_ms >= wanted.to_ms:
        return False
    ids = ("request_id", "user_id", "run_id", "server")
    if any(getattr(wanted, name) not in {"", getattr(line, name)} for name in ids):
        return False
    text = wanted.text.lower()
    return not text or any(text in it.lower() for it in (line.message, line.logger, line.trace))
