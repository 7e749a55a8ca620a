"""`/api/users`: accounts, for administrators."""

from __future__ import annotations

from fastapi import APIRouter

from backend.api.deps import Administrator, Services
from backend.api.safe_json import SafeRoute
from backend.models.auth import UserChange, UserIn, UserOut

router = APIRouter(prefix="/api/users", tags=["users"], route_class=SafeRoute)


@router.get("")
async def list_users(_: Administrator, found: Services) -> list[UserOut]:
    """List the accounts, oldest first."""
    return [UserOut.of(user) for user in await found.accounts.users()]


@router.post("", status_code=201)
async def create_user(body: UserIn, _: Administrator, found: Services) -> UserOut:
    """Add an account."""
    return UserOut.of(
        await found.accounts.create_user(body.username, body.password, role=body.role)
    )


@router.patch("/{user_id}")
async def update_user(user_id: str, body: UserChange, _: Administrator, found: Services) -> UserOut:
    """Change role, password or whether the account is enabled.

    Disabling ends all that runs or waits for the user, on every server; nothing of it begins again
    by itself.
    """
    changed = await found.accounts.update_user(
        user_id, role=body.role, disabled=body.disabled, password=body.password
    )
    if changed.disabled:
        await found.approvals.cancel_of(user_id)
        if found.documents is not None:
            await found.documents.stop_reading(user_id)
    return UserOut.of(changed)


@router.delete("/{user_id}", status_code=204)
async def delete_user(user_id: str, _: Administrator, found: Services) -> None:
    """Erase an account with all that is its; its running answers are stopped."""
    waiting = await found.approvals.waiting_of(user_id)
    await found.accounts.delete_user(user_id)
    await found.approvals.forget_user(user_id, waiting)
    if found.documents is not None:
        await found.documents.forget_user(user_id)
    if found.artifacts is not None:
        await found.artifacts.tidy(user_id)
