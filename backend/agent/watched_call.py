"""A call of a model as those see it who watch the server: its times, its tokens, its span.

Not for: asking (`reply`, `completing`). Names are those of
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import orjson

from backend.ports.clock import Clock
from backend.ports.measuring import ModelCall
from backend.ports.models import ModelInfo, ModelRequest
from backend.ports.tracing import Span, Value
from backend.ports.watching import Watch


@contextmanager
def watched_call(
    watch: Watch, clock: Clock, *, provider: str, model: ModelInfo, request: ModelRequest
) -> Generator[ModelCall]:
    """Watch the call that the block makes; the block says when pieces came, and what was used."""
    call = ModelCall(provider, model.id, clock.monotonic_s())
    operation = "chat" if request.prompt is None else "text_completion"
    watch.measuring.model_began(call)
    about = _asked(watch, call, request, operation) if watch.tracing.on else {}
    try:
        with (
            watch.tracing.span(f"{operation} {model.id}", kind="client", attributes=about) as span,
            _told_at_end(watch, span, call),
        ):
            yield call
    except BaseException as exc:
        call.failed = type(exc).__name__
        raise
    finally:
        call.ended_s = clock.monotonic_s()
        watch.measuring.model_ended(call)


@contextmanager
def _told_at_end(watch: Watch, span: Span, call: ModelCall) -> Generator[None]:
    try:
        yield
    finally:
        if watch.tracing.on:
            _answered(span, call)


def _asked(
    watch: Watch, call: ModelCall, request: ModelRequest, operation: str
) -> dict[str, Value]:
    told: dict[str, Value | None] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": call.provider,
        "gen_ai.request.model": call.model,
        "gen_ai.request.stream": True,
        "gen_ai.request.max_tokens": request.max_output_tokens,
        "gen_ai.request.temperature": request.temperature,
        "gen_ai.request.top_p": request.top_p,
        "gen_ai.request.seed": request.seed,
    }
    if watch.tracing.with_content:
        words = request.prompt if request.prompt is not None else list(request.messages)
        told["gen_ai.input.messages"] = orjson.dumps(words, default=str).decode()
    return {name: value for name, value in told.items() if value is not None}


def _answered(span: Span, call: ModelCall) -> None:
    if call.usage is not None:
        span.note({
            "gen_ai.usage.input_tokens": call.usage.prompt_tokens,
            "gen_ai.usage.output_tokens": call.usage.completion_tokens,
            "gen_ai.response.model": call.model,
        })
    if call.pieces_s:
        span.note({"gen_ai.response.time_to_first_chunk": call.pieces_s[0] - call.began_s})
    if call.finish_reason:
        span.note({"gen_ai.response.finish_reasons": [call.finish_reason]})
    if call.said is not None:
        span.note({"gen_ai.output.messages": call.said})
