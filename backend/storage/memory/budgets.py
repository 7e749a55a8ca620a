"""Budgets in memory, of one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.errors import NotFound
from backend.ports.budgets import Budget, Count, Draw, Resource
from backend.storage.memory.shelves import Shelves

_At = tuple[str, str, int]


class MemoryBudgetStore:
    """The `BudgetStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._budgets: dict[str, Budget] = {}
        self._used: dict[_At, int] = {}
        self._holds: dict[str, dict[_At, tuple[Draw, int]]] = {}

    async def all(self) -> Sequence[Budget]:
        """Every budget, in the order of their places."""
        return sorted(self._there().values(), key=lambda it: it.place)

    async def put(self, budget: Budget) -> Budget:
        """Set a budget; one of the same place keeps its id and what was counted."""
        known = {"user": self._shelves.users, "key": self._shelves.keys}.get(budget.scope)
        if known is not None and budget.subject not in known:
            msg = f"There is no such {budget.scope}"
            raise NotFound(msg, param="subject")
        old = next((it for it in self._budgets.values() if it.place == budget.place), None)
        kept = replace(old, limit=budget.limit) if old else budget
        self._budgets[kept.id] = kept
        return kept

    async def delete(self, budget_id: str) -> bool:
        """Forget a budget and its counts."""
        for at in [at for at in self._used if at[0] == budget_id]:
            del self._used[at]
        for hold in self._holds.values():
            for at in [at for at in hold if at[0] == budget_id]:
                del hold[at]
        return self._budgets.pop(budget_id, None) is not None

    async def take(
        self,
        hold_id: str,
        draws: Sequence[Draw],
        *,
        now_ms: int,
        lease_until_ms: int,
    ) -> Sequence[Count]:
        """Take everything, or nothing when something does not fit; give the counts from before."""
        there = self._there()
        found = [self._count(it, now_ms) for it in draws if it.budget.id in there]
        if not all(one.fits for one in found):
            return found
        for draw in (one.draw for one in found):
            at = _at(draw)
            if draw.held:
                hold = self._holds.setdefault(hold_id, {})
                before = hold[at][0].amount if at in hold else 0
                hold[at] = replace(draw, amount=before + draw.amount), lease_until_ms
            else:
                self._used[at] = self._used.get(at, 0) + draw.amount
        return found

    async def settle(self, hold_id: str, spent: Mapping[Resource, int]) -> bool:
        """Count what was used in the place of what was held; False, and no change, the second time."""
        hold = self._holds.pop(hold_id, {})
        for at, (draw, _) in hold.items():
            more = spent.get(draw.budget.resource, 0)
            if draw.budget.resource != "concurrent_runs" and more:
                self._used[at] = self._used.get(at, 0) + more
        return bool(hold)

    async def give_back(self, draws: Sequence[Draw]) -> None:
        """Take back what was used at once."""
        for draw in draws:
            if draw.budget.id in self._there():
                self._used[_at(draw)] = self._used.get(_at(draw), 0) - draw.amount

    async def renew(self, hold_ids: Sequence[str], *, lease_until_ms: int) -> None:
        """Go on holding."""
        for hold in (self._holds.get(one, {}) for one in hold_ids):
            for at, (draw, _) in list(hold.items()):
                hold[at] = draw, lease_until_ms

    async def counts(self, draws: Sequence[Draw], *, now_ms: int) -> Sequence[Count]:
        """Tell how far budgets are used up, and change nothing."""
        return [self._count(draw, now_ms) for draw in draws]

    async def prune(self, before_ms: int) -> None:
        """Forget periods that began, and leases that ended, before then."""
        self._used = {at: it for at, it in self._used.items() if not 0 < at[2] < before_ms}
        for hold in self._holds.values():
            for at in [at for at, (_, until_ms) in hold.items() if until_ms < before_ms]:
                del hold[at]

    def _there(self) -> dict[str, Budget]:
        """Give the budgets whose user or key has not gone meanwhile."""
        users, keys = self._shelves.users, self._shelves.keys
        self._budgets = {
            one.id: one
            for one in self._budgets.values()
            if (one.scope != "user" or one.subject in users)
            and (one.scope != "key" or one.subject in keys)
        }
        return self._budgets

    def _count(self, draw: Draw, now_ms: int) -> Count:
        at = _at(draw)
        held = [hold[at] for hold in self._holds.values() if at in hold]
        amount = sum(it.amount for it, until_ms in held if until_ms > now_ms)
        return Count(draw, self._used.get(at, 0), amount if draw.held else 0)


def _at(draw: Draw) -> _At:
    return draw.budget.id, draw.counted, draw.since_ms
