"""What every adapter of the UsageStore port does, and which ends of runs it hears of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.ports.approvals import Approval
from backend.ports.document_stores import Kept
from backend.ports.stores import Conversation, Run
from backend.ports.usage import DAY_MS, Used, UsedBy
from tests.fakes.papers import add

DAY = 20_000
ASKED = Used(
    user_id="user_bob",
    day=DAY,
    model="llama",
    route="completion",
    prompt_tokens=10,
    completion_tokens=3,
)
RUN = Run(
    id="run_1",
    user_id="user_bob",
    conversation_id="conv_1",
    model="llama",
    route="react",
    state="running",
    started_at_ms=DAY * DAY_MS - 1,
)
END = replace(
    RUN,
    state="completed",
    trace={
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
        "key_id": "key_1",
    },
    finished_at_ms=DAY * DAY_MS,
)
OF_RUN = replace(ASKED, route="react", key_id="key_1", prompt_tokens=20, completion_tokens=5)


async def told(stores, user_id="user_bob", *, since_day=0):
    return list(await stores.usage.of_user(user_id, since_day=since_day))


@pytest.fixture
async def running(stores):
    """Stores in which Bob's run is under way in a conversation."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    await stores.conversations.begin_turn(RUN, [], title_if_empty="t")
    return stores


async def test_what_belongs_together_is_summed_up_and_the_rest_stands_apart(stores):
    """By user, day, model, route and key; newest day first, and only from the day that is asked for."""
    other = [
        replace(ASKED, user_id="user_ann"),
        replace(ASKED, day=DAY - 1),
        replace(ASKED, model="big"),
        replace(ASKED, route=""),
        replace(ASKED, key_id="key_1"),
    ]
    await stores.usage.add([ASKED, *other])
    await stores.usage.add([ASKED])
    twice = replace(ASKED, runs=2, prompt_tokens=20, completion_tokens=6)
    assert await told(stores) == [other[2], other[3], twice, other[4], other[1]]
    assert await told(stores, since_day=DAY) == [other[2], other[3], twice, other[4]]
    assert await told(stores, "user_ann") == [other[0]]
    assert list(await stores.usage.by_user(since_day=DAY)) == [
        UsedBy(user_id="user_ann", runs=1, prompt_tokens=10, completion_tokens=3),
        UsedBy(user_id="user_bob", runs=5, prompt_tokens=50, completion_tokens=15),
    ]
    assert list(await stores.usage.by_user(since_day=DAY + 1)) == []


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
async def test_a_run_is_counted_when_it_ends_whatever_its_end(running, state):
    """On the day it ended, and once, however often its end is stored."""
    assert await told(running) == []
    for _ in range(2):
        await running.conversations.end_turn(replace(END, state=state), [])
    assert await told(running) == [OF_RUN]


async def test_a_run_without_a_conversation_is_counted_too(stores):
    """Not while it runs, and not when somebody else saves under its id."""
    stateless = replace(END, conversation_id=None)
    await stores.runs.save(replace(stateless, state="running", trace={}, finished_at_ms=None))
    assert await told(stores) == []
    await stores.runs.save(stateless)
    await stores.runs.save(stateless)
    await stores.runs.save(replace(stateless, user_id="user_ann"))
    assert await told(stores) == [OF_RUN]
    assert await told(stores, "user_ann") == []


async def test_a_run_that_waits_is_counted_at_its_end(running):
    """Whether it goes on or not."""
    waiting = replace(END, state="waiting", finished_at_ms=None)
    call = Approval(
        id="apr_1",
        run_id=RUN.id,
        user_id="user_bob",
        call_id="call_1",
        tool="send",
        arguments={},
        reason="r",
        created_at_ms=1,
        expires_at_ms=2,
    )
    await running.approvals.pause(waiting, [], [call], {})
    assert await told(running) == []
    cancelled = replace(waiting, state="cancelled", finished_at_ms=DAY * DAY_MS)
    assert await running.approvals.end(cancelled, [])
    assert not await running.approvals.end(cancelled, [])
    assert await told(running) == [OF_RUN]


async def test_a_run_whose_trace_tells_no_usage_counts_as_a_run(running):
    """As when a server died under it."""
    await running.conversations.end_turn(replace(END, trace={}, route=""), [])
    nothing = replace(OF_RUN, route="", key_id="", prompt_tokens=0, completion_tokens=0)
    assert await told(running) == [nothing]


async def test_usage_outlives_conversation_and_run(running):
    """Also when the conversation is erased before the run has ended."""
    await running.conversations.delete("user_bob", "conv_1")
    await running.conversations.end_turn(END, [])
    assert await told(running) == [OF_RUN]
    await running.runs.prune(DAY * DAY_MS + 1)
    assert await told(running) == [OF_RUN]


async def test_usage_goes_with_the_account_and_none_comes_after_it(running):
    """What is written late is dropped, and takes nobody else's with it."""
    await running.usage.add([ASKED])
    await running.users.delete("user_bob")
    await running.conversations.end_turn(END, [])
    await running.usage.add([ASKED, replace(ASKED, user_id="user_ann")])
    assert await told(running) == []
    assert await told(running, "user_ann") == [replace(ASKED, user_id="user_ann")]


async def test_a_user_keeps_what_was_added(stores):
    """Files, the bytes of their documents, and what still waits to be read; nobody else's."""
    await add(stores, 1)
    assert await stores.files.kept("user_ann") == Kept()
    kept = await stores.files.kept("user_bob")
    assert (kept.files, kept.waiting) == (1, 1)
    assert kept.size_bytes > 0
