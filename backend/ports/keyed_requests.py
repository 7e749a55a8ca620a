"""The port of requests that come with an Idempotency-Key: one answer for all that come with the same.

Ownership is part of every query. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request and its answer, `status` 0 until there is one.

    `key_hash` stands for the key, `fingerprint` for what was asked, empty until that has arrived whole.
    `run_id` is the run it began, `server_id` the server that answers it. `body` is as it was sent.
    """

    user_id: str
    key_hash: str
    server_id: str
    created_at_ms: int
    fingerprint: str = ""
    run_id: str = ""
    status: int = 0
    headers: Headers = ()
    body: bytes = b""


class KeyedRequestStore(Protocol):
    """Requests with keys, and their answers."""

    async def begin(
        self, request: KeyedRequest, *, since_ms: int, most: int, most_bytes: int
    ) -> KeyedRequest | None:
        """Keep a request that begins; where the user's key is known since then, give what it is for.

        Of very many, or very large ones, of the user the oldest that are answered go.
        """
        ...

    async def get(self, user_id: str, key_hash: str) -> KeyedRequest | None:
        """Give what one of the user's keys is for."""
        ...

    async def note(self, request: KeyedRequest) -> None:
        """Put what is known of a request now in the place of what was."""
        ...

    async def drop(self, user_id: str, key_hash: str) -> None:
        """Forget a key: its request may be made again."""
        ...

    async def left_by(self, server_id: str | None) -> int:
        """Forget what a server that ended had not answered and of which no run is kept; None is all servers."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Forget what came before then; tell how many."""
        ...
