"""What is shown of runs."""

from __future__ import annotations

import pytest

from backend.models.sessions import RunOut
from backend.ports.stores import Run


@pytest.mark.parametrize(("ended_ms", "shown"), [(5_200, (5, 4_250)), (None, (None, None))])
def test_a_run_tells_when_it_ended_and_how_long_it_took(ended_ms, shown):
    """Times are seconds, the duration milliseconds; neither is known while the run goes on."""
    run = Run(
        id="run_1",
        user_id="me",
        conversation_id=None,
        model="m",
        route="chat",
        state="running" if ended_ms is None else "completed",
        started_at_ms=950,
        finished_at_ms=ended_ms,
    )
    told = RunOut.of(run)
    assert (told.started_at, told.finished_at, told.duration_ms) == (0, *shown)
