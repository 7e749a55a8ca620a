"""What a running server says of its parts, without waiting for any."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backend.bootstrap.checks import databases_health, sandbox_health, settled_sandbox
from backend.ports.sandbox import SandboxReport
from backend.ports.values import Health
from tests.fakes.instant_clock import InstantClock
from tests.fakes.scripted_sandbox import ScriptedSandbox


@pytest.mark.parametrize(
    ("sandbox", "shown"),
    [
        (ScriptedSandbox(), (True, "")),
        (ScriptedSandbox(report=SandboxReport(kind="limited")), (False, "limited")),
        (ScriptedSandbox(report=SandboxReport(kind="full")), (False, "limited")),
        (ScriptedSandbox(broken="no wall"), (False, "")),
    ],
)
async def test_a_sandbox_that_does_less_than_it_could_says_so(
    sandbox: ScriptedSandbox, shown: Any
) -> None:
    """And what to read; without walls it says why."""
    found = await sandbox_health(sandbox)
    assert (found.ok, found.state) == shown
    assert bool(found.fix) is not found.ok
    assert sandbox.broken in found.detail


class _Trying(ScriptedSandbox):
    async def ready(self) -> SandboxReport:
        await asyncio.Event().wait()
        return await super().ready()


async def test_nobody_waits_for_a_sandbox_that_tries_itself() -> None:
    """It is neither well nor broken."""
    found = await settled_sandbox(_Trying(), InstantClock())
    assert (found.ok, found.state) == (True, "checking")


class _Databases:
    def __init__(self, **states: Health) -> None:
        self._states = states

    def states(self) -> dict[str, Health]:
        return self._states


async def test_databases_are_counted_and_not_named() -> None:
    """Anybody may read it."""
    good, bad = Health(ok=True), Health(ok=False, detail="cannot be reached")
    well: Any = _Databases(secret=good, other=good)
    ill: Any = _Databases(secret=good, other=bad)
    assert databases_health(well) == Health(ok=True, detail="2 answer")
    found = databases_health(ill)
    assert (found.ok, found.detail) == (False, "cannot be reached")
    assert found.fix
