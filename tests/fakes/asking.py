"""A core whose tools reach outside, deciding about its calls, and looking at what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.kit.fences import bare
from backend.ports.approvals import Approval
from backend.ports.models import ModelRequest
from backend.ports.values import ToolCall, TurnEvent
from tests.fakes.outside_tools import Fetcher, Sender
from tests.fakes.turns import USER, Core


@dataclass(frozen=True, slots=True)
class Outside:
    """A core whose tools reach outside, and these tools."""

    core: Core
    fetcher: Fetcher
    sender: Sender

    async def one(self) -> Approval:
        """Give the only call that waits."""
        [found] = await self.core.approvals.pending(USER)
        return found

    async def decide(self, *, approve: bool, note: str = "") -> Any:
        """Decide about the only call that waits, and wait for the end of what follows."""
        one = await self.one()
        await self.core.approvals.decide(USER, one.run_id, one.call_id, approve=approve, note=note)
        run = self.core.turns.active.get(one.run_id)
        if run is not None:
            await run.done()
        return await self.core.stores.runs.get(USER, one.run_id)


def results(request: ModelRequest) -> list[str]:
    """Give the tool results a model is shown."""
    return [bare(str(one.get("content"))) for one in request.messages if one["role"] == "tool"]


def calling(*steps: list[ToolCall]) -> Any:
    """Script a model that makes these calls in turn, then says what it was told last."""

    def script(request: ModelRequest) -> Any:
        done = sum(1 for one in request.messages if one.get("tool_calls"))
        return steps[done] if done < len(steps) else f"Told: {results(request)[-1]}"

    return script


def events(run: Any, kind: str) -> list[Any]:
    """Give the data of a run's events of one kind, live or stored."""
    if hasattr(run, "log"):
        found = [it for it in run.log.items if isinstance(it, TurnEvent)]
        return [one.data for one in found if one.type == kind]
    return [one["data"] for one in run.events if one.get("type") == kind]


def answer(run: Any) -> str:
    """Give the answer of a stored run."""
    return "".join(one["text"] for one in run.events if one["kind"] == "content")


async def outcomes(made: Outside) -> list[tuple[str, str]]:
    """Give tool and outcome of every call in the audit, oldest first."""
    rows = await made.core.stores.audit.list(USER)
    return [(row.tool, row.outcome) for row in reversed(rows)]
