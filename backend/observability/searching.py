"""A search in documents that is watched."""

from __future__ import annotations

from typing import Protocol

from backend.ports.clock import Clock
from backend.ports.documents import SearchAnswer, SearchQuery
from backend.ports.watching import Watch


class Search(Protocol):
    """What finds passages."""

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages."""
        ...


class WatchedSearch:
    """Searches by another, and tells how long it took and how much it found."""

    def __init__(self, search: Search, watch: Watch, clock: Clock) -> None:
        self._search = search
        self._watch = watch
        self._clock = clock

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages."""
        began_s = self._clock.monotonic_s()
        tracing = self._watch.tracing
        with tracing.span(
            "retrieval documents",
            attributes={"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "documents"},
        ) as span:
            if tracing.with_content:
                span.note({"gen_ai.retrieval.query.text": query.text})
            found = await self._search.search(user_id, query)
            span.note({"steward.retrieval.hits": len(found.passages)})
        took_s = self._clock.monotonic_s() - began_s
        self._watch.measuring.search(took_s, len(found.passages))
        return found
