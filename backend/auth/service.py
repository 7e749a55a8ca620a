"""The accounts port over the parts of this folder: one object that the routes speak to."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backend.auth.accounts import Accounts
from backend.auth.keys import PREFIX, ApiKeys
from backend.auth.login import LoginLimits, LoginService, Tier
from backend.auth.passwords import Passwords
from backend.auth.recent import RecentCallers
from backend.auth.refresh import PageSession, RefreshService
from backend.auth.tokens import READER, Claims, TokenSigner
from backend.errors import NotAuthenticated, StewardError
from backend.ports.accounts import LoginTokens, Principal
from backend.ports.clock import Clock
from backend.ports.login_attempts import LoginAttemptStore
from backend.ports.signals import Signals
from backend.ports.stores import (
    ApiKey,
    KeyStore,
    RefreshStore,
    Role,
    User,
    UserStore,
)

logger = logging.getLogger(__name__)
TOPIC = "user"
# Longer than an access token: pictures are loaded by a page that has long been left alone, and a
# picture cannot ask for a new token. Disabling the account or changing its password ends it at once.
READER_TTL_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthOptions:
    """How people log in; times in seconds."""

    secret: str
    access_token_ttl_s: int = 3600
    refresh_token_ttl_s: int = 30 * 86_400
    bcrypt_rounds: int = 12
    failures_per_account: int = 10
    failures_per_address: int = 50
    login_window_s: int = 900


class AuthService:
    """Log-in, tokens, keys and accounts (`ports.accounts.AccountService`)."""

    def __init__(
        self,
        *,
        users: UserStore,
        keys: KeyStore,
        refresh_tokens: RefreshStore,
        attempts: LoginAttemptStore,
        clock: Clock,
        options: AuthOptions,
    ) -> None:
        self._users = users
        self._clock = clock
        self._options = options
        self._signals: Signals | None = None
        self._passwords = Passwords(rounds=options.bcrypt_rounds)
        self._login = LoginService(users, attempts, self._passwords, clock, _limits(options))
        self._accounts = Accounts(users, refresh_tokens, self._passwords, self._login, clock)
        self._keys = ApiKeys(keys, clock)
        self._recent = RecentCallers(clock)
        self._signer = TokenSigner(options.secret, options.access_token_ttl_s, clock)
        self._pages = RefreshService(
            refresh_tokens, users, clock, ttl_s=options.refresh_token_ttl_s
        )

    async def first_admin(self, username: str, password: str | None) -> str | None:
        """Make the first administrator when there is no account; give a generated password."""
        made = await self._accounts.first_admin(username, password)
        return made.generated_password if made else None

    async def authenticate(self, credential: str) -> Principal:
        """Tell who a bearer token or API key belongs to.

        The rows are read again at least every second, and at once after any change.
        """
        caller = self._recent.get(credential)
        if caller is None:
            generation = self._recent.generation
            caller, expires_at_ms = await self._looked_up(credential)
            self._recent.put(credential, caller, generation=generation, expires_at_ms=expires_at_ms)
        return caller

    async def _looked_up(self, credential: str) -> tuple[Principal, int | None]:
        if credential.startswith(PREFIX):
            key, user = await self._keys.authenticate(credential)
            caller = Principal(user=user, scopes=key.scopes, key_id=key.id)
            return caller, key.expires_at_ms
        claims = self._signer.read(credential)
        return Principal(user=await self._bearer(claims)), claims.expires_at_s * 1000

    async def _bearer(self, claims: Claims) -> User:
        user = await self._users.get(claims.user_id)
        if user is None or user.disabled or user.token_version != claims.version:
            raise NotAuthenticated
        return user

    async def reader(self, token: str) -> User | None:
        """Tell whom a reader token was made for; None when it is not good any more."""
        try:
            return await self._bearer(self._signer.read(token, kind=READER))
        except NotAuthenticated:
            return None

    async def is_active(self, user_id: str) -> bool:
        """Tell whether there is such an account and it may be used."""
        user = await self._users.get(user_id)
        return user is not None and not user.disabled

    def hear(self, signals: Signals) -> None:
        """Tell the other servers of changes from now on, and hear of theirs."""
        self._signals = signals
        signals.hear(TOPIC, lambda _: self._recent.clear())

    @asynccontextmanager
    async def _changing(
        self, user_id: str, *, key_id: str = "", ended: bool = False
    ) -> AsyncGenerator[None]:
        """Forget who was authenticated before, once an account or key has been changed.

        With `ended` the user or key may do nothing any more, and what runs for them ends everywhere.
        """
        try:
            yield
        finally:
            self._recent.clear()
        if self._signals is None:
            return
        told = {"user_id": user_id, "key_id": key_id, "ended": ended}
        try:
            await self._signals.tell(TOPIC, told)
        except StewardError as exc:  # the others look for themselves every few seconds
            logger.warning("other servers were not told of a change: %s", exc.message)

    async def login(self, username: str, password: str, *, address: str) -> LoginTokens:
        """Log in without a browser session."""
        return self._tokens(await self._login.login(username, password, address), None)

    async def login_page(self, username: str, password: str, *, address: str) -> LoginTokens:
        """Log in with a browser session that renews itself."""
        user = await self._login.login(username, password, address)
        return self._tokens(user, await self._pages.begin(user))

    async def refresh(self, refresh_token: str) -> LoginTokens:
        """Exchange a refresh token for new tokens; a used one ends its whole browser session."""
        page = await self._pages.renew(refresh_token)
        return self._tokens(page.user, page)

    async def logout(self, refresh_token: str) -> None:
        """End a browser session."""
        await self._pages.end(refresh_token)

    async def change_password(self, user: User, *, old: str, new: str, address: str) -> None:
        """Change a user's own password and end all older tokens."""
        async with self._changing(user.id):
            await self._accounts.change_own_password(user, current=old, new=new, address=address)

    async def end_log_ins(self, user: User) -> None:
        """Log a user out everywhere."""
        async with self._changing(user.id):
            await self._accounts.end_log_ins(user.id)

    async def create_user(self, username: str, password: str, *, role: Role) -> User:
        """Add an account."""
        return await self._accounts.create(username, password, role=role)

    async def users(self) -> Sequence[User]:
        """List the accounts."""
        return await self._accounts.list()

    async def update_user(
        self, user_id: str, *, role: Role | None, disabled: bool | None, password: str | None
    ) -> User:
        """Change an account; a new password or disabling ends its tokens."""
        async with self._changing(user_id, ended=disabled is True):
            return await self._accounts.change(
                user_id, role=role, disabled=disabled, password=password
            )

    async def delete_user(self, user_id: str) -> None:
        """Erase an account and all that is its."""
        async with self._changing(user_id, ended=True):
            await self._accounts.delete(user_id)

    async def create_key(
        self, user: User, *, name: str, scopes: Sequence[str], expires_in_s: int | None
    ) -> tuple[ApiKey, str]:
        """Make an API key; the secret is given once."""
        expires_at_ms = None
        if expires_in_s is not None:
            expires_at_ms = self._clock.now_ms() + expires_in_s * 1000
        return await self._keys.create(user, name=name, scopes=scopes, expires_at_ms=expires_at_ms)

    async def keys(self, user_id: str) -> Sequence[ApiKey]:
        """List a user's keys."""
        return await self._keys.list(user_id)

    async def revoke_key(self, user_id: str, key_id: str) -> None:
        """Revoke a key."""
        async with self._changing(user_id, key_id=key_id, ended=True):
            await self._keys.revoke(user_id, key_id)

    async def aclose(self) -> None:
        """Stop the threads that hash passwords."""
        await self._passwords.aclose()

    def _tokens(self, user: User, page: PageSession | None) -> LoginTokens:
        return LoginTokens(
            user=user,
            access_token=self._signer.issue(user),
            expires_in_s=self._options.access_token_ttl_s,
            refresh_token=page.secret if page else None,
            refresh_expires_in_s=self._options.refresh_token_ttl_s,
            reader_token=self._signer.issue(user, kind=READER, ttl_s=READER_TTL_S) if page else "",
            reader_expires_in_s=READER_TTL_S if page else 0,
        )


def _limits(options: AuthOptions) -> LoginLimits:
    window_s = options.login_window_s
    soon = Tier(failures=max(1, options.failures_per_account // 2), window_s=min(60, window_s))
    return LoginLimits(
        pair=(soon, Tier(failures=options.failures_per_account, window_s=window_s)),
        address=(Tier(failures=options.failures_per_address, window_s=window_s),),
    )
