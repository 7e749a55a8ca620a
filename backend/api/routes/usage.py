"""`/api/usage`: what was used per day, model and route, and what is left of the limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.deps import Account, Administrator, AppServices, Services
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound
from backend.models.usage import (
    LimitOut,
    Sums,
    UsageOut,
    UsageRow,
    UserSums,
    UsersUsageOut,
    date_of,
    days_of,
    keys_of,
    limits_out,
    models_of,
)
from backend.ports.accounts import Principal
from backend.ports.usage import DAY_MS, UsedBy

router = APIRouter(prefix="/api/usage", tags=["usage"], route_class=SafeRoute)
Days = Annotated[int, Query(ge=1, le=366, description="How many days, today's (UTC) included.")]


@router.get("")
async def usage(
    account: Account,
    found: Services,
    days: Days = 30,
    user: Annotated[str | None, Query(max_length=100)] = None,
) -> UsageOut:
    """Tell what one used, newest day first, and one's limits; an administrator may name a user."""
    user_id = await _whose(account, found, user)
    keys = {one.id: one.name for one in await found.accounts.keys(user_id)}
    since, until = _span(found, days)
    rows = await found.usage.of_user(user_id, since_day=since)
    return UsageOut(
        user_id=user_id,
        since=date_of(since),
        until=date_of(until),
        totals=Sums.of(*rows),
        days=days_of(rows),
        models=models_of(rows),
        keys=keys_of(rows, keys),
        rows=[UsageRow.of_row(one) for one in rows],
        limits=await _limits(found, user_id, [*keys]),
    )


@router.get("/users")
async def usage_of_users(_: Administrator, found: Services, days: Days = 30) -> UsersUsageOut:
    """Sum up what every user used, most tokens first."""
    since, until = _span(found, days)
    used = {one.user_id: one for one in await found.usage.by_user(since_day=since)}
    users = [
        UserSums.of(used.get(one.id, UsedBy(user_id=one.id)), user_id=one.id, username=one.username)
        for one in await found.accounts.users()
    ]
    users.sort(key=lambda one: (-one.total_tokens, -one.runs))
    return UsersUsageOut(
        since=date_of(since), until=date_of(until), totals=Sums.of(*used.values()), users=users
    )


async def _whose(account: Principal, found: AppServices, user: str | None) -> str:
    if user is None or user == account.user.id:
        account.require("chat")
        return account.user.id
    account.require("admin")
    if not any(one.id == user for one in await found.accounts.users()):
        raise NotFound("There is no such user")
    return user


def _span(found: AppServices, days: int) -> tuple[int, int]:
    today = found.clock.now_ms() // DAY_MS
    return today - days + 1, today


async def _limits(found: AppServices, user_id: str, key_ids: Sequence[str]) -> list[LimitOut]:
    standing = None if found.limits is None else await found.limits.standing(user_id)
    bounds = () if found.documents is None else await found.documents.bounds(user_id)
    counts = await found.budgets.standing(user_id, key_ids)
    return limits_out(standing, bounds, counts, now_ms=found.clock.now_ms())
