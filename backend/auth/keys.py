"""API keys: random, shown once, stored as a hash; they work wherever an access token does.

Not for: what a scope opens; the routes ask `ports.accounts.Principal`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

from backend.errors import Conflict, InvalidRequest, NotAuthenticated, NotFound
from backend.kit.ids import new_id
from backend.ports.clock import Clock
from backend.ports.stores import ApiKey, KeyStore, User

PREFIX = "sk-steward-"
MAX_KEYS_PER_USER = 100
MAX_NAME_CHARS = 100
TOUCH_EVERY_MS = 60_000

_MAX_SECRET_CHARS = 128
_SCOPE = re.compile(r"chat|files|admin|tools:[a-z0-9_]{1,64}")


def make_secret() -> str:
    """Draw a new key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Hash a key for storing; 256 random bits need neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def hint_of(secret: str) -> str:
    """Show enough of a key to recognise it: the prefix, its next four and its last four characters."""
    return f"{secret[: len(PREFIX) + 4]}...{secret[-4:]}"


class ApiKeys:
    """Makes, lists, revokes and recognises keys."""

    def __init__(self, keys: KeyStore, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def create(
        self,
        user: User,
        *,
        name: str,
        scopes: Sequence[str] = (),
        expires_at_ms: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key and return it with its secret, which is not kept.

        Raises:
            InvalidRequest: for a name outside 1 to 100 characters, an unknown scope or an expiry
                that has passed.
            Conflict: when the user has 100 keys.
        """
        now_ms = self._clock.now_ms()
        _check_new(
            name, scopes, expires_in_ms=None if expires_at_ms is None else expires_at_ms - now_ms
        )
        if len(await self._keys.list(user.id)) >= MAX_KEYS_PER_USER:
            msg = f"An account has at most {MAX_KEYS_PER_USER} keys; revoke one first."
            raise Conflict(msg)
        secret = make_secret()
        key = ApiKey(
            id=new_id("key"),
            user_id=user.id,
            name=name.strip(),
            hash=hash_secret(secret),
            hint=hint_of(secret),
            scopes=tuple(dict.fromkeys(scopes)),
            created_at_ms=now_ms,
            expires_at_ms=expires_at_ms,
        )
        await self._keys.add(key)
        return key, secret

    async def authenticate(self, secret: str) -> tuple[ApiKey, User]:
        """Find the key and its owner, and note at most once a minute that it was used.

        Raises:
            NotAuthenticated: when it is unknown, revoked or expired, or its owner is disabled.
        """
        if not secret.startswith(PREFIX) or len(secret) > _MAX_SECRET_CHARS:
            raise NotAuthenticated
        found = await self._keys.find(hash_secret(secret))
        if found is None:
            raise NotAuthenticated
        key, user = found
        now_ms = self._clock.now_ms()
        if user.disabled or (key.expires_at_ms is not None and key.expires_at_ms <= now_ms):
            raise NotAuthenticated
        if key.last_used_at_ms is None or now_ms - key.last_used_at_ms >= TOUCH_EVERY_MS:
            await self._keys.touch(key.id, now_ms)
        return key, user

    async def list(self, user_id: str) -> Sequence[ApiKey]:
        """List a user's keys, newest first."""
        return await self._keys.list(user_id)

    async def revoke(self, user_id: str, key_id: str) -> None:
        """End a key at once; raise NotFound when it is not the user's."""
        if not await self._keys.delete(user_id, key_id):
            raise NotFound


def _check_new(name: str, scopes: Sequence[str], *, expires_in_ms: int | None) -> None:
    if not 1 <= len(name.strip()) <= MAX_NAME_CHARS:
        msg = f"a key's name has 1 to {MAX_NAME_CHARS} characters"
        raise InvalidRequest(msg, param="name")
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            msg = f"{scope[:80]!r} is no scope; there are chat, files, admin and tools:<name>"
            raise InvalidRequest(msg, param="scopes")
    if expires_in_ms is not None and expires_in_ms <= 0:
        msg = "the expiry lies in the past"
        raise InvalidRequest(msg, param="expires_in_days")
