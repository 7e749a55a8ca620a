"""Run a LangGraph graph for a run: compiled once, checkpointed per step, pruned at the end.

A graph that stops to ask the user keeps its checkpoint, from which it goes on later.

LangGraph itself is imported only by the modules that define graphs, which are loaded by the first
agent turn: it costs about 40 MiB.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

from backend.agent.asking import Ask
from backend.agent.run import AgentParts, Run
from backend.errors import StewardError

logger = logging.getLogger(__name__)


async def invoke(
    run: Run,
    name: str,
    build: Callable[[], Any],
    start: Any,  # noqa: ANN401 - a graph's state, or LangGraph's command to go on
    *,
    context: object,
    recursion_limit: int,
) -> dict[str, Any]:
    """Run a graph to its end, or to where it asks the user, and give its last state.

    `run.asks` holds what it asks. The checkpoint's thread is made of user and run by the server,
    never by the caller.
    """
    graphs = run.parts.graphs
    saver = await run.parts.checkpointer() if run.parts.checkpointer else None
    if name not in graphs:
        graphs[name] = build().compile(checkpointer=saver)
    thread = thread_of(run.request.user_id, run.id)
    config = {"configurable": {"thread_id": thread}, "recursion_limit": recursion_limit}
    run.asks = ()
    try:
        end: dict[str, Any] = await graphs[name].ainvoke(start, config, context=context)
        for stop in end.get("__interrupt__", ()):
            run.asks = cast("list[Ask]", stop.value)
        return end
    finally:
        if saver is not None and not run.asks:
            await asyncio.shield(_prune(saver, thread))


def thread_of(user_id: str, run_id: str) -> str:
    """Name the thread of a run's checkpoints."""
    return f"{user_id}:{run_id}"


async def can_go_on(parts: AgentParts, thread: str) -> bool:
    """Tell whether the checkpoints of a run that waits are still there."""
    saver = await parts.checkpointer() if parts.checkpointer else None
    config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    return saver is not None and await saver.aget_tuple(config) is not None


async def _prune(saver: Any, thread: str) -> None:  # noqa: ANN401 - LangGraph's, imported late
    """Forget a run's checkpoints; a file that refuses is emptied at the next start."""
    try:
        await saver.adelete_thread(thread)
    except StewardError as exc:
        logger.warning("checkpoints of %s stay until the next start: %s", thread, exc.message)
