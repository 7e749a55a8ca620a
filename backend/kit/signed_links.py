"""Short keys in links that open one thing for a while without log-in.

A key says until when it is good and proves that this server made it for exactly these words (who,
what). HMAC-SHA-256, RFC 2104, cut to 128 bits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Protocol

_SHAPE = re.compile(r"([0-9a-z]{1,13})\.([A-Za-z0-9_-]{22})", re.ASCII)
_BYTES = 16
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Clock(Protocol):
    """What expiry needs of a clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...


class LinkSigner:
    """Makes and checks keys; `purpose` keeps a key for one kind of link from opening another."""

    def __init__(self, secret: str, *, purpose: str, clock: Clock) -> None:
        self._key = hmac.digest(secret.encode(), f"steward link {purpose}".encode(), "sha256")
        self._clock = clock

    def key(self, *words: str, ttl_s: int) -> str:
        """Make a key for these words, good for so many seconds."""
        until = _base36(self._clock.now_ms() // 1000 + ttl_s)
        return f"{until}.{self.proof(until, *words)}"

    def fits(self, key: str, *words: str) -> bool:
        """Tell whether a key was made for exactly these words and is still good."""
        match = _SHAPE.fullmatch(key)
        if match is None:
            return False
        until, proof = match.groups()
        good = self.proves(proof, until, *words)
        return good and int(until, 36) * 1000 > self._clock.now_ms()

    def proves(self, proof: str, *words: str) -> bool:
        """Tell whether a proof is of exactly these words."""
        return hmac.compare_digest(proof, self.proof(*words))

    def proof(self, *words: str) -> str:
        """Prove that this server made a link of exactly these words, for as long as its key stays."""
        said = "".join(f"{len(word)}:{word}" for word in words)
        digest = hmac.digest(self._key, said.encode("utf-8", "replace"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
