"""Every turn ends: cancelled at any moment, unstorable, its conversation gone, its audit away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.errors import Unavailable
from backend.ports.audit import ToolAudit
from backend.ports.models import ModelRequest
from backend.ports.stores import Run, StoredMessage
from backend.ports.tools import ToolContext, ToolResult
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, AddArgs, Core, Make, turn

ROOT = Path(__file__).resolve().parents[3]


def hello(_: ModelRequest) -> str:
    """Answer anything."""
    return "Hello there."


def adding(request: ModelRequest) -> Any:
    """Call `add` once, then answer."""
    found = [one for one in request.messages if one["role"] == "tool"]
    return "It is 3." if found else [call("add", numbers=[1, 2])]


async def threads(made: Core) -> list[str]:
    """List the checkpoints that are left."""
    saver = await made.checkpoints.saver()
    return [one.config["configurable"]["thread_id"] async for one in saver.alist(None)]


async def claim(made: Core, run: Any) -> str | None:
    """Tell which run holds the session."""
    session = await made.stores.conversations.get(USER, run.session_id)
    assert session is not None
    return session.active_run_id


class Hanging:
    """A tool that never comes back by itself."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.left = False

    async def run(self, args: AddArgs, context: ToolContext) -> ToolResult:
        """Wait for ever."""
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left = True
        return ToolResult(text="never")


def with_tool(made: Core, tool: Any) -> None:
    """Put a tool in the place of `add`."""
    toolbox = made.turns._parts.toolbox
    toolbox.available["add"] = replace(toolbox.available["add"], tool=tool)


async def test_a_run_cancelled_before_its_first_step_still_ends(core: Make) -> None:
    """The log is closed, the session is free, nothing is active."""
    made = core(hello)
    run = await made.begin("one", mode="chat", store=True)
    run.cancel()
    await run.done()
    assert (run.state, await claim(made, run), made.turns.active) == ("cancelled", None, {})


async def test_a_second_cancel_and_one_at_the_end_change_nothing(core: Make) -> None:
    """A run that is being stored is past cancelling."""
    made = core(hello)
    run = await made.begin("one", mode="chat", store=True)
    states: list[str] = []
    store = made.stores.conversations.end_turn

    async def end_turn(row: Run, messages: Sequence[StoredMessage]) -> None:
        run.cancel()
        run.cancel("interrupted")
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
        states.append(row.state)
        await store(row, messages)

    made.stores.conversations.end_turn = end_turn  # type: ignore[method-assign]
    await run.done()
    assert run.task is not None
    await run.task
    assert (states, run.state, run.cancel_reason) == (["completed"], "completed", None)


async def test_a_cancelled_agent_run_leaves_no_checkpoint(core: Make) -> None:
    """The tool is stopped and its thread forgotten."""
    made, tool = core(adding), Hanging()
    with_tool(made, tool)
    run = await made.begin("add 1 and 2", mode="react", store=True)
    await tool.entered.wait()
    run.cancel()
    await run.done()
    assert (run.state, tool.left) == ("cancelled", True)
    assert (await threads(made), await claim(made, run)) == ([], None)


@pytest.mark.parametrize("mode", ["chat", "react", "plan"])
async def test_a_run_cancelled_at_any_moment_leaves_nothing_behind(core: Make, mode: str) -> None:
    """Between any two steps of the loop: thinking, acting, planning, checkpointing, storing."""

    def script(request: ModelRequest) -> Any:
        schema: Any = request.response_schema
        if schema is None:
            return adding(request)
        two = '{"tool": "add", "input": {"numbers": [1]}}, {"tool": "look_up", "input": {"query": "x"}}'
        return f'{{"steps": [{two}]}}' if "steps" in schema["properties"] else '{"passed": true}'

    made = core(script)
    ended: set[str] = set()
    for moment in [*range(80), *range(80, 1200, 40)]:
        run = await made.begin("add 1 and 2", mode=mode, store=True)
        for _ in range(moment):
            await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
        run.cancel()
        await run.done()
        ended.add(run.state)
        assert await claim(made, run) is None
        assert len(await made.stores.conversations.messages(USER, run.session_id or "")) <= 2
    assert (await threads(made), made.turns.active) == ([], {})
    assert ended <= {"cancelled", "completed"}


async def test_a_call_that_breaks_stops_the_calls_beside_it(core: Make) -> None:
    """A run that has failed leaves nothing running."""
    hanging = Hanging()

    def both(_: ModelRequest) -> Any:
        return [call("add", "c1", numbers=[1]), call("look_up", "c2", query="x")]

    class Broken:
        async def run(self, args: Any, context: ToolContext) -> ToolResult:
            await hanging.entered.wait()
            raise KeyError(args.query)

    made = core(both)
    with_tool(made, hanging)
    toolbox = made.turns._parts.toolbox
    toolbox.available["look_up"] = replace(toolbox.available["look_up"], tool=Broken())
    run = await made.ask("add and look up", mode="react")
    assert (run.state, hanging.left, await threads(made)) == ("failed", True, [])


async def test_a_fault_while_storing_still_closes_the_log(core: Make) -> None:
    """A bug in the store must not leave a client waiting for ever."""
    made = core(hello)

    async def end_turn(row: Run, messages: Sequence[StoredMessage]) -> None:
        raise KeyError(row.id)

    working = made.stores.conversations.end_turn
    made.stores.conversations.end_turn = end_turn  # type: ignore[method-assign]
    run = await made.ask("one", mode="chat", store=True)
    made.stores.conversations.end_turn = working  # type: ignore[method-assign]
    assert (run.log.closed, made.turns.active) == (True, {})


async def test_a_start_that_is_cancelled_while_it_claims_frees_the_session(core: Make) -> None:
    """The claim may have been made although nobody waits for it any more."""
    made = core(hello)
    first = await made.ask("one", mode="chat", store=True)
    begin = made.stores.conversations.begin_turn
    claimed = asyncio.Event()

    async def begin_turn(row: Run, messages: Sequence[StoredMessage], **more: Any) -> None:
        await begin(row, messages, **more)
        claimed.set()
        await asyncio.Event().wait()

    made.stores.conversations.begin_turn = begin_turn  # type: ignore[method-assign]
    starting = asyncio.create_task(made.begin("two", mode="chat", session_id=first.session_id))
    await claimed.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert (await claim(made, first), made.turns.active) == (None, {})


async def test_a_turn_that_starts_while_the_server_stops_is_ended_too(core: Make) -> None:
    """It was let in before the doors closed."""
    made = core(hello)
    begin = made.stores.conversations.begin_turn
    claimed, go = asyncio.Event(), asyncio.Event()

    async def begin_turn(row: Run, messages: Sequence[StoredMessage], **more: Any) -> None:
        await begin(row, messages, **more)
        claimed.set()
        await go.wait()

    made.stores.conversations.begin_turn = begin_turn  # type: ignore[method-assign]
    starting = asyncio.create_task(made.begin("one", mode="chat", store=True))
    await claimed.wait()
    closing = asyncio.create_task(made.turns.close(grace_s=0))
    await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
    go.set()
    run = await starting
    await closing
    assert (run.log.closed, await claim(made, run)) == (True, None)


async def test_a_conversation_deleted_during_its_run_does_not_harm_the_answer(core: Make) -> None:
    """There is nothing left to store it in."""
    made = core(hello)
    run = await made.begin("one", mode="chat", store=True)
    assert await made.stores.conversations.delete(USER, run.session_id or "")
    await run.done()
    assert (run.state, run.log.content()) == ("completed", "Hello there.")


async def test_an_audit_that_is_away_does_not_stop_the_answer(core: Make) -> None:
    """The call was made; the row is lost and the log says so."""
    made = core(adding)

    async def add(row: ToolAudit) -> None:
        msg = "The disk is full."
        raise Unavailable(msg)

    made.stores.audit.add = add  # type: ignore[method-assign]
    run = await made.ask("add 1 and 2", mode="react")
    assert (run.state, run.log.content()) == ("completed", "It is 3.")


FIRST_TURNS = """
import asyncio
from tests.fakes.scripted_model import ScriptedModel
from tests.fakes.turns import make_core

async def main():
    made = make_core(ScriptedModel(lambda request: "Four."))
    runs = [await made.begin("add 2 and 2", mode="react") for _ in range(3)]
    for run in runs:
        await run.done()
    print([run.log.content() for run in runs])
    await made.turns.close(grace_s=0)
    await made.checkpoints.aclose()

asyncio.run(main())
"""


def test_the_first_agent_turns_of_a_server_may_come_together() -> None:
    """A module that another turn is still importing is not taken for a ready one."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_TURNS],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "['Four.', 'Four.', 'Four.']", done.stderr


async def test_who_started_a_run_keeps_its_answer_before_the_log_closes(core: Make) -> None:
    """Whoever has read the end finds what was kept."""
    made = core(hello)
    seen: list[Any] = []

    async def keep(run: Any) -> None:
        stored = await made.stores.runs.get(USER, run.id)
        seen.append((stored.state, run.log.closed, run.log.content()))

    await made.ask("know me")
    run = await made.turns.start(turn("hi", store=True), at_end=keep)
    await run.done()
    assert seen == [("completed", False, "Hello there.")]


async def test_an_answer_that_cannot_be_kept_is_an_answer_all_the_same(core: Make) -> None:
    """The run has ended as it did, and its session is free."""
    made = core(hello)

    async def keep(_: Any) -> None:
        raise Unavailable

    await made.ask("know me")
    run = await made.turns.start(turn("hi", store=True), at_end=keep)
    await run.done()
    assert (run.state, run.log.content()) == ("completed", "Hello there.")
    assert await claim(made, run) is None


async def test_the_answer_of_a_failed_run_is_not_kept(core: Make) -> None:
    """There is none."""

    def fails(_: ModelRequest) -> Any:
        raise Unavailable

    made = core(fails)
    seen: list[Any] = []

    async def keep(run: Any) -> None:
        seen.append(run)

    await made.ask("know me")
    run = await made.turns.start(turn("hi"), at_end=keep)
    await run.done()
    assert (run.state, seen) == ("failed", [])
