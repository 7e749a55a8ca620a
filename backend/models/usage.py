"""Wire shapes of what was used, and of what may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel

from backend.models.budgets import BudgetName
from backend.ports.budgets import Count, window_of
from backend.ports.limits import Bound, Kind, Standing
from backend.ports.usage import DAY_MS, Used, UsedBy

T = TypeVar("T")


def date_of(day: int) -> date:
    """Give the date of a day that is counted from 1970."""
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date()


class Sums(BaseModel):
    """Runs, and the tokens of what they read and wrote."""

    runs: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, *told: Used | UsedBy, **more: Any) -> Self:  # noqa: ANN401 - fields of the class
        """Sum up."""
        read = sum(one.prompt_tokens for one in told)
        written = sum(one.completion_tokens for one in told)
        return cls(
            runs=sum(one.runs for one in told),
            prompt_tokens=read,
            completion_tokens=written,
            total_tokens=read + written,
            **more,
        )


class UsageRow(Sums):
    """What was used on one day (UTC) of one model, by one route."""

    day: date
    model: str
    route: str
    key_id: str

    @classmethod
    def of_row(cls, used: Used) -> Self:
        """Render a row."""
        return cls.of(
            used,
            day=date_of(used.day),
            model=used.model,
            route=used.route,
            key_id=used.key_id,
        )


class DaySums(Sums):
    """What was used on one day (UTC)."""

    day: date


class ModelSums(Sums):
    """What was used of one model."""

    model: str


class KeySums(Sums):
    """What was used with one API key; `key_id` is empty of log-ins, `name` null of a key that is gone."""

    key_id: str
    name: str | None


class UserSums(Sums):
    """What one user used."""

    user_id: str
    username: str


LimitName = Literal[
    "requests_per_minute", "tokens_per_minute", "files", "file_bytes", "waiting_files", "budget"
]
RATES: Mapping[Kind, LimitName] = {
    "requests": "requests_per_minute",
    "tokens": "tokens_per_minute",
}


class LimitOut(BaseModel):
    """One limit; `resets_in_s` tells when all of it is back, null where only deleting or waiting helps.

    A limit that an administrator has set is named by its `budget`.
    """

    name: LimitName
    limit: int
    used: int
    remaining: int
    resets_in_s: float | None
    budget: BudgetName | None = None


class UsageOut(BaseModel):
    """What a user used from `since` to `until`, both days included, and what the limits are."""

    user_id: str
    since: date
    until: date
    totals: Sums
    days: list[DaySums]
    models: list[ModelSums]
    keys: list[KeySums]
    rows: list[UsageRow]
    limits: list[LimitOut]


class UsersUsageOut(BaseModel):
    """What every user used from `since` to `until`, both days included, most tokens first."""

    since: date
    until: date
    totals: Sums
    users: list[UserSums]


def days_of(rows: Iterable[Used]) -> list[DaySums]:
    """Sum up by day, in the order of the rows."""
    sums = _grouped(rows, lambda one: one.day)
    return [DaySums.of(*some, day=date_of(day)) for day, some in sums.items()]


def models_of(rows: Iterable[Used]) -> list[ModelSums]:
    """Sum up by model, most tokens first."""
    sums = _grouped(rows, lambda one: one.model)
    found = [ModelSums.of(*some, model=model) for model, some in sums.items()]
    return sorted(found, key=lambda one: (-one.total_tokens, one.model))


def keys_of(rows: Iterable[Used], names: Mapping[str, str]) -> list[KeySums]:
    """Sum up by key, most tokens first; `names` are those of the keys there are."""
    sums = _grouped(rows, lambda one: one.key_id)
    found = [
        KeySums.of(*some, key_id=key_id, name=names.get(key_id) if key_id else "")
        for key_id, some in sums.items()
    ]
    return sorted(found, key=lambda one: (-one.total_tokens, one.key_id))


def _grouped(rows: Iterable[Used], of: Callable[[Used], T]) -> dict[T, list[Used]]:
    groups: dict[T, list[Used]] = {}
    for one in rows:
        groups.setdefault(of(one), []).append(one)
    return groups


def limits_out(
    standing: Standing | None, bounds: Iterable[Bound], counts: Iterable[Count], *, now_ms: int
) -> list[LimitOut]:
    """Render every limit that there is."""
    rates = [
        LimitOut(
            name=RATES[one.kind],
            limit=one.limit,
            used=one.limit - one.remaining,
            remaining=one.remaining,
            resets_in_s=round(one.reset_s, 3),
        )
        for one in (standing.allowances if standing else ())
    ]
    kept = [
        LimitOut(
            name=one.kind,
            limit=one.limit,
            used=one.used,
            remaining=max(0, one.limit - one.used),
            resets_in_s=None,
        )
        for one in bounds
    ]
    return rates + kept + [_budget_limit(one, now_ms) for one in counts]


def _budget_limit(count: Count, now_ms: int) -> LimitOut:
    budget = count.draw.budget
    used = count.used + count.held
    _, until_ms = window_of(budget.period, now_ms)
    return LimitOut(
        name="budget",
        limit=budget.limit,
        used=used,
        remaining=max(0, budget.limit - used),
        resets_in_s=None if budget.period == "now" else (until_ms - now_ms) / 1000,
        budget=BudgetName.of(budget),
    )
