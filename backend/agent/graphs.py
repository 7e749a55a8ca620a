"""Run a LangGraph graph for a run: compiled once, checkpointed per step, pruned when its end is stored.

A graph that stops to ask the user, or is interrupted, keeps its checkpoint, from which it goes on later.
Everything in a graph is a coroutine, also what waits for nothing: LangGraph runs a plain function in a
thread, which costs more than most of them do.

LangGraph itself is imported only by the modules that define graphs, which are loaded by the first
agent turn: it costs about 40 MiB.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypedDict, cast

from backend.agent.asking import Ask
from backend.agent.ending import can_be_resumed
from backend.agent.run import AgentParts, Run
from backend.errors import StewardError
from backend.ports.values import JsonObject

logger = logging.getLogger(__name__)


class Beside(TypedDict):
    """What a run knew when a node ended, as JSON; `at` counts what its log held, and grows with it."""

    at: int
    json: str


NOTHING: Beside = {"at": 0, "json": ""}


def newer(left: Beside, right: Beside) -> Beside:
    """Choose between what branches knew that ran side by side: whoever ended later knew more."""
    return right if right["at"] >= left.get("at", 0) else left


async def invoke(
    run: Run,
    name: str,
    build: Callable[[], Any],
    start: Any,  # noqa: ANN401 - a graph's state, LangGraph's command to go on, or None after a crash
    *,
    context: object,
    recursion_limit: int,
) -> dict[str, Any]:
    """Run a graph to its end, or to where it asks the user, and give its last state.

    `run.asks` holds what it asks. The checkpoint's thread is made of user and run by the server,
    never by the caller. A step begins when the one before it is on the disk; of a run that cannot be
    taken up after a crash, only where it stops to ask is written: nothing at all where it does not.
    """
    graph = await _compiled(run.parts, name, build)
    config = _config(run)
    run.asks = ()
    durability = "sync" if can_be_resumed(run) else "exit"
    durable: JsonObject = {"durability": durability} if run.parts.checkpointer else {}
    limit = {"recursion_limit": recursion_limit}
    with _checkpointed(run, graph.checkpointer, begins=isinstance(start, dict)):
        end: dict[str, Any] = await graph.ainvoke(start, config | limit, context=context, **durable)
    for stop in end.get("__interrupt__", ()):
        run.asks = cast("list[Ask]", stop.value)
    return end


async def asked(run: Run, name: str, build: Callable[[], Any]) -> list[Ask]:
    """Give what the graph of an interrupted run stands still for; nothing when it is in a step."""
    graph = await _compiled(run.parts, name, build)
    state = await graph.aget_state(_config(run))
    return [ask for stop in state.interrupts for ask in cast("list[Ask]", stop.value)]


@contextmanager
def _checkpointed(run: Run, saver: Any, *, begins: bool) -> Generator[None]:  # noqa: ANN401 - LangGraph's
    """Note of a run whose graph runs in the block whether it has checkpoints that must go with its end."""
    if saver is None or run.checkpointed or not begins:
        run.checkpointed = True
        yield
        return
    stays = can_be_resumed(run)
    thread = thread_of(run.request.user_id, run.id)
    with saver.beginning(thread, stops_only=not stays) as begun:
        try:
            yield
        finally:
            run.checkpointed = begun.stored or stays


async def _compiled(parts: AgentParts, name: str, build: Callable[[], Any]) -> Any:  # noqa: ANN401 - LangGraph's
    saver = await parts.checkpointer() if parts.checkpointer else None
    if name not in parts.graphs:
        parts.graphs[name] = build().compile(checkpointer=saver)
    return parts.graphs[name]


def _config(run: Run) -> JsonObject:
    return {"configurable": {"thread_id": thread_of(run.request.user_id, run.id)}}


async def known(parts: AgentParts, thread: str) -> Beside | None:
    """Give what a run knew by its newest checkpoint, and by what was done behind that; None without one."""
    saver = await parts.checkpointer() if parts.checkpointer else None
    config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    found = await saver.aget_tuple(config) if saver is not None else None
    if found is None:
        return None
    newest: Beside = found.checkpoint["channel_values"].get("beside", NOTHING)
    for _, channel, value in found.pending_writes or ():
        if channel == "beside":
            newest = newer(newest, value)
    return newest


async def prune(run: Run) -> None:
    """Forget the checkpoints of a run whose end is stored; what cannot be goes with a later sweep."""
    if run.checkpointed and run.parts.checkpointer is not None:
        saver = await run.parts.checkpointer()
        thread = thread_of(run.request.user_id, run.id)
        try:
            await saver.adelete_thread(thread)
            if run.parts.resumables is not None and run.session_id is not None:
                await run.parts.resumables.drop(run.id)
        except StewardError as exc:
            logger.warning("checkpoints of %s stay for now: %s", thread, exc.message)


def thread_of(user_id: str, run_id: str) -> str:
    """Name the thread of a run's checkpoints."""
    return f"{user_id}:{run_id}"


async def can_go_on(parts: AgentParts, thread: str) -> bool:
    """Tell whether the checkpoints of a run that waits are still there."""
    saver = await parts.checkpointer() if parts.checkpointer else None
    config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    return saver is not None and await saver.aget_tuple(config) is not None
