"""Responses that are being made: found by their id while they run, kept when they have ended.

A response is kept whether or not its client still listens. Not for: what its turn does (`agent.turn`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from backend.agent.ending import kept_messages, quoted_files, stored_run
from backend.agent.run import Run
from backend.api.responses.answer import key_of, lost, response_id
from backend.api.responses.asked import Asked
from backend.api.responses.input import kept_items
from backend.api.responses.kept import EVERYTHING, INCLUDED, QUOTES, SIZES, shown
from backend.api.responses.output import finished, queued, unfinished
from backend.errors import StewardError, TooManyRequests
from backend.ports.answers import AnswerStore, StoredAnswer
from backend.ports.clock import Clock
from backend.ports.stores import RunStore
from backend.ports.values import ChatMessage, JsonObject

logger = logging.getLogger(__name__)
MOST_IN_BACKGROUND = 64
LOOK_AGAIN_S = 1.0
UNFINISHED = frozenset({"queued", "in_progress"})


def is_whole(kept: StoredAnswer | None) -> TypeGuard[StoredAnswer]:
    """Tell whether a response is kept as it ended."""
    return kept is not None and kept.body.get("status") not in UNFINISHED


@dataclass(slots=True, eq=False)
class LiveResponse:
    """A response whose run goes on, or has ended and is being kept; `body` is there at the end."""

    run: Run
    asked: Asked
    task: asyncio.Task[None] | None = None
    body: JsonObject | None = None

    @property
    def id(self) -> str:
        """Name it."""
        return response_id(self.run, self.asked)

    def seen(self) -> JsonObject:
        """Give the response as it stands."""
        return self.body or unfinished(self.run, self.asked)

    def input_items(self) -> list[JsonObject]:
        """Give what the request brought, as it is listed."""
        return kept_items(self.asked.items, self.asked.key or key_of(self.run))

    async def done(self) -> JsonObject:
        """Wait until it has ended and is kept; leaving early changes nothing."""
        if self.task is not None:
            await asyncio.shield(self.task)
        return self.seen()


class LiveResponses:
    """Those of this process, and the store in which they end."""

    def __init__(self, answers: AnswerStore, runs: RunStore, clock: Clock) -> None:
        self._answers = answers
        self._runs = runs
        self._clock = clock
        self._live: dict[str, LiveResponse] = {}

    def require_room(self, user_id: str) -> None:
        """Refuse one more in the background to a user of whom too many run: nobody waits for those.

        Raises:
            TooManyRequests: until one of them has ended.
        """
        own = (it for it in self._live.values() if it.run.request.user_id == user_id)
        if sum(it.asked.background for it in own) >= MOST_IN_BACKGROUND:
            msg = (
                f"{MOST_IN_BACKGROUND} of your responses run in the background; wait for one to end"
            )
            raise TooManyRequests(msg, param="background", retry_after_s=5)

    async def begin(self, run: Run, asked: Asked) -> LiveResponse:
        """Follow a run that was just started; one in the background is in the store from now on.

        Raises:
            TooManyRequests: when others that were asked for at the same time left no room.
        """
        if asked.background:
            try:
                self.require_room(run.request.user_id)
            except TooManyRequests:
                run.cancel()
                raise
        live = LiveResponse(run, asked)
        self._live[live.id] = live
        if asked.background:
            try:
                if run.session_id is None:
                    await self._runs.save(stored_run(run))
                    run.in_store = True
                await self._save(live, queued(run, asked))
            except BaseException:
                run.cancel()
                del self._live[live.id]
                raise
        # Not before: a short run would end, and be kept, before it is in the store as one that was asked for.
        live.task = asyncio.create_task(self._follow(live), name=live.id)
        return live

    def get(self, user_id: str, response: str) -> LiveResponse | None:
        """Find one of the user's that can be read by its id."""
        live = self._live.get(response)
        mine = live is not None and live.run.request.user_id == user_id and live.asked.store
        return live if mine else None

    async def read(self, user_id: str, response: str) -> StoredAnswer | None:
        """Read one that is kept; one whose server was stopped has failed."""
        kept = await self._answers.get(user_id, response)
        if kept is None or kept.kind != "response":
            return None
        if kept.body.get("status") not in UNFINISHED or response in self._live:
            return kept
        run = await self._runs.get(user_id, kept.run_id)
        if run is not None and run.state == "running":
            return replace(kept, body={**kept.body, "status": "in_progress"})  # on another server
        # It may have ended between the two looks.
        again = await self._answers.get(user_id, response)
        if again is None or again.body.get("status") not in UNFINISHED:
            return again
        ended = replace(again, body=lost(again.body))
        await self._answers.save(ended)
        return ended

    async def ended(self, user_id: str, response: str) -> StoredAnswer | None:
        """Wait for the end of one that another server makes, or made when it died."""
        while (kept := await self.read(user_id, response)) is not None and not is_whole(kept):
            await self._clock.sleep(LOOK_AGAIN_S)
        return kept

    async def forget(self, user_id: str, response: str) -> bool:
        """Keep one no longer; one that still runs is stopped first."""
        live = self.get(user_id, response)
        if live is not None:
            live.run.cancel()
            await live.done()
        kept = await self._answers.get(user_id, response)
        if kept is None or kept.kind != "response":
            return False
        return await self._answers.delete(user_id, response)

    async def aclose(self) -> None:
        """Wait until what has ended is kept."""
        tasks = [live.task for live in self._live.values() if live.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, live: LiveResponse) -> None:
        run = live.run
        try:
            await run.done()
            asked = live.asked
            writer = finished(run, replace(asked, include=asked.include | EVERYTHING))
            kept: JsonObject = {
                **writer.body,
                INCLUDED: sorted(asked.include),
                QUOTES: writer.quotes,
            }
            live.body = shown(kept)
            if asked.store and not self._failed_at_once(live) and not await self._deleted(live):
                again = asked.background and asked.streamed
                await self._save(live, {**kept, **({SIZES: writer.sizes} if again else {})})
        except StewardError as exc:
            logger.warning("response %s could not be kept: %s", run.id, exc.message)
        except Exception:
            logger.exception("response %s could not be kept", run.id)
        finally:
            del self._live[live.id]

    async def _deleted(self, live: LiveResponse) -> bool:
        """Tell whether one that was in the store from its beginning was deleted there, by another server."""
        if not live.asked.background:
            return False
        return await self._answers.get(live.run.request.user_id, live.id) is None

    def _failed_at_once(self, live: LiveResponse) -> bool:
        """Tell whether the client gets an HTTP error instead of a response."""
        asked = live.asked
        return live.run.error is not None and not (asked.streamed or asked.background)

    async def _save(self, live: LiveResponse, body: JsonObject) -> None:
        run, asked = live.run, live.asked
        said = kept_messages(run, now_ms=run.parts.clock.now_ms()) if run.log.closed else []
        kept = StoredAnswer(
            id=live.id,
            user_id=run.request.user_id,
            kind="response",
            run_id=run.id,
            model=run.request.requested_model,
            body=body,
            input=live.input_items(),
            context=[dict(one) for one in (*asked_now(live), *(one.message for one in said))],
            metadata=asked.metadata,
            conversation_id=run.session_id,
            previous_id=asked.previous_id,
            created_at_ms=asked.begun_at_ms or run.started_at_ms,
            file_ids=quoted_files(run),
        )
        await self._answers.save(kept)


def asked_now(live: LiveResponse) -> Sequence[ChatMessage]:
    """Give the messages that a request brought itself; files in them are references."""
    turn = live.asked.turn if live.asked.key else live.run.request
    return turn.messages[turn.taken_before :]
