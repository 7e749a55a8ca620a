"""What every adapter of the AuditStore port does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from backend.ports.audit import ToolAudit

ROW = ToolAudit(
    id="audit_1",
    user_id="user_bob",
    run_id="run_1",
    tool="math_calc",
    arguments={"expression": "1 + 1", "deep": [1, {"a": None}]},
    outcome="ok",
    duration_ms=12,
    result_bytes=34,
    created_at_ms=10,
)


async def test_rows_come_newest_first_of_one_user_or_of_all(stores):
    """Rows of the same millisecond are ordered by id."""
    second = replace(ROW, id="audit_2")
    foreign = replace(ROW, id="audit_3", user_id="user_ann", created_at_ms=11)
    for row in (ROW, second, foreign):
        await stores.audit.add(row)
    assert list(await stores.audit.list("user_bob")) == [second, ROW]
    assert list(await stores.audit.list(None)) == [foreign, second, ROW]
    assert list(await stores.audit.list(None, limit=1)) == [foreign]


async def test_old_rows_are_forgotten(stores):
    """What was made before the given time goes."""
    second = replace(ROW, id="audit_2", created_at_ms=20)
    for row in (ROW, second):
        await stores.audit.add(row)
    assert await stores.audit.prune(20) == 1
    assert list(await stores.audit.list(None)) == [second]


async def test_a_row_is_replaced_by_its_owner_and_listed_by_tool_and_run(stores):
    """A call that was asked for has one row from then to its end."""
    await stores.audit.put(replace(ROW, outcome="asked"))
    await stores.audit.put(ROW)
    await stores.audit.put(replace(ROW, user_id="user_ann", outcome="failed"))
    other = replace(ROW, id="audit_2", tool="wikipedia", run_id="run_2")
    await stores.audit.add(other)
    assert list(await stores.audit.list("user_bob", tool="math_calc")) == [ROW]
    assert list(await stores.audit.list(None, run_id="run_2")) == [other]
    assert list(await stores.audit.list("user_ann")) == []


async def test_what_a_dead_process_had_started_is_unknown(stores):
    """Told once, and kept."""
    started = replace(ROW, outcome="started")
    await stores.audit.put(started)
    await stores.audit.add(replace(ROW, id="audit_2"))
    unknown = replace(ROW, outcome="unknown")
    assert list(await stores.audit.settle()) == [unknown]
    assert list(await stores.audit.settle()) == []
    assert unknown in await stores.audit.list("user_bob")


async def test_of_calls_that_begin_one_is_the_first(stores):
    """Whoever comes later is told how it stands, and changes nothing; one that was only asked for may begin."""
    started = replace(ROW, outcome="started")
    later = replace(started, created_at_ms=99, arguments={"expression": "2"})
    said = await asyncio.gather(stores.audit.begin(started), stores.audit.begin(started))
    assert sorted(map(str, said)) == ["None", "started"]
    assert list(await stores.audit.list("user_bob")) == [started]
    for outcome in ("started", "unknown", "ok"):
        now = replace(ROW, outcome=outcome)
        await stores.audit.put(now)
        assert await stores.audit.begin(later) == outcome
        assert list(await stores.audit.list("user_bob")) == [now]
    await stores.audit.put(replace(ROW, outcome="asked"))
    assert await stores.audit.begin(later) is None
    assert [one.outcome for one in await stores.audit.list("user_bob")] == ["started"]


async def test_totals_sum_up_per_tool_and_outcome(stores):
    """Of one user, or of all."""
    for at, (user, outcome) in enumerate([
        ("user_bob", "ok"),
        ("user_bob", "ok"),
        ("user_bob", "failed"),
        ("user_ann", "ok"),
    ]):
        await stores.audit.add(replace(ROW, id=f"audit_{at}", user_id=user, outcome=outcome))
    mine = [(it.tool, it.outcome, it.calls) for it in await stores.audit.totals("user_bob")]
    assert mine == [("math_calc", "failed", 1), ("math_calc", "ok", 2)]
    [_, ok] = await stores.audit.totals(None)
    assert (ok.calls, ok.duration_ms, ok.result_bytes) == (3, 36, 102)
