"""The port that keeps what an administrator lets users, keys and models use, and counts it exactly.

Not for: the limits that the settings give everybody (`limits`) or what was used for good (`usage`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

Scope = Literal["default", "user", "key", "model"]
Resource = Literal["requests", "tokens", "concurrent_runs", "upload_bytes"]
Period = Literal["minute", "hour", "day", "month", "now"]

_LENGTHS_MS: Mapping[Period, int] = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much of a resource may be used in a period, by the calendar in UTC.

    `subject` names the user, key or model; it is empty for `default`, which binds every user who has
    no budget of their own of the same model, resource and period. What all users ask of a model
    counts together for `model`. With `model`, one of the other scopes is about that model alone.
    `concurrent_runs` are counted `now`, and nothing else is.
    """

    id: str
    scope: Scope
    resource: Resource
    period: Period
    limit: int
    subject: str = ""
    model: str = ""
    created_at_ms: int = 0

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """Name what there is one budget for."""
        return self.scope, self.subject, self.model, self.resource, self.period


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What is taken of one budget: `amount` in the period that began at `since_ms`.

    `counted` is the user whose count it is of a budget that everybody has, else empty.
    """

    budget: Budget
    since_ms: int
    amount: int = 0
    counted: str = ""

    @property
    def held(self) -> bool:
        """Tell whether it is only held until one knows what was used; a request is used at once."""
        return self.budget.resource != "requests"


@dataclass(frozen=True, slots=True)
class Count:
    """How far one budget is used up; `held` is what requests that still run may come to use."""

    draw: Draw
    used: int = 0
    held: int = 0

    @property
    def fits(self) -> bool:
        """Tell whether there is room for what is drawn."""
        return self.used + self.held + self.draw.amount <= self.draw.budget.limit


class BudgetStore(Protocol):
    """Budgets, counts, and what is held; all of it exact when several servers take at once."""

    async def all(self) -> Sequence[Budget]:
        """Every budget, in the order of their places."""
        ...

    async def put(self, budget: Budget) -> Budget:
        """Set a budget; one of the same place keeps its id and what was counted.

        Raises:
            NotFound: when its user or key is gone.
        """
        ...

    async def delete(self, budget_id: str) -> bool:
        """Forget a budget and its counts."""
        ...

    async def take(
        self,
        hold_id: str,
        draws: Sequence[Draw],
        *,
        now_ms: int,
        lease_until_ms: int,
    ) -> Sequence[Count]:
        """Take everything, or nothing when something does not fit; give the counts from before.

        What is held counts until it is settled or its lease has run out. A budget that is gone is
        left out. A further take under the same `hold_id` adds to what is held.
        """
        ...

    async def settle(self, hold_id: str, spent: Mapping[Resource, int]) -> bool:
        """Count what was used in the place of what was held; False, and no change, the second time."""
        ...

    async def give_back(self, draws: Sequence[Draw]) -> None:
        """Take back what was used at once."""
        ...

    async def renew(self, hold_ids: Sequence[str], *, lease_until_ms: int) -> None:
        """Go on holding."""
        ...

    async def counts(self, draws: Sequence[Draw], *, now_ms: int) -> Sequence[Count]:
        """Tell how far budgets are used up, and change nothing."""
        ...

    async def prune(self, before_ms: int) -> None:
        """Forget periods that began, and leases that ended, before then."""
        ...


def window_of(period: Period, now_ms: int) -> tuple[int, int]:
    """Give when the period began that it is now, and when it ends; (0, now) of `now`."""
    if period == "now":
        return 0, now_ms
    if period != "month":
        since_ms = now_ms - now_ms % _LENGTHS_MS[period]
        return since_ms, since_ms + _LENGTHS_MS[period]
    today = datetime.fromtimestamp(now_ms / 1000, UTC)
    since = datetime(today.year, today.month, 1, tzinfo=UTC)
    until = datetime(today.year + today.month // 12, today.month % 12 + 1, 1, tzinfo=UTC)
    return int(since.timestamp()) * 1000, int(until.timestamp()) * 1000
