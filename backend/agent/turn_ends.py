"""How the ends of turns are stored: once, or later when that fails, and who is told of them.

Not for: what is kept of a run (`ending`) or running it (`turn`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backend.agent import pausing, resume
from backend.agent.budgets import ASSUMED_OUTPUT_TOKENS, Asked, Budgets, Hold
from backend.agent.context import TokenEstimate
from backend.agent.ending import can_be_resumed, kept_messages, round_off, stored_run
from backend.agent.run import Run, TurnRequest
from backend.errors import Conflict, StewardError, Unavailable
from backend.ports.stores import ConversationStore, RunStore, StoredMessage
from backend.ports.stores import Run as StoredRun
from backend.ports.values import ChatMessage, TurnEvent, Usage

logger = logging.getLogger(__name__)
MOST_LOOSE = 1_000  # ends of runs without a session that wait to be stored


@dataclass(slots=True, eq=False)
class Room:
    """What is held for a run before it goes on; whoever gives it to the run leaves nothing here."""

    hold: Hold | None = None

    def taken(self) -> Hold | None:
        """Give it away."""
        hold, self.hold = self.hold, None
        return hold


class TurnEnds:
    """Stores the ends of turns; `spent` is told who used how many tokens, once per run that has ended."""

    def __init__(
        self,
        conversations: ConversationStore,
        runs: RunStore,
        *,
        spent: Callable[[str, Usage], None] | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        self._budgets = budgets
        self._conversations = conversations
        self._runs = runs
        self._spent = spent
        self._unstored: dict[str, tuple[StoredRun, Sequence[StoredMessage]]] = {}

    async def take(self, run: Run) -> None:
        """Hold what a run may use of the budgets that bind it, until its end tells what it did.

        Raises:
            TooManyRequests: when not enough is left.
        """
        if self._budgets is not None and self._budgets.there_are:
            run.hold = await self._budgets.take(_asked(run))

    async def drop(self, run: Run) -> None:
        """Give back what was held for a run that did not begin."""
        if self._budgets is not None and run.hold is not None:
            await self._budgets.drop(run.hold)

    @asynccontextmanager
    async def room(self, wanted: Callable[[], Awaitable[Asked | None]]) -> AsyncGenerator[Room]:
        """Hold what a run that waits is to use; given back unless the run that goes on has taken it.

        Raises:
            TooManyRequests: when not enough is left.
        """
        room = Room()
        if self._budgets is not None and self._budgets.there_are:
            asked = await wanted()
            room.hold = None if asked is None else await self._budgets.take(asked)
        try:
            yield room
        finally:
            if self._budgets is not None and room.hold is not None:
                await self._budgets.drop(room.hold)

    async def end(self, run: Run) -> bool:
        """Store how a run ended, or that it waits; who waits for it is told when that fails.

        Tell whether its end is stored, so that nothing is left to go on from.
        """
        try:
            if run.state == "waiting":
                await pausing.pause(run)
                await _keep(run)
                return False
            if run.asks and run.state != "interrupted":
                await pausing.forget(run)
            round_off(run)
            await self.store(stored_run(run), _said(run))
            await _keep(run)
            return run.state != "interrupted" or not can_be_resumed(run)
        except Exception as exc:
            if run.state == "waiting":
                await self._give_up(run)
            erased = isinstance(exc, Conflict)  # its account, while it ran
            logger.warning("run %s could not be stored", run.id, exc_info=not erased)
            text = "This answer could not be stored.\n"
            run.say(TurnEvent(type="notice", text=text, data={"notice": "not stored"}))
            return erased
        finally:
            await self._settle(run)
            if self._spent is not None and run.state != "waiting":
                self._spent(run.request.user_id, run.usage.minus(run.counted))

    async def _settle(self, run: Run) -> None:
        """Count the tokens of a run that has ended; one that waits holds nothing meanwhile."""
        if self._budgets is not None and run.hold is not None:
            hold, run.hold = run.hold, None
            used = run.usage.prompt_tokens + run.usage.completion_tokens
            await self._budgets.settle(hold, tokens=0 if run.state == "waiting" else used)

    async def store(self, run: StoredRun, said: Sequence[StoredMessage]) -> None:
        """Store the end of a run; what cannot be stored now is tried again, when others can at the latest."""
        late = list(self._unstored)
        place = run.conversation_id or run.id
        self._unstored[place] = run, said
        await self.store_late(place)
        if late:
            await self.try_again()

    async def store_late(self, place: str) -> None:
        """Store the end of a session's last run, or of one run without, if that is still to be done."""
        ending = self._unstored.get(place)
        if ending is None:
            return
        run, said = ending
        if not run.conversation_id:
            await self._save(run)
            return
        await self._conversations.end_turn(run, said)
        if self._unstored.get(place) is ending:
            del self._unstored[place]

    async def _save(self, run: StoredRun) -> None:
        """Store the end of a run without a session. Two at the same moment would count what it used twice."""
        del self._unstored[run.id]
        try:
            await self._runs.save(run)
        except (Unavailable, asyncio.CancelledError):
            self._unstored[run.id] = run, ()
            self._make_room()
            raise

    def may_have_begun(self, run: Run) -> None:
        """End a run in the database that could not be begun there: nobody knows whether it was."""
        run.state = "failed"
        # While the end of another run of the session waits, that one holds it: this one was not begun.
        self._unstored.setdefault(run.session_id or run.id, (stored_run(run), ()))

    async def try_again(self) -> None:
        """Try again to store what could not be stored: on another server nobody else can."""
        for place in list(self._unstored):
            try:
                await self.store_late(place)
            except Unavailable as exc:
                logger.warning("ends of runs wait to be stored (%d): %s", len(self._unstored), exc)
                return
            except Conflict:  # its account was erased meanwhile
                self._unstored.pop(place, None)
            except StewardError as exc:
                logger.warning("the end of a run cannot be stored: %s", exc)

    async def close(self) -> None:
        """Try a last time to store what could not be stored."""
        for place in list(self._unstored):
            try:
                await self.store_late(place)
            except StewardError:
                logger.exception("the last answer of %s is lost", place)

    def _make_room(self) -> None:
        """Let go the oldest ends that no session waits for, when there are too many."""
        loose = [place for place, (run, _) in self._unstored.items() if not run.conversation_id]
        for place in loose[: max(0, len(loose) - MOST_LOOSE)]:
            del self._unstored[place]

    async def _give_up(self, run: Run) -> None:
        """End a run that was to wait and could not be stored; its session is freed when it can be."""
        run.state = "failed"
        run.log.demote(0)
        await pausing.forget(run)
        if run.session_id:
            self._unstored[run.session_id] = stored_run(run), _said(run)


def _asked(run: Run) -> Asked:
    return asked_for(run.request, run.model.id, run.history, estimate=run.parts.estimate)


def asked_for(
    request: TurnRequest, model: str, history: Sequence[ChatMessage], *, estimate: TokenEstimate
) -> Asked:
    """Give what a run asks for of budgets: its prompt, and what it may answer."""

    def tokens() -> int:
        written = request.template.max_output_tokens
        read = estimate.tokens(model, history)
        return read + (ASSUMED_OUTPUT_TOKENS if written is None else written)

    return Asked(user_id=request.user_id, key_id=request.key_id, model=model, tokens=tokens)


async def _keep(run: Run) -> None:
    """Let who started the run keep its answer; when that fails, the run has ended all the same."""
    if run.at_end is None or run.error is not None:
        return
    try:
        await run.at_end(run)
    except Exception as exc:
        erased = isinstance(exc, Conflict)  # its account or session, while it ran
        logger.warning("the answer of run %s was not kept", run.id, exc_info=not erased)


def _said(run: Run) -> list[StoredMessage]:
    """Give what a run leaves in its session; one that had waited replaces its question at least."""
    instead = run.said_before or (resume.UNANSWERED if run.pause else "")
    return kept_messages(run, now_ms=run.parts.clock.now_ms(), instead=instead)
