"""What the steps of a run cost beside their work: nothing is written in vain, and no thread is taken."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from backend.ports.models import ModelRequest
from tests.fakes.scripted_model import call
from tests.fakes.turns import Make

STEPS = [
    {"id": name, "purpose": "add", "tool": "add", "input": {"numbers": [1]}, "depends_on": []}
    for name in ("s1", "s2")
]
VERDICT = {"reasoning": "It is all there.", "missing": [], "passed": True}


class Counting(ThreadPoolExecutor):
    """Threads that count what they are given to do."""

    given = 0

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        """Count it, and do it."""
        self.given += 1
        return super().submit(*args, **kwargs)


def script(request: ModelRequest) -> Any:
    """Call a tool once, or plan two steps and find them enough."""
    if request.response_schema is not None:
        title = request.response_schema["title"]
        return orjson.dumps({"steps": STEPS} if title == "Plan" else VERDICT).decode()
    called = any(one["role"] == "tool" for one in request.messages)
    return [call("add", numbers=[1])] if request.tools and not called else "It is 1."


@pytest.mark.parametrize("mode", ["react", "plan"])
async def test_nothing_is_written_that_would_be_forgotten_at_the_end(core: Make, mode: str) -> None:
    """A run that cannot be gone on with is checkpointed only where it asks."""
    made = core(script)
    saver = await made.checkpoints.saver()
    before = saver.conn.total_changes
    run = await made.ask("add", mode=mode)
    assert (run.state, run.log.content()) == ("completed", "It is 1.")
    assert made.adder.calls
    assert saver.conn.total_changes == before


@pytest.mark.parametrize("mode", ["react", "plan"])
async def test_no_step_takes_a_thread(core: Make, mode: str) -> None:
    """LangGraph gives what is not a coroutine to one: four in a ReAct run with one call."""
    made = core(script)
    await made.ask("add", mode=mode)  # loads the graph, which a thread does
    threads = Counting()
    asyncio.get_running_loop().set_default_executor(threads)
    run = await made.ask("add", mode=mode)
    assert (run.state, threads.given) == ("completed", 0)
