"""Budgets that are set on one of several servers, for tests in which another one must keep to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from tests.fakes.one_server import until

MOST_WAIT_S = 60.0


async def set_on_all(sides: Sequence[httpx.AsyncClient], budget: dict[str, Any]) -> str:
    """Set a user's budget on the first server and wait until all show it; give its id.

    `sides` are clients of the administrator: the others hear of a budget a moment later.
    """
    made = await sides[0].put("/api/admin/budgets", json=budget)
    assert made.status_code == 200, made.text
    budget_id: str = made.json()["id"]
    address = f"/api/usage?user={budget['subject']}"
    for side in sides:
        await until(
            lambda side=side: side.get(address),
            lambda shown: budget_id in budgets_of(shown.json()),
            within_s=MOST_WAIT_S,
        )
    return budget_id


def budgets_of(usage: dict[str, Any]) -> list[str]:
    """Give the ids of the budgets that a user's usage shows."""
    return [one["budget"]["id"] for one in usage["limits"] if one["budget"]]
