"""Ends of turns that the database did not take: tried again, once, and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from backend.errors import Conflict, Unavailable
from backend.ports.models import ModelRequest
from backend.ports.stores import Run, StoredMessage
from tests.fakes.turns import USER, Core, Make


def hello(_: ModelRequest) -> str:
    """Answer anything."""
    return "Hello there."


async def claim(made: Core, run: Any) -> str | None:
    """Tell which run holds the session."""
    session = await made.stores.conversations.get(USER, run.session_id)
    assert session is not None
    return session.active_run_id


class Refusing:
    """A store of conversations or runs that cannot write ends for a while, or one `never`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.away = True
        self.never: str | None = None
        self.saved: list[str] = []
        self.tried: list[str | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def end_turn(self, run: Run, new_messages: Sequence[StoredMessage]) -> None:
        """Refuse while away."""
        self.tried.append(run.conversation_id)
        self._refuse()
        if run.conversation_id == self.never:
            raise Conflict
        await self._inner.end_turn(run, new_messages)

    async def save(self, run: Run) -> None:
        """Refuse while away."""
        self._refuse()
        self.saved.append(run.id)
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
        await self._inner.save(run)

    def _refuse(self) -> None:
        if self.away:
            msg = "The disk is full."
            raise Unavailable(msg)


async def test_a_session_whose_end_could_not_be_stored_is_stored_by_its_next_turn(
    core: Make,
) -> None:
    """Nothing is lost and the session is not busy for ever."""
    made = core(hello)
    store = Refusing(made.stores.conversations)
    made.turns._conversations = made.turns.ends._conversations = store  # type: ignore[assignment]
    first = await made.ask("one", mode="chat", store=True)
    assert "could not be stored" in first.log.reasoning()
    with pytest.raises(Unavailable):
        await made.begin("two", mode="chat", session_id=first.session_id)
    store.away = False
    await made.ask("two", mode="chat", session_id=first.session_id)
    assert first.session_id is not None
    kept = await made.stores.conversations.messages(USER, first.session_id)
    assert [one.message.get("content") for one in kept] == [
        "one",
        "Hello there.",
        "two",
        "Hello there.",
    ]


async def test_an_unstored_end_is_stored_at_shutdown(core: Make) -> None:
    """The last chance to keep what was said."""
    made = core(hello)
    store = Refusing(made.stores.conversations)
    made.turns._conversations = made.turns.ends._conversations = store  # type: ignore[assignment]
    run = await made.ask("one", mode="chat", store=True)
    store.away = False
    await made.turns.close(grace_s=0)
    assert await claim(made, run) is None


async def test_a_run_of_no_session_is_counted_although_the_database_was_away(core: Make) -> None:
    """Its answer was given: what it used is in the sums as soon as anything can be stored again, once."""
    made = core(hello)
    store = Refusing(made.stores.runs)
    made.turns.ends._runs = store  # type: ignore[assignment]
    first = await made.ask("one", mode="chat")
    assert await made.stores.usage.of_user(USER, since_day=0) == []
    store.away = False
    await made.ask("two", mode="chat")
    [used] = await made.stores.usage.of_user(USER, since_day=0)
    assert used.runs == 2
    kept = await made.stores.runs.get(USER, first.id)
    assert kept is not None
    assert kept.state == "completed"
    assert store.saved.count(first.id) == 1


async def test_several_who_try_again_at_once_count_a_run_once(core: Make) -> None:
    """Turns that end just then, and the beat of the server."""
    made = core(hello)
    store = Refusing(made.stores.runs)
    made.turns.ends._runs = store  # type: ignore[assignment]
    runs = [await made.ask(text, mode="chat") for text in ("one", "two")]
    store.away = False
    tries = [made.turns.ends.try_again() for _ in range(3)]
    await asyncio.gather(made.ask("three", mode="chat"), *tries)
    assert [store.saved.count(run.id) for run in runs] == [1, 1]


async def test_an_end_that_can_never_be_stored_holds_up_no_other(core: Make) -> None:
    """Somebody's account was erased meanwhile; the others' sessions are free again."""
    made = core(hello)
    store = Refusing(made.stores.conversations)
    made.turns._conversations = made.turns.ends._conversations = store  # type: ignore[assignment]
    runs = [await made.ask(text, mode="chat", store=True) for text in ("one", "two")]
    store.away, store.never = False, runs[0].session_id
    await made.turns.ends.try_again()
    assert await claim(made, runs[1]) is None
    store.tried.clear()
    await made.turns.ends.try_again()
    assert store.tried == []


async def test_an_answer_that_waits_to_be_stored_is_kept_though_another_could_not_begin(
    core: Make,
) -> None:
    """The database goes away while both are under way: the end that is known counts."""
    made = core(hello)
    store = Refusing(made.stores.conversations)
    made.turns._conversations = made.turns.ends._conversations = store  # type: ignore[assignment]
    first = await made.ask("one", mode="chat", store=True)
    store.away = False
    second = await made.begin("two", mode="chat")
    second.session_id = first.session_id
    made.turns.ends.may_have_begun(second)
    await made.turns.ends.try_again()
    assert first.session_id is not None
    kept = await made.stores.conversations.messages(USER, first.session_id)
    assert [one.message.get("content") for one in kept] == ["one", "Hello there."]


async def test_a_turn_that_began_without_anybody_hearing_of_it_frees_its_session(
    core: Make,
) -> None:
    """The database went away between the commit and its answer: the claim stands, the run does not."""
    made = core(hello)
    first = await made.ask("one", mode="chat", store=True)
    begin = made.stores.conversations.begin_turn

    async def begin_turn(row: Run, messages: Sequence[StoredMessage], **more: Any) -> None:
        await begin(row, messages, **more)
        msg = "The database cannot be reached."
        raise Unavailable(msg)

    made.stores.conversations.begin_turn = begin_turn  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await made.begin("two", mode="chat", session_id=first.session_id)
    assert await claim(made, first) is not None
    made.stores.conversations.begin_turn = begin  # type: ignore[method-assign]
    await made.ask("three", mode="chat", session_id=first.session_id)
    assert await claim(made, first) is None
