"""`/v1`: OpenAI's chat completions and models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.agent.run import Run
from backend.agent.run_log import Thought
from backend.api import openai_wire as wire
from backend.api.deps import Account, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.safe_json import SafeRoute
from backend.errors import ModelNotFound
from backend.models.openai import ChatCompletionRequest
from backend.ports.values import TurnEvent

router = APIRouter(prefix="/v1", tags=["openai"], route_class=SafeRoute)
JSON = "application/json"
QUIET_EVENTS = {"route", "notice", "remote_tools"}


@router.post("/chat/completions")
async def create_chat_completion(
    body: ChatCompletionRequest,
    request: Request,
    account: Account,
    found: Services,
) -> Response:
    """Answer a conversation: routed to chat, ReAct or plan-and-execute, streamed on request."""
    account.require("chat")
    asked = wire.turn_request(body, caller=account, request_id=request.state.request_id)
    run = await found.turns.start(asked)
    watch = ClientWatch(request.receive, gone=lambda: _leave(run))
    headers = {"x-run-id": run.id}
    if run.session_id:
        headers["x-session-id"] = run.session_id
    if body.stream:
        await _first_sign(run, wait_s=found.options.first_byte_wait_s)
        _raise_failure(run, watch, headers)
        include_usage = bool(body.stream_options and body.stream_options.include_usage)
        frames = _frames(run, wire.ChunkWriter(run, include_usage=include_usage))
        return EventStream(frames, watch=watch, headers=headers)
    await run.done()
    _raise_failure(run, watch, headers)
    watch.stop()
    return Response(wire.completion(run), media_type=JSON, headers=headers)


@router.get("/models")
async def list_models(account: Account, found: Services) -> Response:
    """List the models at hand."""
    account.require("chat")
    data = [wire.model_object(info) for info in await found.catalog.models()]
    return Response(wire.orjson.dumps({"object": "list", "data": data}), media_type=JSON)


@router.get("/models/{model_id:path}")
async def get_model(model_id: str, account: Account, found: Services) -> Response:
    """Describe one model; ids may hold slashes and colons."""
    account.require("chat")
    if not model_id:
        raise ModelNotFound(param="model")
    _, info = await found.catalog.resolve(model_id)
    return Response(wire.orjson.dumps(wire.model_object(info)), media_type=JSON)


async def _first_sign(run: Run, *, wait_s: float) -> None:
    """Wait until the model or a tool said something, the run ended, or it takes too long.

    An upstream that fails before that can still be answered with a status instead of a stream.
    """
    try:
        async with asyncio.timeout(wait_s):
            await _sign(run)
    except TimeoutError:
        return


async def _sign(run: Run) -> None:
    log, seen = run.log, 0
    while not log.closed and not any(map(_is_sign, log.items[seen:])):
        seen = len(log.items)
        await log.changed(seen)


def _is_sign(item: str | Thought | TurnEvent) -> bool:
    return not (isinstance(item, TurnEvent) and item.type in QUIET_EVENTS)


async def _frames(run: Run, writer: wire.ChunkWriter) -> AsyncIterator[bytes]:
    log, seen = run.log, len(run.log.items)
    yield writer.opening() + writer.items(log.items)
    while not log.closed or len(log.items) > seen:
        await log.changed(seen)
        items = log.items[seen:]
        seen += len(items)
        if items or not log.closed:
            yield writer.items(items) or wire.KEEP_ALIVE
    yield writer.closing()


def _leave(run: Run) -> None:
    """Act on a client that left: stop a stateless run, let a session's run finish, or as asked."""
    policy = run.request.on_disconnect or ("finish" if run.session_id else "cancel")
    if policy == "cancel":
        run.cancel()


def _raise_failure(run: Run, watch: ClientWatch, headers: dict[str, str]) -> None:
    """Turn a run that failed before it was answered into an HTTP status."""
    if run.error is None or not run.log.closed:
        return
    watch.stop()
    run.error.headers = headers
    acted = any(isinstance(item, TurnEvent) and item.type == "tool_call" for item in run.log.items)
    run.error.repeats_work = acted
    raise run.error
