"""`/api/admin`: the log and the measurements, for administrators."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from backend.api.deps import Administrator, Services
from backend.api.safe_json import SafeRoute
from backend.models.inside import LogLineOut, LogsOut, ModelSampleOut, PerformanceOut, SampleOut
from backend.ports.inside import MINUTE_MS, LogFilter, LogStore

router = APIRouter(prefix="/api/admin", tags=["admin"], route_class=SafeRoute)
LINES_AT_ONCE = 500
MOST_EXPORTED = 100_000
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Id = Annotated[str, Query(max_length=100)]
Moment = Annotated[int, Query(ge=0, le=2**53)]


def wanted(  # noqa: PLR0913 - each is a field of the query
    *,
    level: Level = "DEBUG",
    from_ms: Moment = 0,
    to_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    text: Annotated[str, Query(max_length=200)] = "",
    request_id: Id = "",
    user_id: Id = "",
    run_id: Id = "",
    server: Id = "",
) -> LogFilter:
    """Read which lines are wanted; everything left out means any."""
    return LogFilter(
        level=logging.getLevelNamesMapping()[level],
        from_ms=from_ms,
        to_ms=to_ms,
        text=text,
        request_id=request_id,
        user_id=user_id,
        run_id=run_id,
        server=server,
    )


Wanted = Annotated[LogFilter, Depends(wanted)]


@router.get("/logs")
async def logs(
    _: Administrator,
    found: Services,
    lines: Wanted,
    limit: Annotated[int, Query(ge=1, le=LINES_AT_ONCE)] = 100,
    cursor: Annotated[str | None, Query(max_length=40)] = None,
) -> LogsOut:
    """Give kept lines of the log, newest first, of every server on this database."""
    await found.inside.flush()
    page = await found.inside.lines.page(lines, limit=limit, cursor=cursor)
    shown = [LogLineOut.of(one) for one in page.lines]
    return LogsOut(lines=shown, next_cursor=page.next_cursor)


@router.get("/logs/export", response_class=StreamingResponse)
async def export_logs(_: Administrator, found: Services, lines: Wanted) -> StreamingResponse:
    """Give the lines as a file of JSON, one a line, newest first; at most 100,000 of them."""
    await found.inside.flush()
    return StreamingResponse(
        _exported(found.inside.lines, lines),
        media_type="application/x-ndjson",
        headers={"content-disposition": 'attachment; filename="steward-logs.jsonl"'},
    )


@router.get("/performance")
async def performance(
    _: Administrator,
    found: Services,
    minutes: Annotated[int, Query(ge=1, le=10_080)] = 60,
    server: Id = "",
) -> PerformanceOut:
    """Tell how this server stands now, and what all servers measured, one sample a minute."""
    now = await found.inside.measure()
    history = await found.inside.performance.history(
        from_ms=now.at_ms - minutes * MINUTE_MS, to_ms=now.at_ms + 1, server=server
    )
    return PerformanceOut(
        now=SampleOut.of(now),
        samples=[SampleOut.of(one) for one in history.samples],
        models=[ModelSampleOut.of(one) for one in history.models],
    )


async def _exported(store: LogStore, lines: LogFilter) -> AsyncGenerator[bytes]:
    """Read page by page, so that a long log is never held in memory."""
    cursor: str | None = None
    for _ in range(MOST_EXPORTED // LINES_AT_ONCE):
        page = await store.page(lines, limit=LINES_AT_ONCE, cursor=cursor)
        shown = [orjson.dumps(LogLineOut.of(one).model_dump()) + b"\n" for one in page.lines]
        yield b"".join(shown)
        cursor = page.next_cursor
        if cursor is None:
            return
