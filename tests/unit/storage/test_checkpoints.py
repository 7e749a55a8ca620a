"""The checkpoint file: a work space that never outlives its server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph

from backend.errors import Unavailable
from backend.storage.checkpoints import CheckpointFile

CONFIG: Any = {"configurable": {"thread_id": "user_1:run_1", "checkpoint_ns": ""}}


class State(TypedDict):
    """What the graph of these tests passes on."""

    text: str


def config(thread: str) -> Any:
    """Name a thread."""
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}


async def put(checkpoints: CheckpointFile, thread: str = "user_1:run_1") -> None:
    """Store one checkpoint."""
    saver = await checkpoints.saver()
    checkpoint: Any = {"v": 4, "id": "1", "ts": "", "channel_values": {}, "channel_versions": {}}
    await saver.aput(config(thread), checkpoint, {}, {})


async def threads(checkpoints: CheckpointFile) -> list[str]:
    """List the threads that are there."""
    saver = await checkpoints.saver()
    return [one.config["configurable"]["thread_id"] async for one in saver.alist(None)]


async def test_the_threads_of_waiting_runs_are_kept_and_all_others_dropped(
    tmp_path: Path,
) -> None:
    """Also dropped without the saver, once nobody waits for them."""
    path = tmp_path / "checkpoints.db"
    left = CheckpointFile(path)
    for thread in ("a:1", "a:2", "b:3"):
        await put(left, thread)
    await left.aclose()

    async def waiting() -> list[str]:
        return ["a:1", "b:3", "c:4"]

    opened = CheckpointFile(path, waiting=waiting)
    assert sorted(await threads(opened)) == ["a:1", "b:3"]
    await opened.drop("b:3")
    await opened.aclose()
    closed = CheckpointFile(path, waiting=waiting)
    await closed.drop("nobody:0")
    await closed.drop("a:1")
    assert await threads(closed) == []
    await closed.aclose()


async def test_a_broken_file_does_not_stop_the_agents_though_runs_wait(tmp_path: Path) -> None:
    """What they would go on from is gone; the run says so when it is decided about."""
    path = tmp_path / "checkpoints.db"
    path.write_bytes(b"not a database" * 100)

    async def waiting() -> list[str]:
        return ["a:1"]

    opened = CheckpointFile(path, waiting=waiting)
    await opened.drop("a:2")
    await put(opened, "a:3")
    assert await threads(opened) == ["a:3"]
    await opened.aclose()


async def test_what_a_dead_server_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    """Otherwise the file would grow for ever."""
    left = CheckpointFile(tmp_path / "checkpoints.db")
    await put(left)
    await left.aclose()
    opened = CheckpointFile(tmp_path / "checkpoints.db")
    found = [one async for one in (await opened.saver()).alist(None)]
    await opened.aclose()
    assert found == []


async def test_a_file_that_is_no_database_does_not_stop_the_agents(tmp_path: Path) -> None:
    """It is a work space; there is nothing in it to lose."""
    path = tmp_path / "checkpoints.db"
    path.write_bytes(b"not a database" * 100)
    opened = CheckpointFile(path)
    await put(opened)
    assert await (await opened.saver()).aget_tuple(CONFIG) is not None
    await opened.aclose()


async def test_a_checkpoint_that_cannot_be_written_is_our_error(tmp_path: Path) -> None:
    """The library's exceptions stop at the adapter."""
    opened = CheckpointFile(tmp_path / "checkpoints.db")
    saver = await opened.saver()
    saver.conn.execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable):
        await put(opened)
    await opened.aclose()


async def test_a_step_of_which_nothing_can_be_written_ends_its_graph(tmp_path: Path) -> None:
    """Neither the checkpoint behind it, nor what it wrote, which tries by itself when that fails."""
    opened = CheckpointFile(tmp_path / "checkpoints.db")
    saver = await opened.saver()

    async def step(_state: dict[str, str]) -> dict[str, str]:
        await saver.hop("", saver.conn.execute, "PRAGMA query_only=ON")
        return {"text": "done"}

    built = StateGraph(State)
    built.add_node("step", step)
    built.add_edge(START, "step")
    with pytest.raises(Unavailable):
        await built.compile(checkpointer=saver).ainvoke(
            {"text": ""}, config("a:1"), durability="sync"
        )
    await opened.aclose()
