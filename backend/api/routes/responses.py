"""`/v1/responses`: OpenAI's Responses over the turns of this server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
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
from backend.api.responses.far import frames
from backend.api.responses.input import page_of
from backend.api.responses.kept import shown
from backend.api.responses.live import LiveResponse, is_whole
from backend.api.responses.output import queued
from backend.api.responses.replay import replay
from backend.api.responses.request import check, read_request
from backend.api.responses_lookup import look_up
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
    run, asked = await _begun(body, asked, account, found)
    live = await found.responses.begin(run, asked)
    headers = {"x-run-id": run.id}
    watch = ClientWatch(request.receive, gone=lambda: client_left([run]))
    if asked.streamed:
        if not asked.background:
            await first_sign([run], wait_s=found.options.first_byte_wait_s)
            _raise_failure(live, watch, headers)
            headers |= cache_header([run])
        return EventStream(frames(live), watch=watch, headers=headers)
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
    return InputTokens(input_tokens=await found.turns.tokens.count(asked.turn))


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
    owner, include = account.user.id, again.included
    live = found.responses.get(owner, response_id)
    if not again.stream:
        if again.starting_after is not None:
            raise InvalidRequest("starting_after needs stream=true", param="starting_after")
        if live is not None and not live.run.log.closed:
            return _json(live.seen())
        if live is not None:
            await live.done()  # what is kept quotes nothing that was deleted meanwhile
        return await _as_it_stands(found, owner, response_id, include=include)
    after = again.starting_after
    written = frames(live, after=after) if live else await _far(found, owner, response_id, again)
    return EventStream(written, watch=ClientWatch(request.receive, gone=lambda: None))


@router.delete("/{response_id}")
async def delete_response(response_id: str, account: Account, found: Services) -> ResponseDeleted:
    """Keep a response no longer; one that is being made is stopped."""
    account.require("chat")
    owner, stopped = account.user.id, False
    live = found.responses.get(owner, response_id)
    if live is None and not is_whole(await found.responses.read(owner, response_id)):
        stopped = await found.far_responses.stop(owner, response_id)
    if not (await found.responses.forget(owner, response_id) or stopped):
        raise _missing(response_id)
    return ResponseDeleted(id=response_id)


@router.post("/{response_id}/cancel", responses=answers(SHAPE))
async def cancel_response(response_id: str, account: Account, found: Services) -> Response:
    """Stop a response in the background; one that has ended stays as it is."""
    account.require("chat")
    owner = account.user.id
    live = found.responses.get(owner, response_id)
    if live is not None:
        _require_background(live.asked.echo)
        live.run.cancel()
        return _json(await live.done())
    kept = await found.responses.read(owner, response_id)
    if not is_whole(kept) and (far := await found.far_responses.find(owner, response_id)):
        _require_background(far)
        await found.far_responses.stop(owner, response_id)
        kept = await found.responses.read(owner, response_id)
    if kept is None:
        raise _missing(response_id)
    _require_background(kept.body)
    return _json(shown(kept.body))


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
    owner = account.user.id
    live = found.responses.get(owner, response_id)
    items = live.input_items() if live else await _kept_items(found, owner, response_id)
    return _json(page_of(items, after=after, limit=limit, order=order))


async def _begun(
    body: ResponseRequest, asked: Asked, account: Account, found: AppServices
) -> tuple[Run, Asked]:
    """Start a run, or go on with the one that waits for the words that the items bring."""
    words = words_in(asked.items, follows=body.previous_response_id is not None)
    if words:
        return await go_on(words, asked, caller=account, found=found)
    try:
        run = await found.turns.start(asked.turn)
    except StewardError as exc:
        raise in_our_words(exc, asked) from exc
    return run, replace(asked, items=with_references(asked, run.request.messages))


def _raise_failure(live: LiveResponse, watch: ClientWatch, headers: dict[str, str]) -> None:
    if live.run.error is not None:
        in_our_words(live.run.error, live.asked)
    raise_failure([live.run], watch, headers)


async def _once(written: bytes) -> AsyncIterator[bytes]:
    yield written


async def _far(
    found: AppServices, owner: str, response_id: str, again: ReadAgain
) -> AsyncIterator[bytes]:
    """Give the events of one that is kept, or that another server makes."""
    after, include = again.starting_after, again.included
    kept = await found.responses.read(owner, response_id)
    if is_whole(kept):
        return _once(replay(kept.body, after=after, include=include))
    if kept is None and await found.far_responses.find(owner, response_id) is None:
        raise _missing(response_id)

    async def rest(last: int | None) -> bytes:
        ended = await found.responses.ended(owner, response_id)
        return replay(ended.body, after=last, include=include) if ended else b""

    return found.far_responses.frames(owner, response_id, after=after, rest=rest)


async def _as_it_stands(
    found: AppServices, owner: str, response_id: str, *, include: Collection[str]
) -> Response:
    """Give one that is kept, or that another server makes."""
    kept = await found.responses.read(owner, response_id)
    if not is_whole(kept) and (far := await found.far_responses.read(owner, response_id, "seen")):
        return Response(far, media_type="application/json")
    if kept is None or not is_whole(kept):  # it may have ended between the two looks
        kept = await found.responses.read(owner, response_id)
    if kept is None:
        raise _missing(response_id)
    return _json(shown(kept.body, include=include))


async def _kept_items(found: AppServices, owner: str, response_id: str) -> Sequence[JsonObject]:
    kept = await found.responses.read(owner, response_id)
    if kept is not None:
        return kept.input
    far = await found.far_responses.read(owner, response_id, "input")
    if far is None:
        raise _missing(response_id)
    items: Sequence[JsonObject] = orjson.loads(far)
    return items


def _missing(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id[:100]}' not found.", param="response_id")


def _require_background(body: JsonObject) -> None:
    if not body.get("background"):
        msg = "Only a response made with background: true can be cancelled"
        raise InvalidRequest(msg, param="response_id")


def _json(body: JsonObject, headers: dict[str, str] | None = None) -> Response:
    packed = orjson.dumps(body, default=str)
    return Response(packed, media_type="application/json", headers=headers)
