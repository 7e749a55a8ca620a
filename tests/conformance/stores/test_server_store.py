"""Which servers live, and what becomes of the runs of those that do not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from backend.ports.audit import ToolAudit
from backend.ports.replicas import JournalRow
from backend.ports.stores import Conversation, Run, StoredMessage
from backend.storage.stores import Stores

RUN = Run(
    id="run_1",
    user_id="user_bob",
    conversation_id="conv_1",
    model="llama",
    route="chat",
    state="running",
    started_at_ms=5,
    server_id="srv_a",
)
LONG_AGO_S = -3_600.0  # seen before a moment that is still to come: whoever there is


async def _running(stores: Stores) -> None:
    await stores.servers.register("srv_a")
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    await stores.conversations.begin_turn(RUN, [], title_if_empty="t")


async def test_a_server_lives_until_it_leaves_or_is_buried(stores: Stores) -> None:
    """It counts the others, and is told when it was taken for dead."""
    await stores.servers.register("srv_a")
    assert await stores.servers.beat("srv_a") == 0
    await stores.servers.register("srv_b")
    await stores.servers.register("srv_b")
    assert await stores.servers.beat("srv_a") == 1
    assert await stores.servers.bury(unseen_s=60) == []
    await stores.servers.leave("srv_b")
    assert await stores.servers.beat("srv_b") is None
    assert await stores.servers.beat("srv_a") == 0
    assert await stores.servers.bury(unseen_s=LONG_AGO_S) == ["srv_a"]
    assert await stores.servers.beat("srv_a") is None


async def test_the_dead_are_named_to_one_alone(stores: Stores) -> None:
    """However many look at the same moment."""
    for number in range(5):
        await stores.servers.register(f"srv_{number}")
    looks = [stores.servers.bury(unseen_s=None) for _ in range(8)]
    found = [one for names in await asyncio.gather(*looks) for one in names]
    assert sorted(found) == [f"srv_{number}" for number in range(5)]


async def test_runs_of_the_living_are_nobodys_to_adopt(stores: Stores) -> None:
    """Only when their server is gone, and then by one."""
    await _running(stores)
    assert await stores.servers.held("srv_a") == {"run_1": False}
    assert list(await stores.servers.orphans()) == []
    assert not await stores.servers.adopt(RUN, "srv_b")
    await stores.servers.leave("srv_a")
    assert list(await stores.servers.orphans()) == [RUN]
    names = [f"srv_{name}" for name in "bcdefgh"]
    adopted = await asyncio.gather(*(stores.servers.adopt(RUN, one) for one in names))
    assert sum(adopted) == 1
    assert await stores.servers.held(names[adopted.index(True)]) == {"run_1": False}


async def test_a_server_that_was_only_slow_writes_nothing_over_what_was_taken_over(
    stores: Stores,
) -> None:
    """Neither the end of its run nor what it used, nor a question."""
    await _running(stores)
    await stores.servers.leave("srv_a")
    assert await stores.servers.adopt(RUN, "srv_b")
    done = replace(RUN, state="completed", finished_at_ms=9, trace={"usage": {"prompt_tokens": 7}})
    said = StoredMessage(id="msg_1", conversation_id="conv_1", message={"role": "assistant"})
    await stores.conversations.end_turn(done, [said])
    await stores.runs.save(done)
    adopted = replace(RUN, server_id="srv_b")
    assert await stores.runs.get("user_bob", "run_1") == adopted
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == []
    assert list(await stores.usage.of_user("user_bob", since_day=0)) == []
    ended = replace(adopted, state="interrupted", finished_at_ms=8)
    await stores.conversations.end_turn(ended, [])
    await stores.conversations.end_turn(done, [said])
    assert await stores.runs.get("user_bob", "run_1") == ended
    session = await stores.conversations.get("user_bob", "conv_1")
    assert session is not None
    assert session.active_run_id is None


async def test_a_stop_that_was_asked_for_waits_with_the_run(stores: Stores) -> None:
    """Of the user's own running runs alone."""
    await _running(stores)
    assert not await stores.servers.ask_to_stop("user_ann", "run_1")
    assert not await stores.servers.ask_to_stop("user_bob", "run_2")
    assert await stores.servers.ask_to_stop("user_bob", "run_1")
    assert await stores.servers.held("srv_a") == {"run_1": True}
    await stores.conversations.end_turn(replace(RUN, state="cancelled", finished_at_ms=6), [])
    assert not await stores.servers.ask_to_stop("user_bob", "run_1")
    assert await stores.servers.held("srv_a") == {}


async def test_what_the_living_have_begun_outside_is_not_unknown(stores: Stores) -> None:
    """Only what dead servers had."""
    await stores.servers.register("srv_a")
    row = ToolAudit(
        id="tool_1",
        user_id="user_bob",
        run_id="run_1",
        tool="send",
        arguments={},
        outcome="started",
        duration_ms=0,
        result_bytes=0,
        created_at_ms=1,
        server_id="srv_a",
    )
    await stores.audit.add(row)
    assert list(await stores.audit.settle()) == []
    await stores.servers.leave("srv_a")
    assert list(await stores.audit.settle()) == [replace(row, outcome="unknown")]


def _row(at: int, seq: int, *, replaces: bool = False, run_id: str = "run_1") -> JournalRow:
    return JournalRow(
        run_id=run_id,
        user_id="user_bob",
        at=at,
        seq=seq,
        entries=({"kind": "content", "text": f"piece {seq}"},),
        replaces=replaces,
    )


async def _read(stores: Stores, user_id: str = "user_bob", after: int = 0) -> list[tuple[int, int]]:
    found = await stores.journal.read(user_id, "run_1", after=after)
    assert [list(one.entries) for one in found] == [list(_row(0, it.seq).entries) for it in found]
    return [(one.at, one.seq) for one in found]


async def test_a_journal_is_read_from_where_one_was(stores: Stores) -> None:
    """By its owner alone; a row that is written again takes the place of all behind it."""
    await stores.servers.register("srv_a")
    assert await stores.journal.write("srv_a", [_row(0, 1), _row(1, 2), _row(2, 3)])
    assert await _read(stores) == [(0, 1), (1, 2), (2, 3)]
    assert await _read(stores, after=2) == [(2, 3)]
    assert await _read(stores, "user_ann") == []
    assert await stores.journal.write("srv_a", [_row(1, 4, replaces=True)])
    assert await _read(stores) == [(0, 1), (1, 4)]
    assert await stores.journal.write("srv_a", [_row(0, 1)], erase=["run_1", "run_9"])
    assert await _read(stores) == [(0, 1)]


async def test_the_buried_write_no_journal(stores: Stores) -> None:
    """Nor erase one."""
    await stores.servers.register("srv_a")
    assert await stores.journal.write("srv_a", [_row(0, 1)])
    await stores.servers.leave("srv_a")
    assert not await stores.journal.write("srv_a", [_row(1, 2)], erase=["run_1"])
    assert await _read(stores) == [(0, 1)]


async def test_what_nobody_writes_any_more_is_tidied_away(stores: Stores) -> None:
    """But for runs that are still to be taken over."""
    await _running(stores)
    await stores.servers.register("srv_b")
    assert await stores.journal.write("srv_a", [_row(0, 1), _row(0, 1, run_id="run_2")])
    assert await stores.journal.write("srv_b", [_row(0, 1, run_id="run_3")])
    assert await stores.journal.tidy() == 0
    await stores.servers.leave("srv_a")
    assert await stores.journal.tidy() == 1
    assert await _read(stores) == [(0, 1)]
    await stores.conversations.end_turn(replace(RUN, state="interrupted", finished_at_ms=6), [])
    assert await stores.journal.tidy() == 1
    assert [one.seq for one in await stores.journal.read("user_bob", "run_3")] == [1]


async def test_a_journal_goes_with_its_account(stores: Stores) -> None:
    """Nothing of a user is left behind."""
    await stores.servers.register("srv_a")
    assert await stores.journal.write("srv_a", [_row(0, 1)])
    assert await stores.users.delete("user_bob")
    assert await _read(stores) == []
