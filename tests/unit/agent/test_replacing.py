"""Turns that give another version of what was said before."""

from __future__ import annotations

from typing import Any

import pytest

from backend.errors import InvalidRequest
from backend.ports.models import ModelRequest
from backend.ports.stores import StoredMessage
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, Make


def hello(_: ModelRequest) -> str:
    """Answer anything."""
    return "Hello there."


async def shown(made: Any, session_id: str) -> list[StoredMessage]:
    """Give what is shown of a session."""
    return list(await made.stores.conversations.messages(USER, session_id))


def told(made: Any) -> list[tuple[str, Any]]:
    """Give what the model was told last."""
    sent = made.model.requests[-1].messages
    return [(one["role"], one.get("content")) for one in sent]


async def test_several_messages_of_one_run_are_one_answer(core: Make) -> None:
    """Whichever is named, all of them are given anew."""
    made = core(hello)
    begun: list[Any] = [
        {"role": "user", "content": "Tell me."},
        {"role": "assistant", "content": "It began so:"},
    ]
    for named in (1, 2):
        run = await made.ask(begun, mode="chat", store=True)
        assert run.session_id is not None
        said = await shown(made, run.session_id)
        anew = await made.ask((), mode="chat", session_id=run.session_id, replaces=said[named].id)
        assert told(made) == [("user", "Tell me.")]
        [question, answer] = await shown(made, run.session_id)
        assert (question, answer.run_id) == (said[0], anew.id)
        assert answer.parent_id == said[1].parent_id


async def test_answers_of_two_runs_are_two(core: Make) -> None:
    """An answer that was continued stays when its continuation is given anew."""
    made = core(hello)
    first = await made.ask("Tell me.", mode="chat", store=True)
    assert first.session_id is not None
    more: list[Any] = [{"role": "user", "content": "Go on."}]
    await made.ask(more, mode="chat", session_id=first.session_id)
    said = await shown(made, first.session_id)
    assert await made.stores.conversations.edit_message(
        USER, first.session_id, said[2].id, lambda _: None, now_ms=1
    )
    await made.ask((), mode="chat", session_id=first.session_id, replaces=said[3].id)
    assert [one.id for one in await shown(made, first.session_id)][:2] == [
        one.id for one in said[:2]
    ]
    assert told(made) == [("user", "Tell me."), ("assistant", "Hello there.")]


async def test_an_answer_after_a_clients_tool_is_given_anew_from_its_result(core: Make) -> None:
    """The call and what came of it stand before it."""

    def script(request: ModelRequest) -> Any:
        found = [one for one in request.messages if one["role"] == "tool"]
        return "It is sunny." if found else [call("weather", city="Oslo")]

    made = core(script)
    tool = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    asked = await made.ask("Weather?", mode="chat", store=True, client_tools=[tool])
    assert asked.session_id is not None
    call_id = asked.client_calls[0]["id"]
    result: list[Any] = [{"role": "tool", "tool_call_id": call_id, "content": "sun"}]
    last = {"mode": "chat", "session_id": asked.session_id, "client_tools": [tool]}
    await made.ask(result, **last)
    before = told(made)
    said = await shown(made, asked.session_id)
    await made.ask((), **last, replaces=said[-1].id)
    assert told(made) == before
    assert [one.message["role"] for one in await shown(made, asked.session_id)] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


@pytest.mark.parametrize("named", [0, 1])
async def test_a_version_needs_something_that_is_shown(core: Make, named: int) -> None:
    """What was replaced is not replaced again; nothing is stored, the session is free."""
    made = core(hello)
    run = await made.ask("One", mode="chat", store=True)
    assert run.session_id is not None
    old = await shown(made, run.session_id)
    await made.ask("Uno", mode="chat", session_id=run.session_id, replaces=old[0].id)
    before = await shown(made, run.session_id)
    with pytest.raises(InvalidRequest) as caught:
        await made.begin("x", session_id=run.session_id, replaces=old[named].id)
    assert caught.value.param == "replaces"
    assert await shown(made, run.session_id) == before
    assert (await made.ask("Two", mode="chat", session_id=run.session_id)).state == "completed"


async def test_a_question_alone_is_not_given_anew(core: Make) -> None:
    """An answer is."""
    made = core(hello)
    run = await made.ask("One", mode="chat", store=True)
    assert run.session_id is not None
    [question, _] = await shown(made, run.session_id)
    with pytest.raises(InvalidRequest) as caught:
        await made.begin((), session_id=run.session_id, replaces=question.id)
    assert caught.value.param == "replaces"


async def test_a_new_answer_that_was_stopped_is_kept_as_far_as_it_came(core: Make) -> None:
    """One that was stopped before a word leaves the old one shown."""
    made = core(hello)
    run = await made.ask("One", mode="chat", store=True)
    assert run.session_id is not None
    before = await shown(made, run.session_id)
    stopped = await made.begin((), mode="chat", session_id=run.session_id, replaces=before[1].id)
    stopped.cancel()
    await stopped.done()
    assert (stopped.state, await shown(made, run.session_id)) == ("cancelled", before)
