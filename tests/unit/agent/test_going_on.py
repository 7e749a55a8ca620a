"""Runs that go on at a bad moment: before their question has ended, or after another version wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from backend.ports.models import ModelRequest
from backend.ports.values import Citation
from tests.fakes.asking import Outside, answer, calling, events, outcomes
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER

SENDING = calling([call("send", text="hello")])


class Hasty:
    """An approval store whose user decides the moment that a call waits, before the turn has ended."""

    def __init__(self, made: Outside) -> None:
        self._made = made
        self._inner = made.core.stores.approvals
        self.shown: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def pause(self, run: Any, *args: Any) -> None:
        """Store it, and decide at once."""
        live = self._made.core.turns.active[run.id]
        self.shown += [it["call_id"] for it in events(live, "approval")]
        await self._inner.pause(run, *args)
        one = await self._made.one()
        await self._made.core.approvals.decide(USER, run.id, one.call_id, approve=True)


async def test_a_decision_that_comes_before_the_asking_turn_has_ended_is_not_lost(
    outside: Callable[..., Outside],
) -> None:
    """Nobody is shown a call that cannot be decided yet; the resumed run is known and audited as made."""
    made = outside(SENDING)
    parts, hasty, gate = made.core.turns._parts, Hasty(made), asyncio.Event()
    made.core.turns._parts = replace(parts, asking=replace(parts.asking, store=hasty))
    send = made.sender.run

    async def send_later(*args: Any) -> Any:
        await gate.wait()
        return await send(*args)

    made.sender.run = send_later
    asked = await made.core.ask("send hello", mode="react", store=True)
    resumed = made.core.turns.active[asked.id]
    assert (hasty.shown, len(events(asked, "approval"))) == ([], 1)
    gate.set()
    await resumed.done()
    assert (made.sender.calls, await outcomes(made)) == (["hello"], [("send", "ok")])
    stored = await made.core.stores.runs.get(USER, asked.id)
    assert (stored.state, len(events(stored, "approval"))) == ("completed", 1)


async def test_a_run_that_another_version_wrote_down_ends_with_a_word(
    outside: Callable[..., Outside],
) -> None:
    """It would else be running for ever, with nobody at it."""
    made = outside(SENDING)
    await made.core.ask("send hello", mode="react", store=True)
    take = made.core.stores.approvals.take

    async def take_older(*args: Any, **more: Any) -> Any:
        paused = await take(*args, **more)
        return replace(paused, data={**paused.data, "request": {"user": USER}})

    made.core.stores.approvals.take = take_older
    stored = await made.decide(approve=True)
    assert (stored.state, made.sender.calls) == ("failed", [])
    assert "is gone, so nothing was done" in answer(stored)


async def test_passages_of_attached_documents_are_light_also_in_a_run_that_went_on(
    outside: Callable[..., Outside],
) -> None:
    """Those that the answer does not cite keep their places, without their text."""
    brought = Citation(id="cit_1", title="lease.txt", text="A long passage.")

    def attached_first(request: ModelRequest) -> Any:
        if not any(one["role"] == "tool" for one in request.messages):
            [run] = made.core.turns.active.values()
            run.citations, run.beside = [brought], {brought.id}
        return SENDING(request)

    made = outside(attached_first)
    await made.core.ask("send hello", mode="react", store=True)
    stored = await made.decide(approve=True)
    assert stored.trace["citations"] == [{"id": "cit_1", "title": "lease.txt", "text": ""}]
