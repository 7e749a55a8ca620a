"""`/api/admin/budgets`: what users, keys and models may use, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.deps import Administrator, Services
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.models.budgets import BudgetIn, BudgetOut
from backend.ports.budgets import Budget, Scope

router = APIRouter(prefix="/api/admin/budgets", tags=["budgets"], route_class=SafeRoute)
MISSING = "There is no such budget"


@router.get("")
async def list_budgets(
    _: Administrator,
    found: Services,
    scope: Scope | None = None,
    subject: Annotated[str | None, Query(max_length=256)] = None,
) -> list[BudgetOut]:
    """List the budgets, of one scope and subject if given."""
    return [
        BudgetOut.of(one)
        for one in await found.budgets.all()
        if scope in {None, one.scope} and subject in {None, one.subject}
    ]


@router.put("")
async def set_budget(body: BudgetIn, _: Administrator, found: Services) -> BudgetOut:
    """Set a budget; one there is of the same scope, subject, model, resource and period is changed.

    It binds at once, with what was used before it was changed.
    """
    return BudgetOut.of(await found.budgets.put(body.budget(new_id("budget"))))


@router.get("/{budget_id}")
async def get_budget(budget_id: str, _: Administrator, found: Services) -> BudgetOut:
    """Show one."""
    return BudgetOut.of(_found(await found.budgets.all(), budget_id))


@router.delete("/{budget_id}", status_code=204)
async def delete_budget(budget_id: str, _: Administrator, found: Services) -> None:
    """Take one away, with what was counted."""
    if not await found.budgets.delete(budget_id):
        raise NotFound(MISSING)


def _found(budgets: Sequence[Budget], budget_id: str) -> Budget:
    for one in budgets:
        if one.id == budget_id:
            return one
    raise NotFound(MISSING)
