"""The page's session: a refresh token that is good once and is answered by the next.

A token that comes twice was stolen or replayed, so its whole family (the browser session) ends. Only
within ten seconds, and while nobody has used the next one, the answer was lost on its way, as when a
page is reloaded in that moment: then the token is good once more, and the next one is not any more.
Not for: cookies; the route sets them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from backend.auth.keys import hash_secret
from backend.errors import NotAuthenticated
from backend.kit.ids import new_id
from backend.ports.clock import Clock
from backend.ports.stores import RefreshStore, RefreshToken, User, UserStore

_MAX_SECRET_CHARS = 128
LOST_ANSWER_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSession:
    """A browser session as the route needs it: whose, and the secret for the cookie."""

    user: User
    secret: str
    expires_at_ms: int


class RefreshService:
    """Begins, renews and ends browser sessions; each renewal lasts `ttl_s` seconds."""

    def __init__(
        self, tokens: RefreshStore, users: UserStore, clock: Clock, *, ttl_s: int = 14 * 86_400
    ) -> None:
        self._tokens = tokens
        self._users = users
        self._clock = clock
        self._ttl_s = ttl_s

    async def begin(self, user: User) -> PageSession:
        """Begin a session after a log-in."""
        return await self._next(user, family=new_id("family"))

    async def renew(self, secret: str) -> PageSession:
        """Take the secret and hand out the next one.

        Raises:
            NotAuthenticated: when it is unknown, expired or used before, when the user is disabled
                or gone, or when the user's tokens were ended since.
        """
        token = await self._take(secret)
        if token is None or token.used_at_ms is not None:
            raise NotAuthenticated
        user = await self._users.get(token.user_id)
        if user is None or user.disabled or _version_of(secret) != str(user.token_version):
            await self._tokens.end_family(token.family)
            raise NotAuthenticated
        return await self._next(user, family=token.family)

    async def end(self, secret: str) -> None:
        """Log out: end the session of this secret; nothing happens when there is none."""
        token = await self._take(secret)
        if token is not None:
            await self._tokens.end_family(token.family)

    async def _take(self, secret: str) -> RefreshToken | None:
        if len(secret) > _MAX_SECRET_CHARS:
            return None
        return await self._tokens.use(
            hash_secret(secret), self._clock.now_ms(), again_ms=LOST_ANSWER_MS
        )

    async def _next(self, user: User, *, family: str) -> PageSession:
        now_ms = self._clock.now_ms()
        # The version stands in the secret, whose hash covers it: a renewal that runs while the
        # password is changed cannot carry the old session over.
        secret = f"{user.token_version}.{secrets.token_urlsafe(32)}"
        token = RefreshToken(
            id=new_id("refresh"),
            user_id=user.id,
            family=family,
            hash=hash_secret(secret),
            created_at_ms=now_ms,
            expires_at_ms=now_ms + self._ttl_s * 1000,
        )
        await self._tokens.add(token)
        return PageSession(user=user, secret=secret, expires_at_ms=token.expires_at_ms)


def _version_of(secret: str) -> str:
    return secret.partition(".")[0]
