"""Rate limits of one process: a token bucket per user and limit, filled as time goes by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backend.ports.clock import Clock
from backend.ports.limits import Allowance, Kind, Standing

MINUTE_S: Final = 60.0
MOST_USERS: Final = 10_000


class MemoryRateLimiter:
    """Implements `ports.limits.RateLimiter`; a limit of 0 is none.

    A bucket holds a minute's worth, so that a user who was quiet may send it all at once.
    """

    def __init__(
        self,
        clock: Clock,
        requests_per_minute: int,
        tokens_per_minute: int,
        *,
        most_users: int = MOST_USERS,
    ) -> None:
        """Set the limits; users whose buckets are full are forgotten when there are too many."""
        self._clock = clock
        self._limits: tuple[tuple[Kind, int], ...] = (
            ("requests", requests_per_minute),
            ("tokens", tokens_per_minute),
        )
        self._most_users = most_users
        self._users: dict[str, list[_Bucket]] = {}

    async def take(self, user_id: str) -> Standing:
        """Count one request unless a limit is used up."""
        now_s = self._clock.monotonic_s()
        buckets = self._filled(user_id, now_s)
        empty = max(buckets, key=_Bucket.wait_s, default=None)
        if empty is not None and empty.wait_s() > 0:
            told = tuple(bucket.allowance() for bucket in buckets)
            return Standing(told, empty.kind, empty.wait_s())
        for bucket in buckets:
            if bucket.kind == "requests":
                bucket.level -= 1
        return Standing(tuple([bucket.allowance() for bucket in buckets]))

    async def standing(self, user_id: str) -> Standing:
        """Tell which limits there are, and count nothing."""
        buckets = self._filled(user_id, self._clock.monotonic_s())
        return Standing(tuple([bucket.allowance() for bucket in buckets]))

    def spend(self, user_id: str, tokens: int) -> None:
        """Count the tokens of an answer at once."""
        for bucket in self._filled(user_id, self._clock.monotonic_s()):
            if bucket.kind == "tokens":
                bucket.level -= tokens

    def _filled(self, user_id: str, now_s: float) -> list[_Bucket]:
        buckets = self._users.get(user_id)
        if buckets is None:
            if len(self._users) >= self._most_users:
                self._users = dict(self._in_debt(now_s))
            buckets = [_Bucket(kind, limit, now_s) for kind, limit in self._limits if limit]
            self._users[user_id] = buckets
        for bucket in buckets:
            bucket.fill(now_s)
        return buckets

    def _in_debt(self, now_s: float) -> Iterator[tuple[str, list[_Bucket]]]:
        """Give the users whom it makes a difference to remember."""
        for user_id, buckets in self._users.items():
            for bucket in buckets:
                bucket.fill(now_s)
            if any(bucket.level < bucket.limit for bucket in buckets):
                yield user_id, buckets


class _Bucket:
    __slots__ = ("_at_s", "kind", "level", "limit")

    def __init__(self, kind: Kind, limit: int, now_s: float) -> None:
        self.kind: Kind = kind
        self.limit = limit
        self.level = float(limit)
        self._at_s = now_s

    def fill(self, now_s: float) -> None:
        """Add what came in since the last time."""
        more = (now_s - self._at_s) * self.limit / MINUTE_S
        self.level = min(float(self.limit), self.level + more)
        self._at_s = now_s

    def wait_s(self) -> float:
        """Give the seconds until one may be taken."""
        return max(0.0, (1 - self.level) * MINUTE_S / self.limit)

    def allowance(self) -> Allowance:
        """Tell what is left."""
        missing_s = (self.limit - self.level) * MINUTE_S / self.limit
        return Allowance(self.kind, self.limit, max(0, int(self.level)), missing_s)
