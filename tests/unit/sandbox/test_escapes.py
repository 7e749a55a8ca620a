"""Every attempt of the corpus is refused or bounded, and nothing is left behind.

As root this tries user ids of its own, otherwise user namespaces; `test_not_root` starts it again.
"""

from __future__ import annotations

import re

import pytest

from backend.sandbox.bubblewrap import Bubblewrap
from tests.fakes.left_processes import resident_kib, sandbox_processes
from tests.unit.sandbox import corpus

MEMORY_ALLOWED_KIB = 24 * 1024


@pytest.mark.parametrize("attempt", corpus.ALL, ids=lambda one: one.name)
async def test_an_attempt_is_refused_or_bounded(
    attempt: corpus.Attempt, run, given, tmp_path, sandbox: Bubblewrap
) -> None:
    """It ends as it may, says that this very thing was refused, and leaves no process and no file."""
    secret = tmp_path / "secret.txt"
    secret.write_text("ESCAPED", encoding="utf-8")
    before_kib = resident_kib()
    limited = (
        1.0
        if attempt in {*corpus.BOUNDS, *corpus.PROTOCOL} and attempt.ends != ("memory",)
        else None
    )
    outcome = await run(attempt.code.replace("HOST", repr(str(secret))), given, timeout_s=limited)
    said = "\n".join((outcome.value, outcome.error))
    assert outcome.exit in attempt.ends, outcome
    assert re.search(attempt.says, said, re.MULTILINE), outcome
    assert "ESCAPED" not in outcome.stdout + said
    assert sandbox_processes() == []
    assert [one.name for one in sandbox._staging.folder.iterdir()] == ["steward.lock"]
    assert resident_kib() - before_kib < MEMORY_ALLOWED_KIB
