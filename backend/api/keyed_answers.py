"""The answers to requests with a key while they are given. Not for: giving them (`idempotency`)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.keyed_requests import Headers, KeyedRequestStore


@dataclass(slots=True, eq=False)
class Answer:
    """The answer to a key while it is given; whoever comes with the key reads it from the start."""

    fingerprint: str = ""
    status: int = 0
    headers: Headers = ()
    chunks: list[bytes] = field(default_factory=list[bytes])
    error: StewardError | None = None
    replayed: bool = False
    done: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Let who waits look again."""
        self.more.set()
        self.more = asyncio.Event()


class KeyedAnswers:
    """The answers of this server that are being given, and the store of those that were."""

    def __init__(self, store: KeyedRequestStore, clock: Clock, *, server_id: str) -> None:
        self.store = store
        self.clock = clock
        self.server_id = server_id
        self.live: dict[tuple[str, str], Answer] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def aclose(self) -> None:
        """Wait until what has ended is kept."""
        if self.tasks:
            await asyncio.wait(self.tasks)
