"""What one server tells, all that hear are told."""

from __future__ import annotations

from backend.storage.memory.signals import LocalSignals


async def test_a_topic_is_heard_until_it_is_not_wanted_any_more() -> None:
    """Others hear nothing of it."""
    signals = LocalSignals()
    cancelled: list[object] = []
    other: list[object] = []
    leave = signals.hear("cancel", cancelled.append)
    signals.hear("wake", other.append)
    await signals.tell("cancel", {"run_id": "run_1"})
    leave()
    await signals.tell("cancel", {"run_id": "run_2"})
    assert cancelled == [{"run_id": "run_1"}]
    assert other == []
    await signals.aclose()
