"""One model call, streamed piece by piece and gathered whole; every mode uses it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from backend.agent.run import Run
from backend.agent.run_log import Thought
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import FinishReason, ToolCall, Usage

Show = Callable[[str], object]


@dataclass(slots=True, kw_only=True)
class Reply:
    """What a model said in one call."""

    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)


async def ask(run: Run, request: ModelRequest, *, show: Show | None) -> Reply:
    """Stream one model call: its text goes to `show`, its reasoning to the log as thought.

    None shows neither. The run's usage and its provider's token estimate grow by the call.
    """
    parts: list[str] = []
    reply = Reply()
    show_text = show or _ignore
    show_thought = run.log.add if show else _ignore
    async with aclosing(run.provider.stream(request)) as deltas:
        async for delta in deltas:
            if delta.reasoning:  # lines that came together are one delta: thought precedes text
                show_thought(Thought(delta.reasoning))
            if delta.content:
                parts.append(delta.content)
                show_text(delta.content)
            if delta.tool_calls or delta.finish_reason or delta.usage:
                _take(reply, delta)
    reply.content = "".join(parts)
    run.usage += reply.usage
    run.parts.estimate.learn(run.model.id, request, reply.usage.prompt_tokens)
    return reply


def _ignore(text: str) -> None:
    """Show nothing."""


def _take(reply: Reply, delta: ModelDelta) -> None:
    reply.tool_calls += delta.tool_calls
    reply.finish_reason = delta.finish_reason or reply.finish_reason
    if delta.usage is not None:
        reply.usage = replace(delta.usage, model_calls=1)
