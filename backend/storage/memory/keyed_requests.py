"""Requests that come with an Idempotency-Key, and their answers, in memory."""

from __future__ import annotations

from collections.abc import Iterable

from backend.ports.keyed_requests import KeyedRequest
from backend.storage.memory.shelves import Shelves


class MemoryKeyedRequestStore:
    """The `KeyedRequestStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._kept = shelves.keyed_requests

    async def begin(
        self, request: KeyedRequest, *, since_ms: int, most: int, most_bytes: int
    ) -> KeyedRequest | None:
        """Keep a request that begins; where the user's key is known since then, give what it is for."""
        self._shelves.require_user(request.user_id)
        key = (request.user_id, request.key_hash)
        known = self._kept.get(key)
        if known is not None and known.created_at_ms >= since_ms:
            return known
        self._kept[key] = request
        mine = [it for it in self._kept.values() if it.user_id == request.user_id]
        count, size = len(mine), sum(len(it.body) for it in mine)
        for it in sorted(mine, key=lambda it: (it.created_at_ms, it.key_hash)):
            if count <= most and size <= most_bytes:
                break
            if it.status:
                del self._kept[it.user_id, it.key_hash]
                count, size = count - 1, size - len(it.body)
        return None

    async def get(self, user_id: str, key_hash: str) -> KeyedRequest | None:
        """Give what one of the user's keys is for."""
        return self._kept.get((user_id, key_hash))

    async def note(self, request: KeyedRequest) -> None:
        """Put what is known of a request now in the place of what was."""
        key = (request.user_id, request.key_hash)
        if key in self._kept:
            self._kept[key] = request

    async def drop(self, user_id: str, key_hash: str) -> None:
        """Forget a key: its request may be made again."""
        self._kept.pop((user_id, key_hash), None)

    async def left_by(self, server_id: str | None) -> int:
        """Forget what a server that ended had not answered and of which no run is kept; None is all servers."""
        return self._drop(
            it
            for it in self._kept.values()
            if not it.status
            and it.run_id not in self._shelves.runs
            and server_id in {None, it.server_id}
        )

    async def prune(self, before_ms: int) -> int:
        """Forget what came before then; tell how many."""
        return self._drop(it for it in self._kept.values() if it.created_at_ms < before_ms)

    def _drop(self, which: Iterable[KeyedRequest]) -> int:
        found = [(it.user_id, it.key_hash) for it in which]
        for key in found:
            del self._kept[key]
        return len(found)
