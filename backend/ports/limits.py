"""What bounds one user: the port that counts requests and tokens of a minute, and what may be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["requests", "tokens"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of one limit: `limit` per minute, and the seconds until all of it is back."""

    kind: Kind
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a user stands; `exceeded` names the limit that is used up, for `wait_s` seconds more."""

    allowances: tuple[Allowance, ...]
    exceeded: Kind | None = None
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit of what a user may keep, and how much that is now."""

    kind: Literal["files", "file_bytes", "waiting_files"]
    limit: int
    used: int


class RateLimiter(Protocol):
    """Counts requests and tokens of every user."""

    async def take(self, user_id: str) -> Standing:
        """Count one request unless a limit is used up; tell which limits there are."""
        ...

    async def standing(self, user_id: str) -> Standing:
        """Tell which limits there are, and count nothing."""
        ...

    def spend(self, user_id: str, tokens: int) -> None:
        """Count the tokens of an answer, soon if not at once; it may cost more than was left."""
        ...
