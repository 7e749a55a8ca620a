"""Accounts in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.folding import fold
from backend.ports.stores import Role, User
from backend.storage.memory.shelves import Shelves
from backend.storage.users import LAST_ADMIN, NAME_TAKEN


class MemoryUserStore:
    """The `UserStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(self, user: User) -> None:
        """Add an account; raise Conflict when the name is taken."""
        if user.id in self._shelves.users or await self.by_name(user.username) is not None:
            raise Conflict(NAME_TAKEN, param="username")
        self._shelves.users[user.id] = user

    async def get(self, user_id: str) -> User | None:
        """Find by id."""
        return self._shelves.users.get(user_id)

    async def by_name(self, username: str) -> User | None:
        """Find by name in any spelling of case and width."""
        key = fold(username)
        return next((it for it in self._shelves.users.values() if fold(it.username) == key), None)

    async def list(self) -> Sequence[User]:
        """All accounts, oldest first."""
        return tuple(sorted(self._shelves.users.values(), key=lambda it: (it.created_at_ms, it.id)))

    async def update(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
        end_tokens: bool = False,
    ) -> User | None:
        """Change the given fields; `end_tokens` makes every older token invalid.

        Raises Conflict when the last enabled administrator would be lost.
        """
        user = self._shelves.users.get(user_id)
        if user is None:
            return None
        changed = replace(
            user,
            role=user.role if role is None else role,
            disabled=user.disabled if disabled is None else disabled,
            password_hash=user.password_hash if password_hash is None else password_hash,
            token_version=user.token_version + int(end_tokens),
        )
        if changed.role != "admin" or changed.disabled:
            self._keep_an_admin(user)
        self._shelves.users[user_id] = changed
        return changed

    async def delete(self, user_id: str) -> bool:
        """Erase an account and all that is its; Conflict for the last enabled administrator."""
        user = self._shelves.users.get(user_id)
        if user is None:
            return False
        self._keep_an_admin(user)
        self._shelves.erase_user(user_id)
        return True

    async def count(self) -> int:
        """Number of accounts."""
        return len(self._shelves.users)

    def _keep_an_admin(self, user: User) -> None:
        enabled = [it for it in self._shelves.users.values() if _is_enabled_admin(it)]
        if _is_enabled_admin(user) and len(enabled) <= 1:
            raise Conflict(LAST_ADMIN)


def _is_enabled_admin(user: User) -> bool:
    return user.role == "admin" and not user.disabled
