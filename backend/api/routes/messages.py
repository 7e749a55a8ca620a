"""`/v1/messages`: Anthropic's way of asking, for clients that know no other."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from backend.api import anthropic_wire as wire
from backend.api.answering import cache_header, client_left, first_sign, raise_failure
from backend.api.chat_request import read_request
from backend.api.deps import Account, Services
from backend.api.errors import invalid, render
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.run_frames import frames_of
from backend.api.safe_json import SafeRoute
from backend.errors import StewardError
from backend.models.messages import CountRequest, MessagesRequest, MessageTokens
from backend.models.openai import ChatCompletionRequest
from backend.models.shown import answers

JSON = "application/json"
MESSAGE_PATHS = ("/v1/messages",)


class MessagesRoute(SafeRoute):
    """A route whose errors have Anthropic's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except StewardError as exc:
                error = exc
            except RequestValidationError as exc:
                error = invalid(exc)
            body = {"type": "error", **wire.error_object(error), "request_id": _request_id(request)}
            return render(error, body=orjson.dumps(body))

        return handler


router = APIRouter(prefix="/v1", tags=["anthropic"], route_class=MessagesRoute)


@router.post("/messages", responses=answers("messages:MessageAnswer"))
async def create_message(
    body: MessagesRequest, request: Request, account: Account, found: Services
) -> Response:
    """Answer a conversation as `/v1/chat/completions` does, in Anthropic's words."""
    account.require("chat")
    chat = ChatCompletionRequest.model_validate(wire.chat_request(body))
    asked = read_request(chat, caller=account, request_id=_request_id(request))
    runs = await found.turns.start_all(asked.turns)
    watch = ClientWatch(request.receive, gone=lambda: client_left(runs))
    headers = {"x-run-id": runs[0].id, "request-id": _request_id(request)}
    if body.stream:
        await first_sign(runs, wait_s=found.options.first_byte_wait_s)
        raise_failure(runs, watch, headers)
        headers |= cache_header(runs)
        frames = frames_of(runs[0], wire.MessageWriter(runs[0]), quiet=wire.PING)
        return EventStream(frames, watch=watch, headers=headers)
    await runs[0].done()
    raise_failure(runs, watch, headers)
    watch.stop()
    headers |= cache_header(runs)
    return Response(wire.message(runs[0]), media_type=JSON, headers=headers)


@router.post("/messages/count_tokens")
async def count_tokens(
    body: CountRequest, request: Request, account: Account, found: Services
) -> MessageTokens:
    """Estimate how many tokens a conversation has."""
    account.require("chat")
    whole = MessagesRequest.model_validate({**body.model_dump(by_alias=True), "max_tokens": 1})
    chat = ChatCompletionRequest.model_validate(wire.chat_request(whole))
    asked = read_request(chat, caller=account, request_id=_request_id(request))
    return MessageTokens(input_tokens=await found.turns.tokens.count(asked.turns[0]))


def _request_id(request: Request) -> str:
    return str(request.state.request_id)
