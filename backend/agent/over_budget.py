"""What is said of budgets: that one is used up and when it is back, and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from backend.errors import InsufficientQuota, QuotaExceeded, StewardError, TooManyRequests
from backend.ports.budgets import Budget, Count, Resource, Scope, window_of
from backend.ports.limits import Allowance, Kind

SOON_S = 2.0
_UNITS: Mapping[Resource, str] = {
    "requests": "requests",
    "tokens": "tokens",
    "concurrent_runs": "answers at once",
    "upload_bytes": "bytes of uploads",
}
_WHOSE: Mapping[Scope, str] = {
    "default": "for every user",
    "user": "for this user",
    "key": "for this API key",
    "model": "for all users of this model",
}
_SHOWN: Mapping[Resource, Kind] = {"requests": "requests", "tokens": "tokens"}


def refusal(found: Sequence[Count], *, now_ms: int) -> StewardError:
    """Say which budget stands in the way: of several, the one for which one waits longest.

    What is larger than the whole budget can only be refused: 413 for an upload.
    """
    over = [one for one in found if not one.fits]
    worst = max(over, key=lambda one: wait_s(one, now_ms))
    budget, amount = worst.draw.budget, worst.draw.amount
    seconds = wait_s(worst, now_ms)
    name = name_of(budget)
    if amount > budget.limit and budget.resource == "upload_bytes":
        return QuotaExceeded(f"This upload of {amount:,} bytes does not fit into {name}.")
    held = f", {worst.held:,} held by what runs" if worst.held else ""
    told = (
        f"Over {name}: {worst.used:,} used{held}, {amount:,} more asked for. {_when(worst, now_ms)}"
    )
    if amount > budget.limit > 0:
        told += " It is smaller than this request; ask for less at once."
    if budget.period in {"day", "month"}:
        return InsufficientQuota(told, retry_after_s=seconds)
    return TooManyRequests(told, retry_after_s=seconds)


def name_of(budget: Budget) -> str:
    """Name a budget: "the budget of 20 requests per day for this user"."""
    per = "" if budget.period == "now" else f" per {budget.period}"
    of = f" of the model {budget.model or budget.subject}"
    of = of if budget.model or budget.scope == "model" else ""
    return (
        f"the budget of {budget.limit:,} {_UNITS[budget.resource]}{per}{of} {_WHOSE[budget.scope]}"
    )


def wait_s(count: Count, now_ms: int) -> float:
    """Give the seconds after which to come again: soon, where something that runs may give back."""
    budget = count.draw.budget
    if budget.period == "now" or count.used + count.draw.amount <= budget.limit:
        return SOON_S
    _, until_ms = window_of(budget.period, now_ms)
    return (until_ms - now_ms) / 1000


def allowances(found: Sequence[Count], *, now_ms: int, taken: bool) -> Sequence[Allowance]:
    """Tell what is left of requests and tokens, each by the budget with the least left."""
    tightest: dict[Kind, Allowance] = {}
    for one in found:
        budget = one.draw.budget
        kind = _SHOWN.get(budget.resource)
        if kind is None:
            continue
        gone = one.used + one.held + (one.draw.amount if taken else 0)
        _, until_ms = window_of(budget.period, now_ms)
        left = max(0, budget.limit - gone)
        known = tightest.get(kind)
        if known is None or left < known.remaining:
            tightest[kind] = Allowance(kind, budget.limit, left, (until_ms - now_ms) / 1000)
    return tuple(tightest.values())


def _when(count: Count, now_ms: int) -> str:
    seconds = wait_s(count, now_ms)
    if seconds == SOON_S:
        return "Something is back when an answer under way has ended."
    at = datetime.fromtimestamp((now_ms + seconds * 1000) / 1000, UTC)
    return f"It is back at {at:%Y-%m-%d %H:%M:%S} UTC."
