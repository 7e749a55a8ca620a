"""What every adapter of the RunStore port does."""

from __future__ import annotations

from dataclasses import replace

from backend.ports.stores import Conversation, Run

RUN = Run(
    id="run_1",
    user_id="user_bob",
    conversation_id=None,
    model="llama",
    route="react",
    state="completed",
    trace={"route": {"reason": "tools", "confidence": 0.5}, "steps": [{"n": 1}]},
    events=({"id": 1, "type": "text"}, {"id": 2, "type": "end"}),
    started_at_ms=5,
    finished_at_ms=9,
)


async def test_a_saved_run_comes_back_whole_to_its_owner_only(stores):
    """A foreign id answers like a missing one."""
    await stores.runs.save(RUN)
    assert await stores.runs.get("user_bob", "run_1") == RUN
    assert await stores.runs.get("user_ann", "run_1") is None
    assert await stores.runs.get("user_bob", "run_0") is None


async def test_saving_again_replaces_the_run(stores):
    """The last state wins."""
    await stores.runs.save(replace(RUN, state="running", finished_at_ms=None, events=()))
    await stores.runs.save(RUN)
    assert await stores.runs.get("user_bob", "run_1") == RUN


async def test_a_run_of_somebody_else_is_never_replaced(stores):
    """Saving under a foreign id changes nothing."""
    await stores.runs.save(RUN)
    await stores.runs.save(replace(RUN, user_id="user_ann", model="other"))
    assert await stores.runs.get("user_bob", "run_1") == RUN
    assert await stores.runs.get("user_ann", "run_1") is None


async def test_what_is_stored_does_not_change_from_outside(stores):
    """Neither what was given nor what was returned shares objects with the store."""
    trace = {"steps": [1]}
    await stores.runs.save(replace(RUN, trace=trace))
    trace["steps"].append(2)
    (await stores.runs.get("user_bob", "run_1")).trace["steps"].append(3)
    assert (await stores.runs.get("user_bob", "run_1")).trace == {"steps": [1]}


async def test_values_that_json_cannot_hold_become_text(stores):
    """Huge integers, lone surrogates, odd keys and endless depth are stored, not refused."""
    deep: list = []
    for _ in range(1000):
        deep = [deep]
    odd = {"big": 10**30, 5: "\ud800x", "deep": deep, "nan": float("nan"), "set": {1}}
    await stores.runs.save(replace(RUN, trace=odd))
    trace = (await stores.runs.get("user_bob", "run_1")).trace
    deep_back = trace.pop("deep")
    assert trace == {"big": str(10**30), "5": "?x", "nan": None, "set": "{1}"}
    assert str(deep_back).count("[") == 199
    assert "..." in str(deep_back)


async def test_runs_left_by_a_dead_process_are_interrupted(stores):
    """Their conversations are free again; runs that had ended stay as they are."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    left = replace(RUN, id="run_2", conversation_id="conv_1", state="running", finished_at_ms=None)
    await stores.conversations.begin_turn(left, [], title_if_empty="t")
    await stores.runs.save(RUN)
    assert await stores.runs.interrupt_running(77) == 1
    interrupted = replace(left, state="interrupted", finished_at_ms=77)
    assert await stores.runs.get("user_bob", "run_2") == interrupted
    assert await stores.runs.get("user_bob", "run_1") == RUN
    assert (await stores.conversations.get("user_bob", "conv_1")).active_run_id is None
    await stores.conversations.begin_turn(replace(left, id="run_3"), [], title_if_empty="t")
    assert await stores.runs.interrupt_running(78) == 1


async def test_old_runs_are_forgotten_and_running_ones_never(stores):
    """What ended before the given time goes; the rest stays."""
    await stores.runs.save(RUN)
    await stores.runs.save(replace(RUN, id="run_2", finished_at_ms=10))
    await stores.runs.save(replace(RUN, id="run_3", state="running", finished_at_ms=None))
    assert await stores.runs.prune(10) == 1
    found = [await stores.runs.get("user_bob", one) for one in ("run_1", "run_2", "run_3")]
    assert [run.id if run else None for run in found] == [None, "run_2", "run_3"]


async def test_the_runs_of_a_conversation_tell_what_answered(stores):
    """Model and route of each, without their traces; to the owner only."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    await stores.runs.save(RUN)
    for one, route in (("run_2", "chat"), ("run_3", "plan")):
        await stores.runs.save(replace(RUN, id=one, conversation_id="conv_1", route=route))
    told = {"run_2": ("llama", "chat"), "run_3": ("llama", "plan")}
    assert await stores.runs.origins("user_bob", "conv_1") == told
    assert await stores.runs.origins("user_ann", "conv_1") == {}
