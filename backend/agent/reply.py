"""One model call, streamed piece by piece and gathered whole; every mode uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from backend.agent.run import Run
from backend.agent.run_log import Thought, Told
from backend.agent.watched_call import watched_call
from backend.errors import UnsupportedByModel
from backend.ports.measuring import ModelCall
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import FinishReason, JsonObject, ToolCall, Usage

Show = Callable[[str], object]
CUT = ("length", "content_filter")


class Stopped(Exception):
    """Whoever shows the text has seen enough: the rest is not wanted, and its model is freed."""


@dataclass(slots=True, kw_only=True)
class Reply:
    """What a model said in one call; `stopped` tells that it was cut at a stop string of the caller."""

    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)
    stopped: bool = False
    thought_chars: int = 0


async def ask(run: Run, request: ModelRequest, *, show: Show | None) -> Reply:
    """Stream one model call: its text goes to `show`, its reasoning to the log as thought.

    None shows neither; one that raises Stopped ends the call. The run's usage and its provider's
    token estimate grow by the call, the usage also by one that is cut short. With
    `request.logprobs` the text comes as Told.
    """
    watch, name = run.parts.watch, run.provider.name
    with watched_call(
        watch, run.parts.clock, provider=name, model=run.model, request=request
    ) as call:
        try:
            reply = await _asked(run, request, call, show=show)
        finally:
            if show is not None and call.pieces_s and run.first_shown_s is None:
                run.first_shown_s = call.pieces_s[0]
        call.usage, call.finish_reason = reply.usage, reply.finish_reason
        if watch.tracing.with_content:
            call.said = reply.content
    run.usage += reply.usage
    return reply


async def _asked(run: Run, request: ModelRequest, call: ModelCall, *, show: Show | None) -> Reply:
    parts: list[str] = []
    reply = Reply()
    reading = _Reading(
        call.pieces_s,
        run.parts.clock.monotonic_s,
        show or _ignore,
        run.log.add if show else _ignore,
    )
    stream = run.provider.stream(request)
    async with aclosing(stream if request.logprobs is None else _told(stream)) as deltas:
        try:
            await _read(deltas, reply, parts, reading)
        except Stopped:
            reply.stopped, reply.finish_reason, reply.tool_calls = True, "stop", ()
        except BaseException:
            if parts or reply.thought_chars:
                call.usage = _estimated(run, request, reply, "".join(parts))
                run.usage += call.usage
            raise
    reply.content = "".join(parts)
    if reply.stopped and reply.usage.model_calls == 0 and not run.cached:
        reply.usage = _estimated(run, request, reply, reply.content)
    else:
        run.parts.estimate.learn(run.model.id, request, reply.usage.prompt_tokens)
    if reply.thought_chars and not reply.usage.reasoning_tokens:
        reply.usage = replace(reply.usage, reasoning_tokens=_thought_tokens(reply))
    return reply


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where the pieces of an answer go, and where the moments at which they came."""

    moments_s: list[float]
    now_s: Callable[[], float]
    show: Show
    think: Callable[[Thought], object]


async def _read(
    deltas: AsyncGenerator[ModelDelta], reply: Reply, parts: list[str], reading: _Reading
) -> None:
    show_text, think = reading.show, reading.think
    came, now_s = reading.moments_s.append, reading.now_s
    async for delta in deltas:
        if delta.tool_calls or delta.finish_reason or delta.usage:
            _take(reply, delta)
        if delta.reasoning:
            came(now_s())
            reply.thought_chars += len(delta.reasoning)
            think(Thought(delta.reasoning))
        if delta.content:
            came(now_s())
            parts.append(delta.content)
            show_text(delta.content)


async def _told(stream: AsyncGenerator[ModelDelta]) -> AsyncGenerator[ModelDelta]:
    """Put the log probabilities of each piece on its text; refuse a model that gives none."""
    given, early = False, tuple[JsonObject, ...]()
    async with aclosing(stream) as deltas:
        async for delta in deltas:
            early += delta.logprobs
            given = given or bool(early)
            if delta.content and not given:
                msg = "The model server gives no log probabilities for this model"
                raise UnsupportedByModel(msg, param="logprobs")
            if delta.content:
                delta.content, early = Told(delta.content, early), ()
            yield delta


def _estimated(run: Run, request: ModelRequest, reply: Reply, content: str) -> Usage:
    """Count a call that was cut short, of which the model server's own count never came."""
    estimate, model = run.parts.estimate, run.model.id
    thought = "x" * reply.thought_chars  # what they were is no matter here
    said = estimate.tokens(model, [{"role": "assistant", "content": thought + content}])
    asked = estimate.tokens(model, request.messages) + estimate.tools(model, request.tools)
    return Usage(prompt_tokens=asked, completion_tokens=said, model_calls=1)


def _thought_tokens(reply: Reply) -> int:
    """Give the share that thoughts have of the tokens, by length, where the model server does not count them."""
    calls = sum(len(call["function"]["arguments"]) for call in reply.tool_calls)
    whole = reply.thought_chars + len(reply.content) + calls
    return round(reply.usage.completion_tokens * reply.thought_chars / whole)


def _ignore(text: str) -> None:
    """Show nothing."""


def _take(reply: Reply, delta: ModelDelta) -> None:
    reply.tool_calls += delta.tool_calls
    reply.finish_reason = delta.finish_reason or reply.finish_reason
    if delta.usage is not None:
        reply.usage = replace(delta.usage, model_calls=1)
