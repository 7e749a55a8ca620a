"""Run a LangGraph graph for a run: compiled once, checkpointed per step, pruned at the end.

LangGraph itself is imported only by the modules that define graphs, which are loaded by the first
agent turn: it costs about 40 MiB.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from backend.agent.run import Run
from backend.errors import StewardError

logger = logging.getLogger(__name__)


async def invoke(
    run: Run,
    name: str,
    build: Callable[[], Any],
    start: Mapping[str, Any],
    *,
    context: object,
    recursion_limit: int,
) -> dict[str, Any]:
    """Run a graph to its end and give its last state.

    The checkpoint's thread is made of user and run by the server, never by the caller.
    """
    graphs = run.parts.graphs
    saver = await run.parts.checkpointer() if run.parts.checkpointer else None
    if name not in graphs:
        graphs[name] = build().compile(checkpointer=saver)
    thread = f"{run.request.user_id}:{run.id}"
    config = {"configurable": {"thread_id": thread}, "recursion_limit": recursion_limit}
    try:
        return await graphs[name].ainvoke(start, config, context=context)
    finally:
        if saver is not None:
            await asyncio.shield(_prune(saver, thread))


async def _prune(saver: Any, thread: str) -> None:  # noqa: ANN401 - LangGraph's, imported late
    """Forget a run's checkpoints; a file that refuses is emptied at the next start."""
    try:
        await saver.adelete_thread(thread)
    except StewardError as exc:
        logger.warning("checkpoints of %s stay until the next start: %s", thread, exc.message)
