"""Responses that are being made on another server: read, followed and stopped from this one.

What their server would answer, it writes into the journal under a name that this server gives; so the
events are those of its own writer. Not for: runs themselves (`agent.following`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import orjson

from backend.agent.elsewhere import Elsewhere
from backend.agent.following import FarRun
from backend.agent.journaling import Journaling, Page
from backend.agent.run_log import RunLog
from backend.api.responses.live import LiveResponse
from backend.api.responses.output import OutputWriter
from backend.api.run_frames import frames_of
from backend.kit.ids import new_id
from backend.ports.clock import Clock
from backend.ports.values import JsonObject

TOPIC = "response"
STOPPED_WITHIN_S, LOOK_AGAIN_S = 5.0, 0.1
_NUMBER = re.compile(rb'"sequence_number":(\d+)')
Find = Callable[[str, str], LiveResponse | None]


def frames(live: LiveResponse, *, after: int | None = None) -> AsyncIterator[bytes]:
    """Write the events of a response as they come, after the one with the number `after`."""
    writer = OutputWriter(live.run, live.asked, after=after)
    return frames_of(live.run, writer, skipped=live.asked.skipped, kept=live.done)


class FarResponses:
    """Responses of other servers, and for others those of this one."""

    def __init__(self, elsewhere: Elsewhere, journaling: Journaling, clock: Clock) -> None:
        self._elsewhere = elsewhere
        self._journaling = journaling
        self._clock = clock
        self._told: dict[str, tuple[Page, asyncio.Task[None]]] = {}

    def serve(self, find: Find) -> None:
        """Let others read what this server makes, found by user and response."""

        def answer(asked: JsonObject) -> JsonObject | None:
            live = find(str(asked.get("user_id")), str(asked.get("response_id")))
            known = self._told.get(str(asked.get("run_id")))
            if known is not None:
                page = known[0]
                self._journaling.follow(page.id, page.user_id, page.log, stored=False)
            elif live is not None and asked.get("what") is not None:
                self._begin(live, asked)
            if live is None and known is None:
                return None
            run = live.run if live is not None else None
            background = live is not None and live.asked.background
            return {"run_id": run.id if run else "", "background": background}

        self._elsewhere.peers.serve(TOPIC, answer)

    async def find(self, user_id: str, response_id: str) -> JsonObject | None:
        """Find one of the user's that another server makes: its `run_id`, and whether in the `background`."""
        asked = {"user_id": user_id, "response_id": response_id}
        return await self._elsewhere.peers.ask(TOPIC, asked)

    async def read(self, user_id: str, response_id: str, what: str) -> bytes | None:
        """Read one as it stands (`seen`) or its `input`, as JSON; None when it is not made any more."""
        far = await self._follow(user_id, response_id)
        if far is None:
            return None
        more = {"response_id": response_id, "what": what}
        async with self._elsewhere.following.reading(far, topic=TOPIC, more=more):
            while not far.log.closed:
                await far.log.changed(len(far.log.items))
        return far.log.content().encode() if far.state == "completed" else None

    async def frames(
        self,
        user_id: str,
        response_id: str,
        *,
        after: int | None,
        rest: Callable[[int | None], Awaitable[bytes]],
    ) -> AsyncGenerator[bytes]:
        """Follow one; when its server is gone, `rest` gives what is kept after the last number seen."""
        far = await self._follow(user_id, response_id)
        if far is not None:
            more = {"response_id": response_id, "what": "frames", "after": after}
            async for piece in self._pieces(far, more):
                after = _last_number(piece, after)
                yield piece
        if far is None or far.state != "completed":
            yield await rest(after)

    async def stop(self, user_id: str, response_id: str) -> bool:
        """Stop one and wait a while for its end to be kept; tell whether there was one."""
        found = await self.find(user_id, response_id)
        if found is None:
            return False
        await self._elsewhere.stop_run(user_id, found["run_id"])
        deadline_s = self._clock.monotonic_s() + STOPPED_WITHIN_S
        while self._clock.monotonic_s() < deadline_s:
            if await self.find(user_id, response_id) is None:
                break
            await self._clock.sleep(LOOK_AGAIN_S)
        return True

    async def aclose(self) -> None:
        """Stop telling others."""
        tasks = [task for _, task in self._told.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, user_id: str, response_id: str) -> FarRun | None:
        if await self.find(user_id, response_id) is None:
            return None
        return FarRun(id=new_id("told"), user_id=user_id, stored=False)

    async def _pieces(self, far: FarRun, more: JsonObject) -> AsyncGenerator[bytes]:
        async with self._elsewhere.following.reading(far, topic=TOPIC, more=more):
            seen = 0
            while not far.log.closed or len(far.log.items) > seen:
                await far.log.changed(seen)
                piece = "".join(map(str, far.log.items[seen:])).encode()
                seen = len(far.log.items)
                if piece:
                    yield piece

    def _begin(self, live: LiveResponse, asked: JsonObject) -> None:
        name, log = str(asked["run_id"]), RunLog()
        page = self._journaling.follow(name, live.run.request.user_id, log, stored=False)
        task = asyncio.create_task(self._tell(live, page, asked), name=name)
        self._told[name] = page, task
        task.add_done_callback(lambda _: self._told.pop(name, None))

    async def _tell(self, live: LiveResponse, page: Page, asked: JsonObject) -> None:
        """Write what is asked for, until all is written or nobody asks for it any more."""
        if asked["what"] == "frames":
            async for frame in frames(live, after=asked.get("after")):
                page.log.add(frame.decode())
                if page.followed_until_s < self._clock.monotonic_s():
                    break
        else:
            body = live.input_items() if asked["what"] == "input" else live.seen()
            page.log.add(orjson.dumps(body, default=str).decode())
        self._journaling.end_page(page, "completed")


def _last_number(frames: bytes, before: int | None) -> int | None:
    found = _NUMBER.findall(frames)
    return int(found[-1]) if found else before
