"""`/v1/chat/completions`: OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.agent.run import Run
from backend.api import openai_wire as wire
from backend.api.answering import client_left, first_sign, raise_failure, start_runs
from backend.api.deps import Account, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.safe_json import SafeRoute
from backend.api.stored_completions import keepers
from backend.api.tool_forms import CallForms
from backend.kit.waiting import interleaved
from backend.models.openai import ChatCompletionRequest, StreamOptions
from backend.models.shown import answers

router = APIRouter(prefix="/v1", tags=["openai"], route_class=SafeRoute)
MESSAGE_PATHS = ("/v1/chat/completions",)
JSON = "application/json"
COMPLETION = answers("chat_answers:ChatCompletion", events="chat_answers:ChatCompletionChunk")


@router.post("/chat/completions", responses=COMPLETION)
async def create_chat_completion(
    body: ChatCompletionRequest,
    request: Request,
    account: Account,
    found: Services,
) -> Response:
    """Answer a conversation: routed to chat, ReAct or plan-and-execute, streamed on request."""
    account.require("chat")
    asked = wire.read_request(body, caller=account, request_id=request.state.request_id)
    at_ends = keepers(found.answers, body, asked) if body.store else None
    runs = await start_runs(found.turns, asked.turns, at_ends=at_ends)
    watch = ClientWatch(request.receive, gone=lambda: client_left(runs))
    headers = {"x-run-id": runs[0].id}
    if runs[0].session_id:
        headers["x-session-id"] = runs[0].session_id
    if body.stream:
        await first_sign(runs, wait_s=found.options.first_byte_wait_s)
        raise_failure(runs, watch, headers)
        frames = _frames(runs, asked.forms, body.stream_options or StreamOptions())
        return EventStream(frames, watch=watch, headers=headers)
    for run in runs:
        await run.done()
    raise_failure(runs, watch, headers)
    watch.stop()
    return Response(wire.completion(runs, asked.forms), media_type=JSON, headers=headers)


async def _frames(
    runs: Sequence[Run], forms: CallForms, options: StreamOptions
) -> AsyncGenerator[bytes]:
    """Write the answers as they come; those of several runs take turns on one stream."""
    include_usage = bool(options.include_usage)
    obfuscate = bool(options.include_obfuscation)
    parts = [
        _answer_frames(
            run,
            wire.ChunkWriter(
                run,
                include_usage=include_usage,
                obfuscate=obfuscate,
                forms=forms,
                head=runs[0],
                index=index,
            ),
        )
        for index, run in enumerate(runs)
    ]
    async with aclosing(parts[0] if len(parts) == 1 else _turn_about(runs, parts)) as frames:
        async for frame in frames:
            yield frame
    yield wire.stream_end(runs, include_usage=include_usage)


async def _turn_about(
    runs: Sequence[Run], parts: Sequence[AsyncGenerator[bytes]]
) -> AsyncGenerator[bytes]:
    """Give the frames of several answers as they come, until one fails: the others are then in vain."""
    async with aclosing(interleaved(parts)) as frames:
        async for frame in frames:
            yield frame
            if any(run.error is not None for run in runs):
                break
    for run in runs:
        run.cancel()


async def _answer_frames(run: Run, writer: wire.ChunkWriter) -> AsyncGenerator[bytes]:
    log, seen = run.log, len(run.log.items)
    yield writer.opening() + writer.items(log.items)
    while not log.closed or len(log.items) > seen:
        await log.changed(seen)
        items = log.items[seen:]
        seen += len(items)
        if items or not log.closed:
            yield writer.items(items) or wire.KEEP_ALIVE
    if run.error is None:
        yield writer.closing()
