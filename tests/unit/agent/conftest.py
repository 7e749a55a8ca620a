"""The agent core over in-memory stores, for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.scripted_model import ScriptedModel
from tests.fakes.turns import Core, Make, make_core


@pytest.fixture
async def core() -> AsyncIterator[Make]:
    """Make cores whose checkpoints are closed at the end."""
    made: list[Core] = []

    def make(script: Any, *, capabilities: tuple[str, ...] = ("tools",), **options: Any) -> Core:
        """Make a core; `documents` and the fields of AgentOptions are options."""
        made.append(make_core(ScriptedModel(script, capabilities=capabilities), **options))
        return made[-1]

    yield make
    for one in made:
        await one.turns.close(grace_s=0)
        await one.checkpoints.aclose()
