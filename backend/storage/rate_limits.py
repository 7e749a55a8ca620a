"""Rate limits of all servers on one database: the bucket of `memory.rate_limits`, in rows.

Where requests alone are limited, and by more than 256 in a minute, a server draws several at a time for a
user, a 256th of the limit, which lapses when it is not used within a second: together the servers let no
more through than there are, and most requests cost no look at the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.limits import Allowance, Kind, Standing
from backend.storage.budget_tables import rate_levels
from backend.storage.database import Database, insert_or_update
from backend.storage.row_locks import wait_for_rows
from backend.storage.tables import users

logger = logging.getLogger(__name__)
MINUTE_MS: Final = 60_000
SHARES: Final = 256
SHARE_MS: Final = 1_000
MOST_USERS: Final = 10_000

_it = rate_levels.c
# Changing the row locks it; a user who is gone has none.
_LOCK = (
    insert_or_update(rate_levels, "user_id", "kind", level=_it.level)
    .from_select(
        ["user_id", "kind", "level", "at_ms"],
        select(
            users.c.id,
            bindparam("of_kind", type_=_it.kind.type),
            bindparam("full", type_=_it.level.type),
            bindparam("now", type_=_it.at_ms.type),
        ).where(users.c.id == bindparam("owner")),
    )
    .returning(_it.level, _it.at_ms)
)
_MINE = (_it.user_id == bindparam("owner")) & (_it.kind == bindparam("of_kind"))
_SET = (
    update(rate_levels)
    .where(_MINE)
    .values(level=bindparam("new_level"), at_ms=bindparam("new_at_ms"))
)
_LOOK = select(_it.kind, _it.level, _it.at_ms).where(_it.user_id == bindparam("owner"))


@dataclass(frozen=True, slots=True)
class _Share:
    """Requests drawn for a user and not made yet, and where the user stood without them."""

    left: int
    until_ms: int
    limit: int
    remaining: int
    reset_s: float

    def standing(self) -> Standing:
        """Tell what is left, the share included."""
        left = self.remaining + self.left
        return Standing((Allowance("requests", self.limit, left, self.reset_s),))


class SqlRateLimiter:
    """Implements `ports.limits.RateLimiter`; a limit of 0 is none.

    Tokens are counted behind the answer they are of, and before the next request of their user.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        requests_per_minute: int,
        tokens_per_minute: int,
    ) -> None:
        self._database = database
        self._clock = clock
        given: dict[Kind, int] = {"requests": requests_per_minute, "tokens": tokens_per_minute}
        self._limits: dict[Kind, int] = {kind: most for kind, most in given.items() if most}
        self._share = 1 if tokens_per_minute else max(1, requests_per_minute // SHARES)
        self._shares: dict[str, _Share] = {}
        self._spent: dict[str, int] = {}
        self._writes: set[asyncio.Task[None]] = set()

    async def take(self, user_id: str) -> Standing:
        """Count one request unless a limit is used up."""
        now_ms = self._clock.now_ms()
        share = self._shares.get(user_id)
        if share is not None and share.left and now_ms < share.until_ms:
            share = replace(share, left=share.left - 1)
            self._shares[user_id] = share
            return share.standing()
        self._shares.pop(user_id, None)
        spent = self._spent.pop(user_id, 0)
        try:
            standing, drawn = await self._database.write(
                _take, user_id, self._limits, _Wanted(self._share, spent), now_ms
            )
        except BaseException:
            self._spend_later(user_id, spent)
            raise
        if drawn <= 1:
            return standing
        return self._keep_share(user_id, standing, drawn - 1, now_ms)

    async def standing(self, user_id: str) -> Standing:
        """Tell which limits there are, and count nothing."""
        share = self._shares.get(user_id)
        found = await self._database.read(_levels, user_id)
        now_ms = self._clock.now_ms()
        told: list[Allowance] = []
        for kind, limit in self._limits.items():
            level, at_ms = found.get(kind, (float(limit), now_ms))
            level = _filled(level, at_ms, limit, now_ms)
            if share and kind == "requests" and now_ms < share.until_ms:
                level = min(level + share.left, limit)  # what was drawn has been coming back since
            level -= self._spent.get(user_id, 0) if kind == "tokens" else 0
            told.append(_allowance(kind, limit, level))
        return Standing(tuple(told))

    def spend(self, user_id: str, tokens: int) -> None:
        """Count the tokens of an answer soon, and before the user's next request here."""
        if "tokens" not in self._limits or not tokens:
            return
        self._spend_later(user_id, tokens)
        task = asyncio.ensure_future(self._write_spent(user_id))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def aclose(self) -> None:
        """Write what is still to be counted."""
        if self._writes:
            await asyncio.wait(self._writes)

    def _keep_share(self, user_id: str, standing: Standing, left: int, now_ms: int) -> Standing:
        if len(self._shares) >= MOST_USERS:
            self._shares.clear()
        [of_requests] = standing.allowances
        beside = self._shares.get(user_id)  # drawn by another request meanwhile
        left += beside.left if beside else 0
        share = _Share(
            left,
            now_ms + SHARE_MS,
            of_requests.limit,
            of_requests.remaining,
            of_requests.reset_s,
        )
        self._shares[user_id] = share
        return share.standing()

    def _spend_later(self, user_id: str, tokens: int) -> None:
        if tokens:
            self._spent[user_id] = self._spent.get(user_id, 0) + tokens

    async def _write_spent(self, user_id: str) -> None:
        spent = self._spent.pop(user_id, 0)
        if not spent:
            return
        limits: Mapping[Kind, int] = {"tokens": self._limits["tokens"]}
        try:
            await self._database.write(
                _take, user_id, limits, _Wanted(0, spent), self._clock.now_ms()
            )
        except StewardError as exc:
            logger.warning("tokens could not be counted yet: %s", exc.message)
            self._spend_later(user_id, spent)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is drawn of the requests, and what tokens were spent."""

    requests: int
    tokens: int


def _take(
    connection: Connection, user_id: str, limits: Mapping[Kind, int], wanted: _Wanted, now_ms: int
) -> tuple[Standing, int]:
    """Draw as many requests as are wanted and there are; tell where the user stands, and how many."""
    wait_for_rows(connection, may_be_lost=True)
    levels: dict[Kind, tuple[float, int]] = {}
    for kind, limit in limits.items():
        asked = {"owner": user_id, "of_kind": kind, "full": float(limit), "now": now_ms}
        row = connection.execute(_LOCK, asked).first()
        level, at_ms = (float(limit), now_ms) if row is None else (row.level, row.at_ms)
        # The clocks of two servers differ: time that was counted is not counted again.
        now_ms = max(now_ms, at_ms)
        level = _filled(level, at_ms, limit, now_ms)
        level -= wanted.tokens if kind == "tokens" else 0
        levels[kind] = level, now_ms
    waits: dict[Kind, float] = {
        kind: _wait_s(level, limits[kind]) for kind, (level, _) in levels.items()
    }
    worst = max(waits, key=lambda kind: waits[kind])
    drawn = 0
    if not waits[worst] and "requests" in levels:
        level, at_ms = levels["requests"]
        drawn = min(wanted.requests, int(level))
        levels["requests"] = level - drawn, at_ms
    for kind, (level, at_ms) in levels.items():
        new = {"owner": user_id, "of_kind": kind, "new_level": level, "new_at_ms": at_ms}
        connection.execute(_SET, new)
    told = tuple(_allowance(kind, limits[kind], level) for kind, (level, _) in levels.items())
    if waits[worst]:
        return Standing(told, worst, waits[worst]), 0
    return Standing(told), drawn


def _levels(connection: Connection, user_id: str) -> dict[str, tuple[float, int]]:
    rows = connection.execute(_LOOK, {"owner": user_id})
    return {row.kind: (row.level, row.at_ms) for row in rows}


def _filled(level: float, at_ms: int, limit: int, now_ms: int) -> float:
    return min(float(limit), level + max(0, now_ms - at_ms) * limit / MINUTE_MS)


def _wait_s(level: float, limit: int) -> float:
    return max(0.0, (1 - level) * MINUTE_MS / limit / 1000)


def _allowance(kind: Kind, limit: int, level: float) -> Allowance:
    missing_s = (limit - level) * MINUTE_MS / limit / 1000
    return Allowance(kind, limit, max(0, int(level)), missing_s)
