"""Asking the other servers on the same database, and answering them, by signals.

An answer may be lost: who asks waits for a bounded time. Not for: what is asked (`elsewhere`, `following`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from backend.kit.ids import new_id
from backend.kit.waiting import DeadlineExceeded, within
from backend.ports.clock import Clock
from backend.ports.signals import Signals
from backend.ports.values import JsonObject

Answer = Callable[[JsonObject], JsonObject | None]
WAIT_S = 1.0


class Peers:
    """One server among others; `others` tells whether there are any."""

    def __init__(self, signals: Signals, clock: Clock, *, server_id: str = "") -> None:
        self.signals = signals
        self.server_id = server_id
        self.others = False
        self._clock = clock
        self._asked: dict[str, asyncio.Future[JsonObject]] = {}
        self._answers: set[asyncio.Task[None]] = set()
        signals.hear("answer", self._take)
        signals.hear("joined", self._meet)

    async def tell(self, topic: str, told: JsonObject) -> None:
        """Tell the others something, if there are any."""
        if self.others:
            await self.signals.tell(topic, {**told, "from": self.server_id})

    async def ask(self, topic: str, told: JsonObject) -> JsonObject | None:
        """Ask the others; None when none of them answers within WAIT_S, at once when there are none."""
        if not self.others:
            return None
        ask_id = new_id("ask")
        answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._asked[ask_id] = answer
        try:
            await self.tell(topic, {**told, "ask": ask_id})
            return await within(self._clock, WAIT_S, _result(answer))
        except DeadlineExceeded:
            return None
        finally:
            del self._asked[ask_id]

    def serve(self, topic: str, answer: Answer) -> None:
        """Have `answer` called for what others ask; None says nothing, as for what is not here."""

        def heard(told: JsonObject) -> None:
            if told.get("from") == self.server_id:
                return
            said = answer(told)
            if said is not None and "ask" in told:
                self._say({**said, "ask": told["ask"]})

        self.signals.hear(topic, heard)

    def _say(self, said: JsonObject) -> None:
        task = asyncio.create_task(self.signals.tell("answer", said))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _take(self, said: JsonObject) -> None:
        answer = self._asked.get(str(said.get("ask")))
        if answer is not None and not answer.done():
            answer.set_result(said)

    def _meet(self, told: JsonObject) -> None:
        self.others = self.others or told.get("from") != self.server_id


async def _result(answer: asyncio.Future[JsonObject]) -> JsonObject:
    return await answer
