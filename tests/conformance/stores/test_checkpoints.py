"""What every place of LangGraph's checkpoints does: the file beside SQLite and the tables on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, TypedDict

import psycopg
import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from backend.errors import Unavailable
from backend.storage.checkpoints import CheckpointFile, Checkpoints
from backend.storage.postgres_checkpoints import CheckpointTables
from tests.fakes.sql_databases import postgres_copy

THREAD = "user_ann:run_1"


class State(TypedDict, total=False):
    """What the graph of these tests passes on."""

    text: str
    many: Annotated[list[str], lambda old, new: [*old, *new]]
    answer: str


def graph(saver: Any) -> Any:
    """Make a graph that asks its user in the middle."""

    def first(_state: State) -> State:
        return {"text": "a\x00b\ud800", "many": ["one", "two"]}

    def ask(_state: State) -> State:
        return {"answer": interrupt({"question": "which?"})}

    built = StateGraph(State)
    built.add_node("first", first)
    built.add_node("ask", ask)
    built.add_edge(START, "first")
    built.add_edge("first", "ask")
    built.add_edge("ask", END)
    return built.compile(checkpointer=saver)


def fork(saver: Any, over: asyncio.Event) -> Any:
    """Make a graph of one step with two tasks, of which one takes until it is told."""

    def quick(_state: State) -> State:
        return {"many": ["quick"]}

    async def slow(_state: State) -> State:
        await over.wait()
        return {"many": ["slow"]}

    built = StateGraph(State)
    built.add_node("quick", quick)
    built.add_node("slow", slow)
    built.add_edge(START, "quick")
    built.add_edge(START, "slow")
    return built.compile(checkpointer=saver)


def config(thread: str = THREAD) -> Any:
    """Name a thread."""
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}


async def threads(checkpoints: Checkpoints) -> set[str]:
    """List the threads that are there."""
    saver = await checkpoints.saver()
    return {one.config["configurable"]["thread_id"] async for one in saver.alist(None)}


async def kept() -> list[str]:
    """Name the thread that waits."""
    return [THREAD]


@pytest.fixture
def postgres_url(migrated_postgres) -> Iterator[str]:
    """A database of its own."""
    with postgres_copy(migrated_postgres, "empty") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request, tmp_path) -> Callable[[], Checkpoints]:
    """Give what opens the checkpoints, again and again over the same place."""
    if request.param == "sqlite":
        return lambda: CheckpointFile(tmp_path / "checkpoints.db", waiting=kept)
    url = request.getfixturevalue("postgres_url")
    return lambda: CheckpointTables(url, connections=3, waiting=kept)


@pytest.fixture
async def checkpoints(opened) -> AsyncIterator[Checkpoints]:
    """Open them once."""
    made = opened()
    yield made
    await made.aclose()


async def test_a_graph_that_asks_goes_on_in_the_next_server(opened) -> None:
    """With the state it had; texts that a database cannot hold do not stop it."""
    before = opened()
    await graph(await before.saver()).ainvoke({"many": ["zero"]}, config())
    await before.aclose()
    after = opened()
    end = await graph(await after.saver()).ainvoke(Command(resume="this"), config())
    await after.aclose()
    assert (end["answer"], end["many"]) == ("this", ["zero", "one", "two"])
    assert end["text"].startswith("a")


async def test_of_a_graph_that_is_not_gone_on_with_only_a_question_is_stored(opened) -> None:
    """With the state it was asked from, in the very moment it is asked."""
    before = opened()
    saver = await before.saver()
    with saver.beginning(THREAD, stops_only=True) as begun:
        await graph(saver).ainvoke({"many": ["zero"]}, config(), durability="exit")
        assert begun.stored
    await before.aclose()
    after = opened()
    saver = await after.saver()
    assert len([one async for one in saver.alist(config())]) == 1
    end = await graph(saver).ainvoke(Command(resume="this"), config(), durability="exit")
    assert (end["answer"], end["many"]) == ("this", ["zero", "one", "two"])
    await after.aclose()


async def test_of_one_that_does_not_ask_nothing_is_stored(checkpoints) -> None:
    """Its server would have to forget it at once."""
    saver, over = await checkpoints.saver(), asyncio.Event()
    over.set()
    with saver.beginning(THREAD, stops_only=True) as begun:
        end = await fork(saver, over).ainvoke({"many": []}, config(), durability="exit")
    assert sorted(end["many"]) == ["quick", "slow"]
    assert not begun.stored
    assert await threads(checkpoints) == set()


async def test_a_step_is_stored_once_by_the_checkpoint_behind_it(checkpoints) -> None:
    """What its tasks have written is in that, and needs no rows of its own; a question does."""
    saver = await checkpoints.saver()
    with saver.beginning(THREAD, stops_only=False) as begun:
        await graph(saver).ainvoke({"many": ["zero"]}, config(), durability="sync")
        assert begun.stored
    newest, *older = [one async for one in saver.alist(config())]
    assert newest.checkpoint["channel_values"]["many"] == ["zero", "one", "two"]
    assert [channel for _, channel, _ in newest.pending_writes] == ["__interrupt__"]
    assert [one.metadata["step"] for one in older] == [0, -1]
    assert not any(one.pending_writes for one in older)


async def test_what_a_task_has_done_is_stored_while_another_is_at_work(checkpoints) -> None:
    """After a crash it is not done again."""
    saver, over = await checkpoints.saver(), asyncio.Event()
    running = asyncio.create_task(
        fork(saver, over).ainvoke({"many": []}, config(), durability="sync")
    )
    written: list[Any] = []
    async with asyncio.timeout(30):
        while not written:
            found = await saver.aget_tuple(config())
            pending = found.pending_writes if found else ()
            written = [value for _, channel, value in pending if channel == "many"]
    over.set()
    assert written == [["quick"]]
    assert sorted((await running)["many"]) == ["quick", "slow"]


async def test_a_thread_that_was_forgotten_stays_so(checkpoints) -> None:
    """A cancelled graph may still write after it has ended; others are left alone."""
    saver = await checkpoints.saver()
    await graph(saver).ainvoke({"many": []}, config())
    await graph(saver).ainvoke({"many": []}, config("user_bob:run_2"))
    found = await saver.aget_tuple(config())
    await saver.adelete_thread(THREAD)
    assert await saver.aget_tuple(config()) is None
    await saver.aput(
        config(), found.checkpoint, found.metadata, found.checkpoint["channel_versions"]
    )
    await saver.aput_writes(found.config, [("text", "late")], "task")
    assert await threads(checkpoints) == {"user_bob:run_2"}


async def test_a_thread_is_dropped_without_the_saver(opened) -> None:
    """Also where nothing was ever kept."""
    first = opened()
    await first.drop(THREAD)
    await graph(await first.saver()).ainvoke({"many": []}, config())
    await first.aclose()
    second = opened()
    await second.drop(THREAD)
    assert THREAD not in await threads(second)
    await second.aclose()


async def test_all_threads_of_a_user_are_dropped(checkpoints) -> None:
    """Those of a user whose id begins alike stay."""
    await checkpoints.drop_of("user_ann")
    for name in (THREAD, "user_ann:run_2", "user_anna:run_3"):
        await graph(await checkpoints.saver()).ainvoke({"many": []}, config(name))
    await checkpoints.drop_of("user_ann")
    assert await threads(checkpoints) == {"user_anna:run_3"}


async def test_all_threads_of_a_user_are_dropped_without_the_saver(opened) -> None:
    """As a command does."""
    first = opened()
    await graph(await first.saver()).ainvoke({"many": []}, config())
    await first.aclose()
    second = opened()
    await second.drop_of("user_ann")
    assert THREAD not in await threads(second)
    await second.aclose()


async def test_many_threads_at_once_do_not_mix(checkpoints) -> None:
    """Each is its own, whichever connection it takes."""
    saver = await checkpoints.saver()
    names = [f"user_{number}:run" for number in range(20)]
    await asyncio.gather(*(graph(saver).ainvoke({"many": [name]}, config(name)) for name in names))
    for name in names:
        found = await saver.aget_tuple(config(name))
        assert found.checkpoint["channel_values"]["many"] == [name, "one", "two"]


async def test_values_of_other_types_than_plain_ones_do_not_come_back(checkpoints) -> None:
    """Strict msgpack: whoever can write the database cannot have code run by it."""
    saver = await checkpoints.saver()
    with pytest.raises((TypeError, ValueError)):
        saver.serde.dumps_typed(lambda: None)
    kind, packed = saver.serde.dumps_typed(psycopg.pq.Ping.OK)
    assert not isinstance(saver.serde.loads_typed((kind, packed)), psycopg.pq.Ping)


async def test_two_servers_open_the_tables_at_once(migrated_postgres) -> None:
    """One makes them, the others find them made."""
    with postgres_copy(migrated_postgres, "empty") as url:
        several = [CheckpointTables(url, connections=1) for _ in range(4)]
        savers = await asyncio.gather(*(one.saver() for one in several))
        await graph(savers[0]).ainvoke({"many": []}, config())
        assert await savers[3].aget_tuple(config()) is not None
        for one in several:
            await one.aclose()


async def test_what_a_dead_server_left_goes_after_a_day(migrated_postgres) -> None:
    """But for what waits for its user; what is younger may be another server's run."""
    with postgres_copy(migrated_postgres, "empty") as url:
        first = CheckpointTables(url, connections=1)
        for name in (THREAD, "old:run", "young:run"):
            await graph(await first.saver()).ainvoke({"many": []}, config(name))
        await first.aclose()
        with psycopg.connect(url) as connection:
            connection.execute(
                "UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{ts}',"
                """ '"2020-01-01T00:00:00+00:00"') WHERE thread_id <> 'young:run'"""
            )
        second = CheckpointTables(url, connections=1, waiting=kept)
        assert await threads(second) == {THREAD, "young:run"}
        await second.aclose()


async def test_a_connection_that_died_is_replaced_unseen(migrated_postgres) -> None:
    """PostgreSQL was restarted, or a firewall dropped it."""
    with postgres_copy(migrated_postgres, "empty") as url:
        made = CheckpointTables(url, connections=1)
        saver = await made.saver()
        await graph(saver).ainvoke({"many": []}, config())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert await saver.aget_tuple(config()) is not None
        await made.aclose()


async def test_a_database_that_is_gone_is_our_error() -> None:
    """The driver's exceptions stop at the adapter, and say nothing of the address."""
    made = CheckpointTables("postgresql://u:secret@127.0.0.1:9/nothing", connections=1)
    with pytest.raises(Unavailable) as caught:
        await made.saver()
    assert "secret" not in caught.value.message
    await made.drop(THREAD)
    await made.drop_of("user_ann")
    await made.aclose()
