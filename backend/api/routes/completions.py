"""`POST /v1/completions`: a text and how a model goes on from it; no agent, no tools."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.agent.completing import Completion
from backend.agent.completion_parts import Piece
from backend.api.completions_wire import ChunkWriter, completion_request, whole
from backend.api.deps import Account, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.openai_wire import KEEP_ALIVE, error_frame
from backend.api.safe_json import SafeRoute
from backend.models.completions import CompletionOut, CompletionRequest

router = APIRouter(prefix="/v1", tags=["openai"], route_class=SafeRoute)


@router.post("/completions", response_model=CompletionOut)
async def create_completion(
    body: CompletionRequest, request: Request, account: Account, found: Services
) -> Response:
    """Complete one text or several, streamed on request.

    Token numbers are read as `cl100k_base`. `suffix` needs a model that fills in the middle.
    """
    account.require("chat")
    prompts = await found.token_input.texts(body.prompt or "", param="prompt")
    asked = completion_request(body, prompts=prompts, caller=account)
    made = await found.completions.start(asked)
    watch = ClientWatch(request.receive, gone=made.leave)
    if body.stream:
        first = await _first_sign(made, wait_s=found.options.first_byte_wait_s)
        if not first:
            _raise_failure(made, watch)
        usage = bool(body.stream_options and body.stream_options.include_usage)
        writer = ChunkWriter(made, model=body.model, include_usage=usage)
        return EventStream(_frames(made, writer, first), watch=watch)
    await made.done()
    _raise_failure(made, watch)
    watch.stop()
    return Response(whole(made, model=body.model), media_type="application/json")


async def _first_sign(made: Completion, *, wait_s: float) -> Sequence[Piece]:
    """Wait for the first piece or the end, but not for longer than a client should wait.

    A model server that fails before can still be answered with a status instead of a stream.
    """
    try:
        async with asyncio.timeout(wait_s):
            piece = await made.next()
            while piece is None and not made.closed:
                piece = await made.next()
    except TimeoutError:
        return ()
    return () if piece is None else (piece,)


async def _frames(
    made: Completion, writer: ChunkWriter, first: Sequence[Piece]
) -> AsyncIterator[bytes]:
    yield writer.pieces(first) or KEEP_ALIVE
    while not made.closed:
        piece = await made.next()
        more = made.ready()
        pieces = more if piece is None else [piece, *more]
        if pieces or not made.closed:
            yield writer.pieces(pieces) or KEEP_ALIVE
    yield writer.pieces(made.ready())
    yield writer.closing() if made.error is None else error_frame(made.error)


def _raise_failure(made: Completion, watch: ClientWatch) -> None:
    """Turn a completion that failed before it was answered into an HTTP status."""
    if made.closed and made.error is not None:
        watch.stop()
        raise made.error
