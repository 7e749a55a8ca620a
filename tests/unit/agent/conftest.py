"""The agent core over in-memory stores, for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from backend.agent.policy import read_policy
from tests.fakes.asking import Outside
from tests.fakes.outside_tools import Fetcher, Sender, outside_cards
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


@pytest.fixture
def outside(core: Make) -> Callable[..., Outside]:
    """Make such cores; `rules` are as in APPROVALS__RULES."""

    def make(script: Any, *, rules: tuple[str, ...] = (), **options: Any) -> Outside:
        fetcher, sender = Fetcher(), Sender()
        cards = outside_cards(fetcher, sender)
        made = core(script, policy=read_policy(rules), more_tools=cards, **options)
        return Outside(made, fetcher, sender)

    return make
