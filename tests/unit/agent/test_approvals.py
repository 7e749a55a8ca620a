"""Runs that stop to ask their user, in both graphs, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from backend.agent.recovery import Recovery
from backend.errors import Conflict, NotFound, Unavailable, UpstreamCut
from backend.kit.fences import bare
from backend.ports.models import ModelRequest
from tests.fakes.asking import Outside, answer, calling, events, outcomes
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, turn

SEND = [call("send", text="hello")]
SENDING = calling(SEND)


async def test_an_effect_outside_waits_for_the_users_word_and_is_then_made_once(
    outside: Callable[..., Outside],
) -> None:
    """The turn ends with the question; the answer comes when the user has decided."""
    made = outside(SENDING)
    run = await made.core.ask("send hello", mode="react", store=True)
    assert (run.state, run.finish_reason, made.sender.calls) == ("waiting", "stop", [])
    assert "http://steward.example/api/approve/" in run.log.content()
    assert events(run, "approval")[0]["tool"] == "send"
    assert await outcomes(made) == [("send", "asked")]
    stored = await made.decide(approve=True)
    assert (stored.state, made.sender.calls, answer(stored)) == (
        "completed",
        ["hello"],
        "Told: sent hello",
    )
    assert await outcomes(made) == [("send", "ok")]


async def test_the_answer_of_a_run_that_waits_is_kept_as_it_was_sent(
    outside: Callable[..., Outside],
) -> None:
    """Its client has a whole answer: the question. A failure to keep it does not undo the waiting."""
    made = outside(SENDING)
    seen: list[str] = []

    async def keep(run: Any) -> None:
        seen.append(run.log.content())
        raise Unavailable

    await made.core.ask("know me", mode="chat")
    asked = turn("send hello", mode="react", store=True)
    run = await made.core.turns.start(asked, at_end=keep)
    await run.done()
    assert (run.state, seen) == ("waiting", [run.log.content()])
    assert "http://steward.example/api/approve/" in seen[0]
    assert (await made.decide(approve=True)).state == "completed"


async def test_a_denied_call_is_told_to_the_model_with_the_users_words(
    outside: Callable[..., Outside],
) -> None:
    """Nothing is made, and the run goes on."""
    made = outside(SENDING)
    await made.core.ask("send hello", mode="react", store=True)
    stored = await made.decide(approve=False, note="not today")
    assert (stored.state, made.sender.calls) == ("completed", [])
    assert "did not allow" in answer(stored)
    assert "not today" in answer(stored)
    assert await outcomes(made) == [("send", "denied")]


async def test_the_session_is_free_while_a_run_waits_and_its_message_is_replaced_in_place(
    outside: Callable[..., Outside],
) -> None:
    """Another turn comes between; the order of messages stays."""

    def script(request: ModelRequest) -> Any:
        return SENDING(request) if request.tools else "Hello."

    made = outside(script)
    run = await made.core.ask("send hello", mode="react", store=True)
    second = await made.core.ask("hi", mode="chat", session_id=run.session_id)
    assert second.state == "completed"
    sent = made.core.model.requests[-1].messages
    assert "has not been given yet" in str(sent[1].get("content"))
    await made.decide(approve=True)
    kept = await made.core.stores.conversations.messages(USER, run.session_id)
    assert [(one.message["role"], one.message["content"], one.state) for one in kept] == [
        ("user", "send hello", "completed"),
        ("assistant", "Told: sent hello", "completed"),
        ("user", "hi", "completed"),
        ("assistant", "Hello.", "completed"),
    ]


async def test_allowed_calls_of_the_same_step_are_made_once_and_results_keep_their_order(
    outside: Callable[..., Outside],
) -> None:
    """The held call's result stands where the model made it."""
    both = [call("send", "c1", text="a"), call("add", "c2", numbers=[1, 2])]
    made = outside(calling(both))
    await made.core.ask("do both", mode="react")
    assert made.core.adder.calls == [[1, 2]]
    stored = await made.decide(approve=True)
    told = [bare(one["content"]) for one in stored.trace["transcript"] if one["role"] == "tool"]
    assert (told, made.core.adder.calls, made.sender.calls) == (
        ["sent a", "the sum is 3"],
        [[1, 2]],
        ["a"],
    )


async def test_several_calls_that_wait_are_decided_one_by_one(
    outside: Callable[..., Outside],
) -> None:
    """The run goes on with the last decision."""
    both = [call("send", "same", text="a"), call("send", "same", text="b")]
    made = outside(calling(both))
    run = await made.core.ask("send both", mode="react")
    first, second = await made.core.approvals.pending(USER)
    assert first.call_id != second.call_id
    await made.core.approvals.decide(USER, run.id, first.call_id, approve=True)
    assert (made.sender.calls, made.core.turns.active) == ([], {})
    stored = await made.decide(approve=False)
    assert (stored.state, made.sender.calls) == ("completed", ["a"])


async def test_a_run_may_ask_again_after_it_went_on(outside: Callable[..., Outside]) -> None:
    """Each question has its own call; the log goes on where it was."""
    made = outside(calling([call("send", text="a")], [call("send", text="b")]))
    first = await made.core.ask("send both", mode="react")
    again = await made.decide(approve=True)
    assert (again.state, made.sender.calls) == ("waiting", ["a"])
    assert [it["arguments"]["text"] for it in events(again, "approval")] == ["a", "b"]
    assert again.events[: len(first.log.items) - 1]
    stored = await made.decide(approve=True)
    assert (stored.state, made.sender.calls) == ("completed", ["a", "b"])


async def test_a_second_decision_an_expired_and_a_foreign_one_are_refused(
    outside: Callable[..., Outside],
) -> None:
    """With the state; someone else's call is as if it did not exist."""
    made = outside(SENDING)
    await made.core.ask("send hello", mode="react")
    one = await made.one()
    decide = made.core.approvals.decide
    with pytest.raises(NotFound):
        await decide("user_2", one.run_id, one.call_id, approve=True)
    await made.decide(approve=False)
    with pytest.raises(Conflict) as caught:
        await decide(USER, one.run_id, one.call_id, approve=True)
    assert caught.value.error_code == "approval_denied"
    await made.core.ask("send hello", mode="react")
    late = await made.one()
    made.core.clock.step(90_000)
    with pytest.raises(Conflict) as caught:
        await decide(USER, late.run_id, late.call_id, approve=True)
    assert (caught.value.error_code, made.sender.calls) == ("approval_expired", [])


async def test_what_nobody_decides_in_time_ends_cancelled_with_a_word(
    outside: Callable[..., Outside],
) -> None:
    """Run, message, approval and checkpoints."""
    made = outside(SENDING)
    run = await made.core.ask("send hello", mode="react", store=True)
    await made.core.approvals.sweep()
    assert (await made.core.stores.runs.get(USER, run.id)).state == "waiting"
    made.core.clock.step(90_000)
    await made.core.approvals.sweep()
    stored = await made.core.stores.runs.get(USER, run.id)
    assert (stored.state, "Nobody decided" in answer(stored)) == ("cancelled", True)
    kept = await made.core.stores.conversations.messages(USER, run.session_id)
    assert (kept[-1].state, "Nobody decided" in str(kept[-1].message["content"])) == (
        "cancelled",
        True,
    )
    saver = await made.core.checkpoints.saver()
    assert [one async for one in saver.alist(None)] == []
    [one] = await made.core.approvals.of_run(USER, run.id)
    assert one.state == "expired"


PLAN = [
    {"id": "a", "purpose": "send it", "tool": "send", "input": {"text": "hello"}},
    {"id": "b", "purpose": "add", "tool": "add", "input": {"numbers": [1, 2]}},
    {
        "id": "c",
        "purpose": "add more",
        "tool": "add",
        "input": {"numbers": [4]},
        "depends_on": ["b"],
    },
    {
        "id": "d",
        "purpose": "look",
        "tool": "look_up",
        "input": {"query": "x"},
        "depends_on": ["a"],
    },
]


def planned(request: ModelRequest) -> Any:
    """Plan, be content, and answer with all results."""
    schema: Any = request.response_schema
    if schema is None:
        return str(request.messages[-1].get("content"))
    steps = "steps" in schema["properties"]
    return orjson.dumps({"steps": PLAN} if steps else {"passed": True}).decode()


async def test_a_plan_does_all_that_is_ready_before_it_asks_and_then_goes_on(
    outside: Callable[..., Outside],
) -> None:
    """What depends on the asked step waits with it."""
    made = outside(planned)
    run = await made.core.ask("plan it", mode="plan")
    assert (run.state, made.core.adder.calls, made.sender.calls) == ("waiting", [[1, 2], [4]], [])
    stored = await made.decide(approve=True)
    assert (stored.state, made.sender.calls, made.core.adder.calls) == (
        "completed",
        ["hello"],
        [[1, 2], [4]],
    )
    for told in ("sent hello", "the sum is 3", "the sum is 4", "about x"):
        assert told in answer(stored)


async def test_the_follow_up_of_a_stock_client_finds_what_came_of_it(
    outside: Callable[..., Outside],
) -> None:
    """The message with the link gives way to the transcript and the answer."""
    made = outside(SENDING)
    first = await made.core.ask("send hello", mode="react")
    messages: list[Any] = [
        {"role": "user", "content": "send hello"},
        {"role": "assistant", "content": first.log.content()},
        {"role": "user", "content": "go on"},
    ]
    await made.decide(approve=True)
    await made.core.ask(messages, mode="chat")
    sent = made.core.model.requests[-1].messages
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "assistant", "user"]
    assert "sent hello" in str(sent[3].get("content"))
    assert "/api/approve/" not in str(sent)


async def test_events_alone_leave_the_answer_empty_but_not_the_session(
    outside: Callable[..., Outside],
) -> None:
    """The page draws the question itself."""
    made = outside(SENDING)
    run = await made.core.ask("send hello", mode="react", store=True, approvals="events")
    assert (run.log.content(), len(events(run, "approval"))) == ("", 1)
    kept = await made.core.stores.conversations.messages(USER, run.session_id)
    assert (kept[-1].state, "/api/approve/" in str(kept[-1].message)) == ("waiting", False)


async def test_an_effect_that_was_begun_when_the_server_died_is_reported_and_not_repeated(
    outside: Callable[..., Outside],
) -> None:
    """Run and audit say that the outcome is not known."""
    made = outside(SENDING)
    run = await made.core.ask("send hello", mode="react", store=True)
    stores, one = made.core.stores, await made.one()
    await stores.approvals.decide(
        USER, run.id, one.call_id, approve=True, note="", now_ms=made.core.clock.now_ms()
    )
    assert await stores.approvals.take(USER, run.id) is not None
    [row] = await stores.audit.list(USER)
    await stores.audit.put(replace(row, outcome="started"))
    recovery = Recovery(
        servers=stores.servers,
        journal=stores.journal,
        approvals=stores.approvals,
        audit=stores.audit,
        runs=stores.runs,
        conversations=stores.conversations,
        clock=made.core.clock,
        server_id="srv_b",
    )
    assert await recovery.recover() == 1
    stored = await stores.runs.get(USER, run.id)
    assert (stored.state, "not known whether send" in answer(stored)) == ("interrupted", True)
    kept = await stores.conversations.messages(USER, run.session_id)
    assert (kept[-1].state, "not known" in str(kept[-1].message["content"])) == (
        "interrupted",
        True,
    )
    assert (await outcomes(made), made.sender.calls) == ([("send", "unknown")], [])


async def test_a_deleted_document_ends_the_runs_that_wait_with_its_words(
    outside: Callable[..., Outside],
) -> None:
    """Neither their data nor their checkpoints keep it; other runs go on waiting."""
    made = outside(calling([call("read", url="file-a")], [call("send", text="hello")]))
    await made.core.keep_files("file-a")
    run = await made.core.ask("send what is in my notes", mode="react")
    await made.core.approvals.cancel_quoting(USER, "file-b")
    assert [one.id for one in await made.core.stores.approvals.waiting()] == [run.id]
    await made.core.approvals.cancel_quoting(USER, "file-a")
    stored = await made.core.stores.runs.get(USER, run.id)
    assert (stored.state, "document" in answer(stored)) == ("cancelled", True)
    assert list(await made.core.stores.approvals.waiting()) == []
    saver = await made.core.checkpoints.saver()
    assert [one async for one in saver.alist(None)] == []


async def test_a_resumed_run_that_is_interrupted_replaces_its_question_all_the_same(
    outside: Callable[..., Outside],
) -> None:
    """No link stays in the session that leads nowhere."""

    def script(request: ModelRequest) -> Any:
        return UpstreamCut() if any(it["role"] == "tool" for it in request.messages) else SEND

    made = outside(script)
    run = await made.core.ask("send hello", mode="react", store=True)
    stored = await made.decide(approve=True)
    assert (stored.state, made.sender.calls) == ("failed", ["hello"])
    kept = await made.core.stores.conversations.messages(USER, run.session_id)
    assert [(one.state, "/api/approve/" in str(one.message)) for one in kept] == [
        ("completed", False),
        ("failed", False),
    ]


class Refusing:
    """An approval store that cannot write for a while."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def pause(self, *args: Any) -> None:
        """Refuse."""
        raise Unavailable("The disk is full.")


async def test_a_question_that_cannot_be_stored_fails_the_run_and_frees_the_session(
    outside: Callable[..., Outside],
) -> None:
    """With the next turn at the latest; nothing waits, nothing was done."""
    made = outside(SENDING)
    parts = made.core.turns._parts
    asking = replace(parts.asking, store=Refusing(parts.asking.store))
    made.core.turns._parts = replace(parts, asking=asking)
    run = await made.core.ask("send hello", mode="react", store=True)
    assert (run.state, run.log.content()) == ("failed", "")
    assert list(await made.core.approvals.pending(USER)) == []
    saver = await made.core.checkpoints.saver()
    assert [one async for one in saver.alist(None)] == []
    made.core.turns._parts = parts
    again = await made.core.ask("send hello", mode="react", session_id=run.session_id)
    assert (again.state, made.sender.calls) == ("waiting", [])


async def test_what_was_decided_before_a_restart_goes_on_after_it(
    outside: Callable[..., Outside],
) -> None:
    """The sweep finds it."""
    made = outside(SENDING)
    run = await made.core.ask("send hello", mode="react")
    one, clock = await made.one(), made.core.clock
    await made.core.stores.approvals.decide(
        USER, run.id, one.call_id, approve=True, note="", now_ms=clock.now_ms()
    )
    sweeping = asyncio.create_task(made.core.approvals.keep_swept())
    while (await made.core.stores.runs.get(USER, run.id)).state in {"waiting", "running"}:  # noqa: ASYNC110 - nothing wakes who looks into the store
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
    sweeping.cancel()
    assert made.sender.calls == ["hello"]
