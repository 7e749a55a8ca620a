"""`/api/runs`: the trace of a run, its events again from any point, and stopping it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request, Response

from backend.agent.ending import stored_run
from backend.agent.following import FarRun
from backend.agent.run import Run
from backend.agent.run_log import (
    START,
    Cursor,
    event_id,
    goes_on,
    life_of,
    merged,
    parse_cursor,
    replay,
)
from backend.api.deps import Account, AppServices, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.openai_wire import KEEP_ALIVE
from backend.errors import NotFound
from backend.models.sessions import RunOut
from backend.ports.stores import Run as StoredRun
from backend.ports.values import JsonObject

router = APIRouter(prefix="/api/runs", tags=["runs"])
MISSING = "There is no such run"
RESTART = b"event: restart\ndata: {}\n\n"
Place = tuple[Cursor, int]


@router.get("/{run_id}")
async def get_run(run_id: str, account: Account, found: Services) -> RunOut:
    """Give a run's trace: route, plan, tool calls, results, citations, usage; also while it runs."""
    account.require("chat")
    live = _live(found, account.user.id, run_id)
    if live is not None:
        now = stored_run(live)
        return RunOut.of(now).model_copy(
            update={"trace": {**live.trace(), "events": merged(live.log.items)}}
        )
    stored = await found.runs.get(account.user.id, run_id)
    if stored is not None and stored.state != "running":
        return RunOut.of(stored)
    far = await found.elsewhere.following.find(account.user.id, run_id)
    if far is None:
        stored = await found.runs.get(
            account.user.id, run_id
        )  # it may have ended between the two looks
        if stored is None:
            raise NotFound(MISSING)
        return RunOut.of(stored)
    far = await found.elsewhere.following.seen(far)
    return RunOut.of(stored or far.run()).model_copy(update={"trace": {"events": far.entries()}})


@router.get("/{run_id}/events")
async def replay_events(
    run_id: str,
    request: Request,
    account: Account,
    found: Services,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Replay a run as server-sent events after `Last-Event-ID`, and go on while it runs.

    An event `restart` says that all is told again from the start: a crash took what was seen.
    """
    account.require("chat")
    place = parse_cursor(last_event_id)
    live = _live(found, account.user.id, run_id)
    if live is not None:
        watch = ClientWatch(request.receive, gone=lambda: None)
        return EventStream(
            _live_frames(live, place, in_session=live.session_id is not None), watch=watch
        )
    far = await found.elsewhere.following.find(account.user.id, run_id)
    if far is not None:
        watch = ClientWatch(request.receive, gone=far.log.close)
        return EventStream(_far_frames(found, far, place), watch=watch)
    stored = await found.runs.get(account.user.id, run_id)
    if stored is None:
        raise NotFound(MISSING)
    watch = ClientWatch(request.receive, gone=lambda: None)
    return EventStream(_stored_frames(stored, place), watch=watch)


@router.post("/{run_id}/cancel", status_code=202)
async def cancel_run(run_id: str, account: Account, found: Services) -> dict[str, str]:
    """Stop a run; what was said is kept. A run that has ended stays as it is."""
    account.require("chat")
    live = _live(found, account.user.id, run_id)
    if live is not None:
        live.cancel()
        return {"id": run_id, "state": "cancelling"}
    if await found.elsewhere.stop_run(account.user.id, run_id):
        return {"id": run_id, "state": "cancelling"}
    stored = await found.runs.get(account.user.id, run_id)
    if stored is None:
        raise NotFound(MISSING)
    if stored.state == "waiting":
        await found.approvals.cancel(account.user.id, run_id)
        return {"id": run_id, "state": "cancelling"}
    return {"id": run_id, "state": stored.state}


@router.post("/{run_id}/resume", status_code=202)
async def resume_run(run_id: str, account: Account, found: Services) -> dict[str, str]:
    """Take up an interrupted run of a session; its events go on where they ended."""
    account.require("chat")
    run = await found.resuming.resume(account, run_id)
    return {"id": run.id, "state": run.state}


def _live(found: AppServices, user_id: str, run_id: str) -> Run | None:
    run = found.turns.active.get(run_id)
    return run if run is not None and run.request.user_id == user_id else None


async def _far_frames(found: AppServices, far: FarRun, place: Place) -> AsyncGenerator[bytes]:
    async with found.elsewhere.following.reading(far):
        async for frame in _live_frames(far, place, in_session=far.stored):
            yield frame


async def _live_frames(
    run: Run | FarRun, place: Place, *, in_session: bool
) -> AsyncIterator[bytes]:
    cursor, life = place
    while True:
        seen = len(run.log.items)
        entries = merged(run.log.items)
        if not goes_on(entries, cursor, life):
            cursor = START
            yield RESTART
        life = max(life, life_of(entries))
        batch = list(replay(entries, cursor))
        if batch:
            cursor = batch[-1][0]
            yield b"".join(_frame(event_id(at, life), entry) for at, entry in batch)
        if run.log.closed and len(run.log.items) == seen:
            break
        if not batch:
            yield KEEP_ALIVE
        await run.log.changed(seen)
    yield _end(run.state, in_session=in_session)


async def _stored_frames(stored: StoredRun, place: Place) -> AsyncIterator[bytes]:
    (cursor, life), entries = place, stored.events
    end = _end(stored.state, in_session=stored.conversation_id is not None)
    if not goes_on(entries, cursor, life):
        cursor = START
        yield RESTART
    now = life_of(entries)
    yield b"".join(_frame(event_id(at, now), it) for at, it in replay(entries, cursor)) + end


def _frame(name: str, entry: JsonObject) -> bytes:
    kind = entry.get("type", entry["kind"])
    head = f"id: {name}\nevent: {kind}\ndata: ".encode()
    return head + orjson.dumps(entry, default=str) + b"\n\n"


def _end(state: str, *, in_session: bool) -> bytes:
    told: JsonObject = {"state": state}
    if state == "interrupted":
        told["resumable"] = in_session
    return b"event: end\ndata: " + orjson.dumps(told) + b"\n\n"
