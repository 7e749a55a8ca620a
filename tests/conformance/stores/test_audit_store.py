"""What every adapter of the AuditStore port does."""

from __future__ import annotations

from dataclasses import replace

from backend.ports.stores import ToolAudit

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
