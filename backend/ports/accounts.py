"""The accounts port: who is calling, and what can be done about accounts, keys and log-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.errors import NotAllowed
from backend.ports.documents import SEARCH_TOOL
from backend.ports.stores import ApiKey, Role, User


class Bounds(Protocol):
    """What a key lets its holder do with tools and documents."""

    @property
    def allowed_tools(self) -> frozenset[str] | None:
        """Name the only tools that may be used; None means any."""
        ...

    @property
    def reads_documents(self) -> bool:
        """Tell whether files may be named."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller. No scopes means all that the user may do."""

    user: User
    scopes: tuple[str, ...] = ()
    key_id: str | None = None

    @property
    def allowed_tools(self) -> frozenset[str] | None:
        """Name the tools a key is bound to by `tools:<name>` scopes; None when it names none."""
        prefix = "tools:"
        named = frozenset(it.removeprefix(prefix) for it in self.scopes if it.startswith(prefix))
        return named or None

    @property
    def reads_documents(self) -> bool:
        """Tell whether the caller may name files: not with a key that is bound to other tools."""
        tools = self.allowed_tools
        return tools is None or SEARCH_TOOL in tools or "files" in self.scopes

    def require(self, scope: str) -> None:
        """Refuse a caller whose key lacks a scope.

        Raises:
            NotAllowed: when the key was made for other things, or an administrator is needed.
        """
        if scope == "admin" and self.user.role != "admin":
            raise NotAllowed("Only an administrator may do that")
        if self.scopes and scope not in self.scopes:
            msg = f"This API key lacks the scope '{scope}'"
            raise NotAllowed(msg)

    def require_login(self) -> None:
        """Refuse API keys where the person must be present: passwords and keys."""
        if self.key_id is not None:
            raise NotAllowed("An API key may not do that; log in")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginTokens:
    """What a log-in gives: a token for requests and, for the page, one that renews it.

    `reader_token` opens files that tools made and nothing else.
    """

    user: User
    access_token: str
    expires_in_s: int
    refresh_token: str | None
    refresh_expires_in_s: int
    reader_token: str = ""
    reader_expires_in_s: int = 0


class AccountService(Protocol):
    """Log-in, tokens, keys and accounts."""

    async def authenticate(self, credential: str) -> Principal:
        """Tell who a bearer token or API key belongs to; raise NotAuthenticated otherwise."""
        ...

    async def reader(self, token: str) -> User | None:
        """Tell whom a reader token was made for; None when it is not good any more."""
        ...

    async def is_active(self, user_id: str) -> bool:
        """Tell whether there is such an account and it may be used."""
        ...

    async def login(self, username: str, password: str, *, address: str) -> LoginTokens:
        """Log in; raise NotAuthenticated, or TooManyRequests after repeated failures."""
        ...

    async def login_page(self, username: str, password: str, *, address: str) -> LoginTokens:
        """Log in as the page does, with a browser session that renews itself."""
        ...

    async def refresh(self, refresh_token: str) -> LoginTokens:
        """Exchange a refresh token for new tokens; a used one ends its whole browser session."""
        ...

    async def logout(self, refresh_token: str) -> None:
        """End a browser session."""
        ...

    async def change_password(self, user: User, *, old: str, new: str, address: str) -> None:
        """Change a user's own password and end all older tokens."""
        ...

    async def end_log_ins(self, user: User) -> None:
        """Log a user out everywhere: every token and browser session ends, API keys go on working."""
        ...

    async def create_user(self, username: str, password: str, *, role: Role) -> User:
        """Add an account; raise Conflict when the name is taken."""
        ...

    async def users(self) -> Sequence[User]:
        """List the accounts."""
        ...

    async def update_user(
        self, user_id: str, *, role: Role | None, disabled: bool | None, password: str | None
    ) -> User:
        """Change an account; a new password or disabling ends its tokens."""
        ...

    async def delete_user(self, user_id: str) -> None:
        """Erase an account and all that is its."""
        ...

    async def create_key(
        self, user: User, *, name: str, scopes: Sequence[str], expires_in_s: int | None
    ) -> tuple[ApiKey, str]:
        """Make an API key; the secret is given once and never again."""
        ...

    async def keys(self, user_id: str) -> Sequence[ApiKey]:
        """List a user's keys."""
        ...

    async def revoke_key(self, user_id: str, key_id: str) -> None:
        """Revoke a key; raise NotFound when it is not the user's."""
        ...
