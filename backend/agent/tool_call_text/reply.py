"""What a parsed reply consists of.

For the values that leave this package and the one that its readers hand to each other. Not for
any reading itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextToolCall:
    """Hold one call as written: its tool, its typed arguments and its span in the given text."""

    name: str
    arguments: dict[str, object]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """Hold a reply taken apart.

    `text` is the prose without calls, their markup and thoughts. `truncated` says that a call was
    begun but its arguments were cut off, so the last call is a guess or missing. `final_answer` is
    set when the reply follows the ReAct form and ends in an answer.
    """

    text: str
    calls: tuple[TextToolCall, ...] = ()
    truncated: bool = False
    final_answer: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what one reader took from the text.

    It consumed everything up to `end`; of that only the `kept` spans remain prose.
    """

    end: int
    calls: tuple[TextToolCall, ...] = ()
    truncated: bool = False
    final_answer: str | None = None
    kept: tuple[tuple[int, int], ...] = ()
