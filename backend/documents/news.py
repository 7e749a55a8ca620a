"""Tells who waits for a document that it has changed. Not for: what changed; look it up."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from backend.ports.clock import Clock


class DocumentNews:
    """Wakes waiters of one document, or of all; belongs to one event loop.

    `tell` lets other servers know of what changed here; what they tell comes in by `heard`.
    """

    def __init__(self, clock: Clock, *, tell: Callable[[str], None] | None = None) -> None:
        self._clock = clock
        self._tell = tell
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self.closed = False

    def close(self) -> None:
        """Wake everybody, and let nobody wait any more: the server is stopping."""
        self.closed = True
        self.heard("")

    def changed(self, document_id: str) -> None:
        """Wake whoever waits for a document, everywhere; an empty id means any may have changed."""
        self.heard(document_id)
        if self._tell is not None:
            self._tell(document_id)

    def heard(self, document_id: str) -> None:
        """Wake whoever waits for a document here."""
        ids = [document_id] if document_id else list(self._waiting)
        for one in ids:
            for waiter in self._waiting.pop(one, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def subscribe(self, document_id: str) -> asyncio.Future[None]:
        """Give a future that is done at the next change; take it before looking, so that none is missed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[document_id].add(waiter)
        return waiter

    async def wait(
        self, document_id: str, waiter: asyncio.Future[None], *, at_most_s: float
    ) -> None:
        """Wait for a change, but no longer than that, and not at all once closed."""
        if self.closed:
            self.unsubscribe(document_id, waiter)
            return
        timer = asyncio.ensure_future(self._clock.sleep(at_most_s))
        try:
            await asyncio.wait((waiter, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            self.unsubscribe(document_id, waiter)

    def unsubscribe(self, document_id: str, waiter: asyncio.Future[None]) -> None:
        """Stop waiting."""
        waiter.cancel()
        waiters = self._waiting.get(document_id)
        if waiters is not None:
            waiters.discard(waiter)
            if not waiters:
                del self._waiting[document_id]
