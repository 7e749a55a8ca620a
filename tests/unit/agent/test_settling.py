"""Tools that try themselves: each is on or off in the end, whatever another one does."""

from __future__ import annotations

from typing import cast

from backend.agent.toolbox import Toolbox, ToolboxParts, ToolCard
from backend.bootstrap.parts import settle_tools
from backend.errors import ToolUnavailable
from backend.ports.audit import AuditStore
from backend.ports.tools import ToolArgs, ToolContext, ToolResult
from tests.fakes.instant_clock import InstantClock


class Trying:
    """Settles with a description, or with what it is given to raise."""

    def __init__(self, outcome: str | Exception) -> None:
        self.outcome = outcome

    async def settle(self) -> str:
        """Try it."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def run(self, args: ToolArgs, context: ToolContext) -> ToolResult:
        """Nothing is run here."""
        return ToolResult(text="")


async def test_a_tool_that_breaks_is_off_and_the_others_are_settled() -> None:
    """A fault that nobody thought of must not leave tools "checking" for ever."""
    tried = {"broken": OSError("no"), "off": ToolUnavailable("not here"), "on": "Does it."}
    cards = [
        ToolCard(
            name=name,
            description="",
            args=ToolArgs,
            touches=frozenset(),
            pending=Trying(outcome),
            unavailable="checking",
        )
        for name, outcome in tried.items()
    ]
    toolbox = Toolbox(cards, ToolboxParts(audit=cast("AuditStore", None), clock=InstantClock()))
    await settle_tools(toolbox)
    assert {card.name: card.unavailable for card in toolbox.cards} == {
        "broken": "it broke while it tried itself: OSError; see the log",
        "off": "not here",
        "on": "",
    }
    assert list(toolbox.available) == ["on"]
