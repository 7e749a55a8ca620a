"""What every adapter of the ApprovalStore port does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import Conflict
from backend.ports.approvals import Approval
from backend.ports.stores import Conversation, Run, StoredMessage

RUN = Run(
    id="run_1",
    user_id="user_bob",
    conversation_id="conv_1",
    model="llama",
    route="react",
    state="waiting",
    trace={"route": None},
    events=({"kind": "content", "text": "May I?"},),
    started_at_ms=5,
)
CALL = Approval(
    id="apr_1",
    run_id="run_1",
    user_id="user_bob",
    call_id="call_1",
    tool="send",
    arguments={"deep": [1, {"a": None}]},
    reason="it changes something",
    created_at_ms=7,
    expires_at_ms=100,
)
DATA = {"request": {"mode": "auto"}, "history": []}
ASKED = StoredMessage(
    id="msg_1",
    conversation_id="conv_1",
    message={"role": "assistant", "content": "May I?"},
    run_id="run_1",
    state="waiting",
    created_at_ms=7,
)


@pytest.fixture
async def waiting(stores):
    """Stores in which Bob's run waits for two calls, its conversation free."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    begun = replace(RUN, state="running", trace={}, events=())
    await stores.conversations.begin_turn(begun, [], title_if_empty="t")
    await stores.approvals.pause(RUN, [ASKED], [CALL, _second()], DATA)
    return stores


def _second(**changes):
    return replace(CALL, id="apr_2", call_id="call_2", created_at_ms=8, **changes)


async def _decide(stores, call_id, *, user_id="user_bob", now_ms=10, approve=True):
    return await stores.approvals.decide(
        user_id, "run_1", call_id, approve=approve, note="n", now_ms=now_ms
    )


async def test_a_run_that_waits_is_stored_whole_and_frees_its_conversation(waiting):
    """Run, message and calls; only the owner sees them."""
    assert await waiting.runs.get("user_bob", "run_1") == RUN
    assert list(await waiting.conversations.messages("user_bob", "conv_1")) == [ASKED]
    assert (await waiting.conversations.get("user_bob", "conv_1")).active_run_id is None
    assert list(await waiting.approvals.of_run("user_bob", "run_1")) == [CALL, _second()]
    assert list(await waiting.approvals.pending("user_bob")) == [CALL, _second()]
    assert list(await waiting.approvals.of_run("user_ann", "run_1")) == []
    assert await waiting.approvals.by_id("user_bob", "apr_2") == _second()
    assert await waiting.approvals.by_id("user_bob", "apr_3") is None
    assert await waiting.approvals.by_id("user_ann", "apr_2") is None
    assert list(await waiting.approvals.pending("user_ann")) == []


async def test_a_call_is_decided_once_by_its_owner_before_it_expires(waiting):
    """Any later decision is told the state as it stands."""
    assert await _decide(waiting, "call_1", user_id="user_ann") is None
    assert await _decide(waiting, "call_3") is None
    approved = replace(CALL, state="approved", note="n", decided_at_ms=10)
    assert await _decide(waiting, "call_1") == (approved, True)
    assert await _decide(waiting, "call_1", approve=False) == (approved, False)
    assert await _decide(waiting, "call_2", now_ms=100) == (_second(), False)


async def test_what_a_run_goes_on_from_is_seen_by_its_owner_while_it_waits(waiting):
    """Nothing is taken by looking."""
    seen = [await waiting.approvals.data(one, "run_1") for one in ("user_bob", "user_ann")]
    assert seen == [DATA, None]
    await _decide(waiting, "call_1")
    await _decide(waiting, "call_2")
    assert await waiting.approvals.take("user_bob", "run_1") is not None
    assert await waiting.approvals.data("user_bob", "run_1") is None


async def test_a_run_is_taken_once_and_only_when_all_is_decided(waiting):
    """It is running from then on."""
    take = waiting.approvals.take
    await _decide(waiting, "call_1")
    assert await take("user_bob", "run_1") is None
    await _decide(waiting, "call_2", approve=False)
    assert [run.id for run in await waiting.approvals.decided()] == ["run_1"]
    assert await take("user_ann", "run_1") is None
    taken = await take("user_bob", "run_1")
    assert (taken.data, taken.run.events) == (DATA, RUN.events)
    assert {it: one.state for it, one in taken.approvals.items()} == {
        "call_1": "approved",
        "call_2": "denied",
    }
    assert await take("user_bob", "run_1") is None
    assert (await waiting.runs.get("user_bob", "run_1")).state == "running"
    assert [run.id for run in await waiting.approvals.resumed()] == ["run_1"]
    assert list(await waiting.approvals.waiting()) == []


async def test_the_end_of_a_resumed_run_replaces_its_message(waiting):
    """In its place, before what was said meanwhile."""
    between = Run(**{**vars_of(RUN), "id": "run_2", "state": "running", "events": (), "trace": {}})
    later = replace(ASKED, id="msg_2", run_id="run_2", state="completed")
    await waiting.conversations.begin_turn(between, [later], title_if_empty="t")
    for call_id in ("call_1", "call_2"):
        await _decide(waiting, call_id)
    await waiting.approvals.take("user_bob", "run_1")
    said = replace(ASKED, message={"role": "assistant", "content": "Done."}, state="completed")
    done = replace(RUN, state="completed", finished_at_ms=20)
    await waiting.conversations.end_turn(done, [said])
    shown = list(await waiting.conversations.messages("user_bob", "conv_1"))
    assert shown == [said, replace(later, parent_id="msg_1")]
    conversation = await waiting.conversations.get("user_bob", "conv_1")
    assert (conversation.active_run_id, conversation.head_id) == ("run_2", "msg_2")


def vars_of(run):
    """Give the fields of a run."""
    return {name: getattr(run, name) for name in Run.__slots__}


async def test_a_run_that_is_ended_while_it_waits_expires_its_calls(waiting):
    """Decided ones stay decided; a second end changes nothing."""
    await _decide(waiting, "call_1")
    ended = replace(RUN, state="cancelled", events=(), finished_at_ms=50)
    said = replace(ASKED, message={"role": "assistant", "content": "No."}, state="cancelled")
    assert await waiting.approvals.end(replace(ended, user_id="user_ann"), []) is False
    assert await waiting.approvals.end(ended, [said]) is True
    assert await waiting.approvals.end(ended, [said]) is False
    states = [one.state for one in await waiting.approvals.of_run("user_bob", "run_1")]
    assert states == ["approved", "expired"]
    assert (await waiting.runs.get("user_bob", "run_1")).state == "cancelled"
    assert list(await waiting.conversations.messages("user_bob", "conv_1")) == [said]
    assert list(await waiting.approvals.waiting()) == []


async def test_waiting_and_expired_runs_are_found_by_owner_conversation_and_time(waiting):
    """What waits is not pruned, whatever its age."""
    found = waiting.approvals
    assert [run.id for run in await found.waiting("user_bob")] == ["run_1"]
    assert [run.id for run in await found.waiting("user_bob", conversation_id="conv_1")] == [
        "run_1"
    ]
    assert list(await found.waiting("user_ann")) == []
    assert list(await found.waiting("user_bob", conversation_id="conv_2")) == []
    assert list(await found.decided()) == []
    assert list(await found.expired(99)) == []
    assert [run.id for run in await found.expired(100)] == ["run_1"]
    assert await waiting.runs.prune(10**9) == 0
    assert await waiting.runs.interrupt_running(9) == 0


async def test_what_waits_goes_with_its_conversation_or_account(waiting):
    """Calls and data; pausing what was erased meanwhile is refused."""
    await waiting.conversations.delete("user_bob", "conv_1")
    assert list(await waiting.approvals.pending("user_bob")) == []
    assert list(await waiting.approvals.waiting()) == []
    with pytest.raises(Conflict):
        await waiting.approvals.pause(RUN, [ASKED], [CALL], DATA)
    alone = replace(RUN, conversation_id=None)
    await waiting.approvals.pause(alone, [], [CALL], DATA)
    assert list(await waiting.approvals.pending("user_bob")) == [CALL]
    await waiting.users.delete("user_bob")
    assert list(await waiting.approvals.waiting()) == []
    with pytest.raises(Conflict):
        await waiting.approvals.pause(alone, [], [CALL], DATA)
