"""`/v1/responses`: OpenAI's Responses over the turns of this server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import WithJsonSchema

from backend.agent.run import Run
from backend.api.answering import cache_header, client_left, first_sign, raise_failure
from backend.api.deps import Account, AppServices, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.going_on import go_on
from backend.api.responses.answer import in_our_words
from backend.api.responses.asked import Asked
from backend.api.responses.attached import with_references
from backend.api.responses.compacting import compacted, summarising
from backend.api.responses.decisions import words_in
from backend.api.responses.input import page_of
from backend.api.responses.kept import shown
from backend.api.responses.live import LiveResponse
from backend.api.responses.output import OutputWriter, queued
from backend.api.responses.replay import replay
from backend.api.responses.request import check, read_request
from backend.api.responses_lookup import look_up
from backend.api.run_frames import frames_of
from backend.api.safe_json import SafeRoute
from backend.errors import InvalidRequest, NotFound, StewardError
from backend.models.responses import (
    INCLUDES,
    CompactRequest,
    InputTokens,
    ReadAgain,
    ResponseDeleted,
    ResponseRequest,
    TokenCountRequest,
)
from backend.models.shown import answers
from backend.ports.answers import StoredAnswer
from backend.ports.values import JsonObject

SHAPE = "openai_shapes.answers:Response"
RESPONSE = answers(SHAPE, events="openai_shapes.streams:ResponseStreamEvent")
ITEMS = answers("openai_shapes.answers:ResponseItemList")
MESSAGE_PATHS = ("/v1/responses",)
router = APIRouter(prefix="/v1/responses", tags=["openai"], route_class=SafeRoute)


@router.post("", responses=RESPONSE)
async def create_response(
    body: ResponseRequest, request: Request, account: Account, found: Services
) -> Response:
    """Answer an input: streamed, in the background, or at once."""
    account.require("chat")
    check(body)
    if body.background:
        found.responses.require_room(account.user.id)
    named = await look_up(body, caller=account, found=found)
    asked = read_request(body, named, caller=account, request_id=request.state.request_id)
    run, asked = await _begun(body, asked, found)
    live = await found.responses.begin(run, asked)
    headers = {"x-run-id": run.id}
    watch = ClientWatch(request.receive, gone=lambda: client_left([run]))
    if asked.streamed:
        if not asked.background:
            await first_sign([run], wait_s=found.options.first_byte_wait_s)
            _raise_failure(live, watch, headers)
            headers |= cache_header([run])
        return EventStream(_frames(live), watch=watch, headers=headers)
    if asked.background:
        watch.stop()
        return _json(queued(run, asked), headers)
    whole = await live.done()
    _raise_failure(live, watch, headers)
    watch.stop()
    headers |= cache_header([run])
    return _json(whole, headers)


@router.post("/input_tokens")
async def count_input_tokens(
    body: TokenCountRequest, account: Account, found: Services
) -> InputTokens:
    """Count the tokens a request would bring, by this server's estimate."""
    account.require("chat")
    check(body)
    named = await look_up(body, caller=account, found=found)
    declared = body.model_dump(by_alias=True, include=set(TokenCountRequest.model_fields))
    whole = ResponseRequest.model_validate(declared)
    asked = read_request(whole, named, caller=account, request_id="")
    return InputTokens(input_tokens=await found.turns.input_tokens(asked.turn))


@router.post("/compact", responses=answers("openai_shapes.answers:CompactResource"))
async def compact(
    body: CompactRequest, request: Request, account: Account, found: Services
) -> Response:
    """Make a conversation short: a summary by the model, as an item that later input understands."""
    account.require("chat")
    check(body)
    named = await look_up(body, caller=account, found=found)
    whole = ResponseRequest.model_validate({**body.model_dump(by_alias=True), "tools": None})
    asked = read_request(whole, named, caller=account, request_id=request.state.request_id)
    try:
        run = await found.turns.start(summarising(asked))
    except StewardError as exc:
        raise in_our_words(exc, asked) from exc
    watch = ClientWatch(request.receive, gone=lambda: client_left([run]))
    await run.done()
    raise_failure([run], watch, {"x-run-id": run.id})
    watch.stop()
    return _json(compacted(run), {"x-run-id": run.id})


@router.get("/{response_id}", responses=RESPONSE)
async def get_response(
    response_id: str,
    request: Request,
    account: Account,
    found: Services,
    again: Annotated[ReadAgain, Query()],
) -> Response:
    """Give a response as it stands, or its events again, going on while it runs."""
    account.require("chat")
    live = found.responses.get(account.user.id, response_id)
    include = again.included
    if not again.stream:
        if again.starting_after is not None:
            raise InvalidRequest("starting_after needs stream=true", param="starting_after")
        if live is not None and not live.run.log.closed:
            return _json(live.seen())
        if live is not None:
            await live.done()  # what is kept quotes nothing that was deleted meanwhile
        kept = await _kept(found, account.user.id, response_id)
        return _json(shown(kept.body, include=include))
    watch = ClientWatch(request.receive, gone=lambda: None)
    if live is not None:
        return EventStream(_frames(live, after=again.starting_after), watch=watch)
    kept = await _kept(found, account.user.id, response_id)
    return EventStream(
        _again(replay(kept.body, after=again.starting_after, include=include)), watch=watch
    )


@router.delete("/{response_id}")
async def delete_response(response_id: str, account: Account, found: Services) -> ResponseDeleted:
    """Keep a response no longer; one that is being made is stopped."""
    account.require("chat")
    if not await found.responses.forget(account.user.id, response_id):
        raise _missing(response_id)
    return ResponseDeleted(id=response_id)


@router.post("/{response_id}/cancel", responses=answers(SHAPE))
async def cancel_response(response_id: str, account: Account, found: Services) -> Response:
    """Stop a response in the background; one that has ended stays as it is."""
    account.require("chat")
    live = found.responses.get(account.user.id, response_id)
    if live is None:
        body = shown((await _kept(found, account.user.id, response_id)).body)
        _require_background(body)
        return _json(body)
    _require_background(live.asked.echo)
    live.run.cancel()
    return _json(await live.done())


async def included(
    include: Annotated[list[str] | None, Query(), WithJsonSchema(INCLUDES)] = None,
) -> None:
    """Take what is to be included of items; all of it always is."""
    _ = include


@router.get("/{response_id}/input_items", responses=ITEMS, dependencies=[Depends(included)])
async def list_input_items(
    response_id: str,
    account: Account,
    found: Services,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: Annotated[str | None, Query(max_length=256)] = None,
) -> Response:
    """List what the request of a response brought."""
    account.require("chat")
    live = found.responses.get(account.user.id, response_id)
    items = live.input_items() if live else (await _kept(found, account.user.id, response_id)).input
    return _json(page_of(items, after=after, limit=limit, order=order))


async def _begun(body: ResponseRequest, asked: Asked, found: AppServices) -> tuple[Run, Asked]:
    """Start a run, or go on with the one that waits for the words that the items bring."""
    words = words_in(asked.items, follows=body.previous_response_id is not None)
    if words:
        return await go_on(words, asked, found=found)
    try:
        run = await found.turns.start(asked.turn)
    except StewardError as exc:
        raise in_our_words(exc, asked) from exc
    return run, replace(asked, items=with_references(asked, run.request.messages))


def _raise_failure(live: LiveResponse, watch: ClientWatch, headers: dict[str, str]) -> None:
    if live.run.error is not None:
        in_our_words(live.run.error, live.asked)
    raise_failure([live.run], watch, headers)


def _frames(live: LiveResponse, *, after: int | None = None) -> AsyncIterator[bytes]:
    writer = OutputWriter(live.run, live.asked, after=after)
    return frames_of(live.run, writer, skipped=live.asked.skipped, kept=live.done)


async def _again(frames: bytes) -> AsyncIterator[bytes]:
    yield frames


async def _kept(found: AppServices, user_id: str, response_id: str) -> StoredAnswer:
    kept = await found.responses.read(user_id, response_id)
    if kept is None:
        raise _missing(response_id)
    return kept


def _missing(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id[:100]}' not found.", param="response_id")


def _require_background(body: JsonObject) -> None:
    if not body.get("background"):
        msg = "Only a response made with background: true can be cancelled"
        raise InvalidRequest(msg, param="response_id")


def _json(body: JsonObject, headers: dict[str, str] | None = None) -> Response:
    packed = orjson.dumps(body, default=str)
    return Response(packed, media_type="application/json", headers=headers)
