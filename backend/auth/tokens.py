"""Signed tokens: JWT with HS256 and nothing else.

Not for: API keys (`keys`) and the page's refresh tokens (`refresh`), which are random and stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from jose import jwk, jwt
from jose.exceptions import JOSEError

from backend.errors import NotAuthenticated
from backend.ports.clock import Clock
from backend.ports.stores import User

ACCESS = "access"
READER = "reader"
MAX_TOKEN_BYTES = 4096
MIN_SECRET_BYTES = 32

_ALGORITHM = "HS256"
# python-jose skips characters outside base64url, so that a token with a tail would still verify.
_SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{43}", re.ASCII)
# What python-jose lets out for a token somebody made by hand. It parses the header before it looks
# at the signature: 20,000 nested brackets there are a RecursionError.
_DECODING_ERRORS = (
    JOSEError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
# The claims are checked below, against our clock and for their types.
_ONLY_SIGNATURE = {
    f"verify_{claim}": False
    for claim in ("aud", "iat", "exp", "nbf", "iss", "sub", "jti", "at_hash")
}


class WeakSecret(ValueError):
    """The secret that signs tokens is shorter than 32 bytes, or looks like a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a valid token says; the caller still compares `version` with the user's row."""

    user_id: str
    kind: str
    version: int
    issued_at_s: int
    expires_at_s: int


class TokenSigner:
    """Issues and reads tokens; leeway 0.

    Args:
        secret: At least 32 bytes of UTF-8; WeakSecret otherwise.
        access_ttl_s: How long a token lives unless `issue` is told otherwise.
        clock: Decides what has expired.
    """

    def __init__(self, secret: str, access_ttl_s: int, clock: Clock) -> None:
        if len(secret.encode()) < MIN_SECRET_BYTES:
            msg = f"the secret that signs tokens needs at least {MIN_SECRET_BYTES} bytes"
            raise WeakSecret(msg)
        try:
            # A key object, because python-jose reads a bare string as JSON first when it verifies.
            self._key = jwk.construct(secret, _ALGORITHM)
        except JOSEError as exc:
            msg = f"the secret that signs tokens cannot be used: {exc}"
            raise WeakSecret(msg) from exc
        self._access_ttl_s = access_ttl_s
        self._clock = clock

    def issue(self, user: User, *, kind: str = ACCESS, ttl_s: int | None = None) -> str:
        """Sign a token for a user; `kind` keeps one for a cookie from passing as an access token."""
        now_s = self._clock.now_ms() // 1000
        claims: dict[str, Any] = {
            "sub": user.id,
            "typ": kind,
            "ver": user.token_version,
            "iat": now_s,
            "exp": now_s + (self._access_ttl_s if ttl_s is None else ttl_s),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str, *, kind: str = ACCESS) -> Claims:
        """Check the signature, the time and the kind, and return the claims.

        Raises:
            NotAuthenticated: for anything else than a valid token; code `token_expired` when time
                is all that is wrong.
        """
        if len(token) > MAX_TOKEN_BYTES or _SHAPE.fullmatch(token) is None:
            raise NotAuthenticated
        try:
            raw = jwt.decode(token, self._key, algorithms=[_ALGORITHM], options=_ONLY_SIGNATURE)
        except _DECODING_ERRORS as exc:
            raise NotAuthenticated from exc
        claims = Claims(
            user_id=_text(raw, "sub"),
            kind=_text(raw, "typ"),
            version=_number(raw, "ver"),
            issued_at_s=_number(raw, "iat"),
            expires_at_s=_number(raw, "exp"),
        )
        if claims.kind != kind:
            raise NotAuthenticated
        if claims.expires_at_s * 1000 <= self._clock.now_ms():
            msg = "The access token has expired."
            raise NotAuthenticated(msg, code="token_expired")
        return claims


def _text(claims: dict[str, Any], name: str) -> str:
    match claims.get(name):
        case str(value) if value:
            return value
        case _:
            raise NotAuthenticated


def _number(claims: dict[str, Any], name: str) -> int:
    match claims.get(name):
        case bool():
            raise NotAuthenticated
        case int(value):
            return value
        case _:
            raise NotAuthenticated
