"""Turns: routing, sessions, what is kept, cancelling, shutting down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from backend.errors import NotFound, SessionBusy, Unavailable, UpstreamCut
from backend.ports.models import ModelDelta, ModelRequest
from tests.fakes.scripted_model import ScriptedModel, call
from tests.fakes.turns import USER, Make, make_core


def hello(_: ModelRequest) -> str:
    """Answer anything."""
    return "Hello there."


async def kept(made: Any, session_id: str) -> list[tuple[str, Any, str]]:
    """Give role, content and state of a session's messages."""
    stored = await made.stores.conversations.messages(USER, session_id)
    return [(one.message["role"], one.message.get("content"), one.state) for one in stored]


async def test_small_talk_is_answered_by_the_model_alone(core: Make) -> None:
    """No tool is offered, no second call is made."""
    made = core(hello)
    run = await made.ask("hi, how are you?")
    assert (run.log.content(), run.decision.route if run.decision else "") == (
        "Hello there.",
        "chat",
    )
    assert [request.tools for request in made.model.requests] == [()]


async def test_an_unsure_chat_offers_tools_and_a_call_becomes_the_first_step(core: Make) -> None:
    """A wrong route does not break the answer."""

    def script(request: ModelRequest) -> Any:
        found = [one for one in request.messages if one["role"] == "tool"]
        return "It is 3." if found else [call("add", numbers=[1, 2])]

    made = core(script, chat_tools_below_confidence=1.0)
    run = await made.ask("Please explain what photosynthesis is for my school essay")
    assert run.decision is not None
    assert run.decision.route == "chat"
    assert (made.adder.calls, run.log.content()) == ([[1, 2]], "It is 3.")


async def test_forced_chat_never_offers_a_tool(core: Make) -> None:
    """The caller's word counts."""
    made = core(hello, chat_tools_below_confidence=1.0)
    await made.ask("what is 3*4+17?", mode="chat")
    assert [request.tools for request in made.model.requests] == [()]


async def test_a_caller_that_stops_before_observations_runs_the_tools_itself(core: Make) -> None:
    """A loop of tools in words, as some agent frameworks have it, is not run inside another one."""
    made = core(hello, chat_tools_below_confidence=1.0)
    run = await made.ask("what is 3*4+17?", template={"stop": ["\nObservation:"]})
    assert (run.decision.route if run.decision else "") == "chat"


async def test_the_model_is_asked_for_the_route_when_the_router_is_unsure(core: Make) -> None:
    """The second stage, when it is on."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema is not None:
            return '{"reason": "no tool needed", "route": "chat"}'
        return "Sure."

    made = core(script, router="keywords", router_model_below_confidence=1.0)
    run = await made.ask("first this and then that")
    assert run.decision is not None
    assert (run.decision.route, run.decision.reason) == ("chat", "the model: no tool needed")


async def test_a_session_remembers_and_gets_its_title_from_the_first_message(core: Make) -> None:
    """The second turn is sent with the first one's messages."""
    made = core(hello)
    first = await made.ask("My name is Ada. Remember it.", mode="chat", store=True)
    assert first.session_id is not None
    second = await made.ask("Who am I?", mode="chat", session_id=first.session_id)
    assert second.session_id == first.session_id
    sent = made.model.requests[-1].messages
    assert [one.get("content") for one in sent] == [
        "My name is Ada. Remember it.",
        "Hello there.",
        "Who am I?",
    ]
    conversation = await made.stores.conversations.get(USER, first.session_id)
    assert conversation is not None
    assert (conversation.title, conversation.active_run_id) == ("My name is Ada.", None)


async def test_the_session_of_another_user_is_as_if_it_did_not_exist(core: Make) -> None:
    """Someone else's id answers like a missing one."""
    made = core(hello)
    first = await made.ask("hi", store=True)
    messages = []
    for session_id in (first.session_id, "conv_missing"):
        with pytest.raises(NotFound) as caught:
            await made.begin("hi", session_id=session_id, user_id="user_2")
        messages.append(caught.value.message)
    assert messages[0] == messages[1]


class Waiting(ScriptedModel):
    """Says one word, then waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(hello)
        self.said = asyncio.Event()
        self.go = asyncio.Event()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Say a word and wait."""
        self.requests.append(request)
        try:
            yield ModelDelta(content="Half")
            self.said.set()
            await self.go.wait()
            yield ModelDelta(content=" and half.")
            yield ModelDelta(finish_reason="stop")
        finally:
            self.closed += 1


@pytest.fixture
async def waiting() -> AsyncGenerator[Any]:
    """Make a core whose model waits in the middle of its answer."""
    made = make_core(Waiting())
    yield made
    await made.turns.close(grace_s=0)


async def test_two_messages_at_once_in_one_session_are_never_interleaved(waiting: Any) -> None:
    """The second is refused while the first is being answered, and welcome after."""
    first = await waiting.begin("one", mode="chat", store=True)
    await waiting.model.said.wait()
    with pytest.raises(SessionBusy):
        await waiting.begin("two", mode="chat", session_id=first.session_id)
    waiting.model.go.set()
    await first.done()
    second = await waiting.ask("two", mode="chat", session_id=first.session_id)
    assert second.state == "completed"
    assert await kept(waiting, first.session_id) == [
        ("user", "one", "completed"),
        ("assistant", "Half and half.", "completed"),
        ("user", "two", "completed"),
        ("assistant", "Half and half.", "completed"),
    ]


async def test_a_cancelled_run_keeps_what_was_said_and_frees_the_model(waiting: Any) -> None:
    """The upstream's stream is closed and the session is usable again."""
    run = await waiting.begin("one", mode="chat", store=True)
    await waiting.model.said.wait()
    run.cancel()
    await run.done()
    assert (run.state, waiting.model.closed) == ("cancelled", 1)
    assert await kept(waiting, run.session_id) == [
        ("user", "one", "completed"),
        ("assistant", "Half", "cancelled"),
    ]
    waiting.model.go.set()
    assert (await waiting.ask("two", mode="chat", session_id=run.session_id)).state == "completed"


async def test_shutting_down_interrupts_what_runs_and_refuses_what_is_new(waiting: Any) -> None:
    """What was said is kept and marked."""
    run = await waiting.begin("one", mode="chat", store=True)
    await waiting.model.said.wait()
    await waiting.turns.close(grace_s=0)
    assert (run.state, run.error.code) == ("interrupted", "unavailable")
    assert (await kept(waiting, run.session_id))[-1] == ("assistant", "Half", "interrupted")
    with pytest.raises(Unavailable):
        await waiting.begin("two")


async def test_an_upstream_that_dies_half_way_leaves_what_was_said(core: Make) -> None:
    """A failed run is kept with its error."""

    class Dying(ScriptedModel):
        async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
            yield ModelDelta(content="Once upon")
            raise UpstreamCut

    made = make_core(Dying(hello))
    run = await made.ask("tell", mode="chat", store=True)
    assert run.session_id is not None
    assert (await kept(made, run.session_id))[-1] == ("assistant", "Once upon", "failed")
    stored = await made.stores.runs.get(USER, run.id)
    assert stored is not None
    assert stored.trace["error"] == UpstreamCut.__doc__


async def test_a_stateless_run_can_be_looked_up_by_its_owner_only(core: Make) -> None:
    """The trace is stored without a session."""
    made = core(hello)
    run = await made.ask("hi")
    stored = await made.stores.runs.get(USER, run.id)
    assert stored is not None
    assert (stored.state, stored.conversation_id) == ("completed", None)
    assert stored.events[-1] == {"kind": "content", "text": "Hello there."}
    assert await made.stores.runs.get("user_2", run.id) is None


async def test_a_conversation_too_long_for_the_model_loses_its_oldest_messages(core: Make) -> None:
    """The newest message and the system message stay, and the loss is told."""
    made = core(hello)
    old = [
        {"role": role, "content": "x" * 9000} for _ in range(4) for role in ("user", "assistant")
    ]
    messages = [{"role": "system", "content": "Be kind."}, *old, {"role": "user", "content": "Hi"}]
    run = await made.ask(messages, mode="chat")
    sent = made.model.requests[0].messages
    assert (sent[0].get("content"), sent[-1].get("content")) == ("Be kind.", "Hi")
    assert len(sent) < len(messages)
    assert "older messages were left out" in run.log.reasoning()
