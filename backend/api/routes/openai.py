"""`/v1/chat/completions`: OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.agent.run import Run
from backend.api import openai_wire as wire
from backend.api.answering import cache_header, client_left, first_sign, raise_failure
from backend.api.chat_request import read_request
from backend.api.deps import Account, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.named_files import check_files
from backend.api.run_frames import frames_of
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
    asked = read_request(body, caller=account, request_id=request.state.request_id)
    at_ends = keepers(found.answers, body, asked) if body.store else ()
    await check_files(body.file_ids or (), caller=account, documents=found.documents)
    runs = await found.turns.start_all(asked.turns, at_ends=at_ends)
    watch = ClientWatch(request.receive, gone=lambda: client_left(runs))
    headers = {"x-run-id": runs[0].id}
    if runs[0].session_id:
        headers["x-session-id"] = runs[0].session_id
    if body.stream:
        await first_sign(runs, wait_s=found.options.first_byte_wait_s)
        raise_failure(runs, watch, headers)
        headers |= cache_header(runs)
        frames = _frames(runs, asked.forms, body.stream_options or StreamOptions())
        return EventStream(frames, watch=watch, headers=headers)
    for run in runs:
        await run.done()
    raise_failure(runs, watch, headers)
    watch.stop()
    headers |= cache_header(runs)
    return Response(wire.completion(runs, asked.forms), media_type=JSON, headers=headers)


def _frames(runs: Sequence[Run], forms: CallForms, options: StreamOptions) -> AsyncGenerator[bytes]:
    """Write the answers as they come; those of several runs take turns on one stream."""
    include_usage = bool(options.include_usage)
    last = partial(wire.stream_end, runs, include_usage=include_usage)
    writers = [
        wire.ChunkWriter(
            run,
            include_usage=include_usage,
            obfuscate=bool(options.include_obfuscation),
            forms=forms,
            head=runs[0],
            index=index,
        )
        for index, run in enumerate(runs)
    ]
    if len(runs) == 1:
        return frames_of(runs[0], writers[0], last=last)
    return _turn_about(runs, [*map(frames_of, runs, writers)], last=last)


async def _turn_about(
    runs: Sequence[Run], parts: Sequence[AsyncGenerator[bytes]], *, last: Callable[[], bytes]
) -> AsyncGenerator[bytes]:
    """Give the frames of several answers as they come, until one fails: the others are then in vain."""
    async with aclosing(interleaved(parts)) as frames:
        async for frame in frames:
            yield frame
            if any(run.error is not None for run in runs):
                break
    for run in runs:
        run.cancel()
    yield last()
