"""Every adapter of the port of runs that can be taken up again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.errors import Conflict, SessionBusy
from backend.ports.stores import Conversation, Run, StoredMessage
from backend.storage.stores import Stores

RUN = Run(
    id="run_1",
    user_id="user_ann",
    conversation_id="conv_1",
    model="m",
    route="",
    state="running",
    trace={"resume": {}},
    started_at_ms=10,
)
QUESTION = StoredMessage(
    id="msg_q",
    conversation_id="conv_1",
    message={"role": "user", "content": "Hi"},
    run_id="run_1",
    created_at_ms=10,
)
PARTIAL = StoredMessage(
    id="msg_1",
    conversation_id="conv_1",
    message={"role": "assistant", "content": "Ha"},
    run_id="run_1",
    state="interrupted",
    created_at_ms=20,
)


async def begun(stores: Stores) -> None:
    """Begin a run in a session."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_ann"))
    await stores.conversations.begin_turn(RUN, [QUESTION], title_if_empty="Hi")


async def cut(stores: Stores) -> Run:
    """Begin a run and interrupt it while it speaks; give its row."""
    await begun(stores)
    done = replace(RUN, state="interrupted", finished_at_ms=20)
    await stores.conversations.end_turn(done, [PARTIAL])
    found = await stores.runs.get("user_ann", "run_1")
    assert found is not None
    return found


async def test_a_run_is_taken_once_and_its_answer_takes_the_place_of_the_partial_one(
    stores: Stores,
) -> None:
    """Of many at once one has it; the session is held until its end."""
    left = await cut(stores)
    take = stores.resumables.take
    tries = (take(left, {"resume": {"attempts": 1}}, replaces=None, now_ms=30) for _ in range(10))
    said = await asyncio.gather(*tries, return_exceptions=True)
    refused = [one.error_code for one in said if isinstance(one, Conflict)]
    assert (said.count(None), refused) == (1, ["run_not_interrupted"] * 9)
    other = replace(RUN, id="run_2")
    with pytest.raises(SessionBusy):
        await stores.conversations.begin_turn(other, [], title_if_empty="")
    whole = replace(PARTIAL, message={"role": "assistant", "content": "Ha!"}, state="completed")
    done = replace(RUN, state="completed", finished_at_ms=40)
    await stores.conversations.end_turn(done, [whole])
    shown = await stores.conversations.messages("user_ann", "conv_1")
    assert [(it.id, it.message["content"], it.state) for it in shown] == [
        ("msg_q", "Hi", "completed"),
        ("msg_1", "Ha!", "completed"),
    ]
    session = await stores.conversations.get("user_ann", "conv_1")
    assert session is not None
    assert (session.active_run_id, session.head_id) == (None, "msg_1")


async def test_a_run_whose_session_has_gone_on_stays_as_it_is(stores: Stores) -> None:
    """So does what it would have gone on from, until it is swept."""
    left = await cut(stores)
    await stores.resumables.begin("user_ann", "run_1", {"a": 1})
    assert await stores.resumables.sweep(0) == []
    assert [one.id for one in await stores.resumables.interrupted(0)] == ["run_1"]
    later = replace(QUESTION, id="msg_later", run_id=None, created_at_ms=30)
    await stores.conversations.append("user_ann", "conv_1", [later], title_if_empty="", now_ms=30)
    with pytest.raises(Conflict) as refused:
        await stores.resumables.take(left, {}, replaces=None, now_ms=40)
    assert refused.value.error_code == "conversation_gone_on"
    assert await stores.runs.get("user_ann", "run_1") == left
    assert list(await stores.resumables.interrupted(0)) == []
    assert await stores.resumables.sweep(0) == [("user_ann", "run_1")]
    assert await stores.resumables.get("user_ann", "run_1") is None


async def test_what_a_run_goes_on_from_is_its_users_and_goes_when_nobody_needs_it(
    stores: Stores,
) -> None:
    """It is kept while the run is, and for a while when it is interrupted."""
    await begun(stores)
    kept = stores.resumables
    await kept.begin("user_ann", "run_1", {"a": 1})
    await kept.begin("user_ann", "run_1", {"a": 2})
    assert await kept.get("user_ann", "run_1") == {"a": 2}
    assert await kept.get("user_bob", "run_1") is None
    assert await kept.sweep(1_000) == []
    await stores.runs.interrupt_running(50)
    assert await kept.kept() == [("user_ann", "run_1")]
    assert await kept.sweep(50) == []
    assert await kept.sweep(51) == [("user_ann", "run_1")]
    with pytest.raises(Conflict):
        await kept.begin("user_ann", "run_none", {})
