"""Attempts that were written down apart from the walls, to judge them: none gets out.

As root this tries user ids of its own, otherwise user namespaces; `test_not_root` starts it again.
"""

from __future__ import annotations

import pytest

from backend.sandbox.bubblewrap import Bubblewrap
from tests.fakes.left_processes import sandbox_processes
from tests.unit.sandbox.held_out import BOUNDED, REACHES

TIMEOUT_S = 2.0


@pytest.mark.parametrize("name", REACHES)
async def test_a_held_out_attempt_reaches_nothing(name, run):
    """Each says so when it got through, and must come as far as saying anything."""
    outcome = await run(REACHES[name])
    assert outcome.exit == "ok", outcome
    assert "ESCAPED" not in outcome.stdout + outcome.stderr + outcome.value


@pytest.mark.parametrize("name", BOUNDED)
async def test_a_held_out_attempt_is_bounded(name, run, sandbox: Bubblewrap):
    """It ends as it may, and leaves no process and no file behind."""
    code, ends = BOUNDED[name]
    outcome = await run(code, timeout_s=TIMEOUT_S)
    assert outcome.exit in ends, outcome
    assert "ESCAPED" not in outcome.stdout
    assert {one.name for one in outcome.files} <= {".x.png"}
    assert sandbox_processes() == []
    assert [one.name for one in sandbox._staging.folder.iterdir()] == ["steward.lock"]
