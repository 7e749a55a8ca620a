"""The text being parsed and what every reader of it needs to know.

For passing one argument instead of three. Not for any reading.
"""

from dataclasses import dataclass

from backend.agent.tool_call_text.names import ToolNames

_MIN_COST = 200
"""Characters that a failed attempt counts as at least, since starting one has its price too."""


@dataclass(slots=True)
class Source:
    """Hold a text, the tools of the turn and the work that failed attempts may still cost.

    The allowance grows with the text only, which keeps the time linear on hostile input. `reached`
    is the farthest place a failed attempt looked at: text behind it could not have changed that.
    `has_no_sections` notes that the rest of the text was searched for ReAct sections in vain.
    """

    text: str
    tools: ToolNames
    allowance: int = 0
    reached: int = 0
    has_no_sections: bool = False

    def __post_init__(self) -> None:
        """Set the allowance, in characters."""
        self.allowance = 50_000 + len(self.text) // 4

    @property
    def is_exhausted(self) -> bool:
        """Tell whether failed attempts have used up the allowance."""
        return self.allowance <= 0

    def charge(self, start: int, end: int) -> None:
        """Count a failed attempt that read from `start` to `end`."""
        self.allowance -= max(end - start, _MIN_COST)
        self.reached = max(self.reached, end)
