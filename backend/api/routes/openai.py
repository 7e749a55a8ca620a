"""`/v1`: OpenAI's chat completions and models."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api import openai_wire as wire
from backend.api.deps import Account, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.run_answers import first_sign, frames_of, leave, raise_failure
from backend.api.safe_json import SafeRoute
from backend.errors import ModelNotFound
from backend.models.openai import ChatCompletionRequest

router = APIRouter(prefix="/v1", tags=["openai"], route_class=SafeRoute)
JSON = "application/json"


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
    watch = ClientWatch(request.receive, gone=lambda: leave(run))
    headers = {"x-run-id": run.id}
    if run.session_id:
        headers["x-session-id"] = run.session_id
    if body.stream:
        await first_sign(run, wait_s=found.options.first_byte_wait_s)
        raise_failure(run, watch, headers)
        include_usage = bool(body.stream_options and body.stream_options.include_usage)
        frames = frames_of(run, wire.ChunkWriter(run, include_usage=include_usage))
        return EventStream(frames, watch=watch, headers=headers)
    await run.done()
    raise_failure(run, watch, headers)
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
