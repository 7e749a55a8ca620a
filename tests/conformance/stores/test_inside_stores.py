"""Kept log lines and measurements, over every adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.errors import InvalidRequest
from backend.ports.inside import History, LogFilter, LogLine, ModelSample, Sample
from backend.ports.measuring import Queue
from tests.fakes.papers import a_job, add

LINE = LogLine(at_ms=1, level=20, server="srv_1", logger="backend.x", message="hello")
SAMPLE = Sample(
    at_ms=60_000,
    server="srv_1",
    cpu=0.5,
    memory_bytes=5_000_000_000,
    disk_free_bytes=7,
    disk_bytes=9,
    active_runs=2,
    queue=3,
)
ANSWERED = ModelSample(
    at_ms=60_000, server="srv_1", model="m", calls=2, failed=1, tokens=9, first_token_p50_s=0.25
)


def said(page: Any) -> list[str]:
    return [one.message for one in page.lines]


async def test_lines_come_newest_first_in_pages(stores):
    """Lines of one moment keep their order; a page begins where the one before ended."""
    lines = [replace(LINE, at_ms=at // 2, message=f"line {at}") for at in range(7)]
    await stores.log_lines.add(lines)
    found, cursor = [], None
    for _ in range(4):
        page = await stores.log_lines.page(LogFilter(), limit=2, cursor=cursor)
        found += said(page)
        cursor = page.next_cursor
    assert found == [f"line {at}" for at in (6, 5, 4, 3, 2, 1, 0)]
    assert cursor is None
    for never_given in ("9", "9" * 30 + "-9", "9-" + "9" * 30):
        with pytest.raises(InvalidRequest):
            await stores.log_lines.page(LogFilter(), limit=2, cursor=never_given)


async def test_lines_are_found_by_what_they_are(stores):
    """Level, time, words and ids each leave out what does not fit; marks of LIKE are ordinary letters."""
    await stores.log_lines.add([
        LINE,
        replace(LINE, at_ms=5, level=40, message="Disk FULL 100%", run_id="run_1"),
        replace(LINE, at_ms=9, user_id="user_ann", request_id="req_1", trace="in there"),
    ])
    for wanted, moments in (
        (LogFilter(level=30), [5]),
        (LogFilter(from_ms=5), [9, 5]),
        (LogFilter(to_ms=5), [1]),
        (LogFilter(text="full 100%"), [5]),
        (LogFilter(text="f_ll"), []),
        (LogFilter(text="in there"), [9]),
        (LogFilter(run_id="run_1"), [5]),
        (LogFilter(user_id="user_ann"), [9]),
        (LogFilter(request_id="req_1"), [9]),
        (LogFilter(server="srv_2"), []),
    ):
        page = await stores.log_lines.page(wanted, limit=10)
        assert [one.at_ms for one in page.lines] == moments, wanted
    (kept,) = (await stores.log_lines.page(LogFilter(level=30), limit=1)).lines
    assert replace(kept, id=0) == replace(
        LINE, at_ms=5, level=40, message="Disk FULL 100%", run_id="run_1"
    )


async def test_lines_about_somebody_go_with_the_account(stores):
    """A line of an account that is gone already is kept without its user."""
    await stores.log_lines.add([replace(LINE, user_id="user_bob"), replace(LINE, user_id="gone")])
    await stores.users.delete("user_bob")
    page = await stores.log_lines.page(LogFilter(), limit=10)
    assert [one.user_id for one in page.lines] == [""]


async def test_old_lines_and_too_many_are_forgotten(stores):
    """First by age, then by number; the newest stay."""
    await stores.log_lines.add([replace(LINE, at_ms=at, message=f"{at}") for at in range(10)])
    assert await stores.log_lines.prune(before_ms=3, most=5) == 5
    assert said(await stores.log_lines.page(LogFilter(), limit=10)) == ["9", "8", "7", "6", "5"]
    assert await stores.log_lines.prune(before_ms=3, most=5) == 0


async def test_measurements_come_back_oldest_first(stores):
    """Of a span of time, of one server or of all; a minute that is kept twice is kept once."""
    store, other = stores.performance, replace(SAMPLE, server="srv_2")
    later = replace(SAMPLE, at_ms=120_000, cpu=1.75)
    await store.add(later, [])
    await store.add(SAMPLE, [ANSWERED])
    await store.add(SAMPLE, [ANSWERED])
    await store.add(other, [])
    assert await store.history(from_ms=0, to_ms=120_001, server="srv_1") == History(
        samples=(SAMPLE, later), models=(ANSWERED,)
    )
    assert (await store.history(from_ms=0, to_ms=120_000)).samples == (SAMPLE, other)
    assert await store.prune(before_ms=120_000) == 3
    assert await store.history(from_ms=0, to_ms=120_001) == History(samples=(later,))


async def test_the_queue_is_counted_by_state(stores):
    """A leased job runs, one given back for later is postponed; the trace it is of stays with it."""
    for number in (1, 2, 3):
        await add(stores, number)
        await stores.jobs.done(a_job(number).claim)
        traced = replace(a_job(number), created_at_ms=1000 + number, traceparent="00-1-2-01")
        assert await stores.jobs.add(traced)
    taken = await stores.jobs.claim(now_ms=2001, lease_s=10, per_user=3)
    assert taken is not None
    assert (taken.id, taken.traceparent) == ("job_001", "00-1-2-01")
    await stores.jobs.postpone(a_job(2).claim, until_ms=9000)
    told = Queue(waiting=1, running=1, postponed=1, oldest_s=1.0)
    assert await stores.jobs.standing(2001) == told
    for number, not_before_ms in ((1, 0), (2, 9000), (3, 0)):
        await stores.jobs.done(a_job(number, not_before_ms=not_before_ms).claim)
    assert await stores.jobs.standing(2001) == Queue()
