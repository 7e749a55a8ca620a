"""Histories that strict upstreams accept, whatever the turns before left open."""

from __future__ import annotations

from typing import Any

import pytest

from backend.agent.resume import closed, continued
from backend.errors import InvalidRequest
from backend.ports.models import ModelRequest
from backend.ports.stores import StoredMessage
from backend.ports.values import ChatMessage
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, Make

TIME: Any = {
    "type": "function",
    "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}},
}


def refused(messages: Any) -> str:
    """Judge a history as a strict upstream does; "" when it is sound."""
    waiting: set[str] = set()
    last = ""
    for message in messages:
        role = message["role"]
        if role == "tool":
            if message["tool_call_id"] not in waiting:
                return "a result without a call"
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return "a call without a result"
        elif role == last == "user":
            return "two user messages in a row"
        waiting |= {one["id"] for one in message.get("tool_calls", ())}
        last = role
    return "a call without a result" if waiting else ""


def calling(request: ModelRequest) -> Any:
    """Call the caller's tool whenever the user says so."""
    asked = request.messages[-1].get("content") == "what time is it?"
    return [call("get_time")] if asked else "Fine."


@pytest.mark.parametrize("mode", ["auto", "react"])
async def test_a_client_call_that_was_never_answered_does_not_spoil_the_session(
    core: Make, mode: str
) -> None:
    """The user just goes on talking."""
    made = core(calling)
    first = await made.ask("what time is it?", client_tools=[TIME], mode=mode, store=True)
    assert first.finish_reason == "tool_calls"
    more: dict[str, Any] = {"client_tools": [TIME], "mode": mode, "session_id": first.session_id}
    second = await made.ask("never mind", **more)
    assert (second.state, second.log.content()) == ("completed", "Fine.")
    third = await made.ask("and now?", **more)
    assert third.state == "completed"
    assert [refused(one.messages) for one in made.model.requests] == [""] * 3


async def test_a_result_that_comes_too_late_is_refused_and_not_stored(core: Make) -> None:
    """As OpenAI does; the session stays usable."""
    made = core(calling)
    first = await made.ask("what time is it?", client_tools=[TIME], store=True)
    await made.ask("never mind", session_id=first.session_id)
    late: list[ChatMessage] = [
        {"role": "tool", "tool_call_id": first.client_calls[0]["id"], "content": "noon"}
    ]
    with pytest.raises(InvalidRequest) as caught:
        await made.begin(late, session_id=first.session_id)
    assert caught.value.param == "messages"
    assert (await made.ask("still there?", session_id=first.session_id)).state == "completed"
    assert first.session_id is not None
    stored = await made.stores.conversations.messages(USER, first.session_id)
    assert "tool" not in [one.message["role"] for one in stored]


async def test_a_result_in_time_is_passed_on(core: Make) -> None:
    """The ordinary case."""
    made = core(calling)
    first = await made.ask("what time is it?", client_tools=[TIME], mode="react", store=True)
    found: list[ChatMessage] = [
        {"role": "tool", "tool_call_id": first.client_calls[0]["id"], "content": "noon"}
    ]
    second = await made.ask(found, client_tools=[TIME], mode="react", session_id=first.session_id)
    assert (second.log.content(), refused(made.model.requests[-1].messages)) == ("Fine.", "")


async def test_a_turn_that_failed_silently_leaves_a_history_of_alternating_roles(
    core: Make,
) -> None:
    """Some templates refuse two user messages in a row."""

    def script(request: ModelRequest) -> Any:
        return KeyError("bug") if request.messages[-1].get("content") == "one" else "Fine."

    made = core(script)
    first = await made.ask("one", mode="chat", store=True)
    assert first.state == "failed"
    await made.ask("two", mode="chat", session_id=first.session_id)
    await made.ask("three", mode="chat", session_id=first.session_id)
    assert [refused(one.messages) for one in made.model.requests] == [""] * 3
    assert made.model.requests[-1].messages[1].get("content") == "(No answer was given.)"


async def test_a_call_of_a_tool_nobody_has_does_not_leave_an_empty_answer(core: Make) -> None:
    """The model is asked once more, without tools."""

    def script(request: ModelRequest) -> Any:
        return [call("no_such_tool")] if request.tools else "In words."

    made = core(script)
    run = await made.ask("hello", client_tools=[TIME])
    assert (run.log.content(), run.finish_reason, run.client_calls) == ("In words.", "stop", ())


def asks(text: str) -> Any:
    """Make a user's message."""
    return {"role": "user", "content": text}


def calls(*ids: str, content: str | None = None) -> Any:
    """Make an assistant's message that calls."""
    made = [{"id": one, "function": {"name": one, "arguments": ""}} for one in ids]
    return {"role": "assistant", "content": content, "tool_calls": made}


def gives(call_id: str) -> Any:
    """Make a result."""
    return {"role": "tool", "tool_call_id": call_id, "content": f"{call_id}!"}


def kept(*messages: Any) -> list[StoredMessage]:
    """Make a session's messages."""
    return [
        StoredMessage(id=f"msg_{at}", conversation_id="conv_1", message=one)
        for at, one in enumerate(messages)
    ]


NO_ANSWER: Any = {"role": "assistant", "content": "(No answer was given.)"}
THOUGHT: Any = {"role": "assistant", "content": None, "reasoning_content": "Hm."}
ITEM: Any = {"role": "item", "item": {"type": "web_search_call"}}


@pytest.mark.parametrize(
    ("stored", "new", "heard"),
    [
        ([asks("?"), gives("a")], [asks("!")], [asks("?"), NO_ANSWER, asks("!")]),
        ([calls("a"), gives("b"), gives("a")], [asks("!")], [calls("a"), gives("a"), asks("!")]),
        (
            [calls("a"), calls("b"), gives("b"), gives("a")],
            [asks("!")],
            [calls("a"), gives("a"), calls("b"), gives("b"), asks("!")],
        ),
        (
            [calls("a", "b"), ITEM, gives("b"), THOUGHT, gives("a")],
            [asks("!")],
            [calls("a", "b"), gives("a"), gives("b"), asks("!")],
        ),
        (
            [asks("?"), calls("a"), calls("b")],
            [gives("b"), gives("a")],
            [asks("?"), calls("a"), gives("a"), calls("b"), gives("b")],
        ),
        (
            [calls("a"), gives("a"), gives("a")],
            [asks("!")],
            [calls("a"), gives("a"), asks("!")],
        ),
        (
            [calls("a"), gives("a"), asks("?"), calls("a"), gives("a")],
            [asks("!")],
            [calls("a"), gives("a"), asks("?"), calls("a"), gives("a"), asks("!")],
        ),
        ([ITEM, THOUGHT], [asks("!")], [asks("!")]),
    ],
)
def test_whatever_its_owner_did_to_a_session_calls_and_results_are_told_in_pairs(
    stored: Any, new: Any, heard: Any
) -> None:
    """What answers nothing, and what no model is told of, is left out; results stand in their calls' order."""
    whole = closed(continued(kept(*stored), new))
    assert whole == heard
    assert refused(whole) == ""


def test_a_new_result_that_answers_no_call_is_still_refused() -> None:
    """Only what is stored already is passed over."""
    for new in ([gives("a")], [asks("!"), gives("b")]):
        with pytest.raises(InvalidRequest):
            closed(continued(kept(asks("?"), calls("b"), gives("b")), new))
