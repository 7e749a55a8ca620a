"""The steps a question comes down to, and what each kind of step is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

Kind = Literal[
    "math",
    "data",
    "weather",
    "documents",
    "encyclopedia",
    "web",
    "open",
    "fetch",
    "python",
    "sql",
    "table",
    "columns",
    "custom",
]
Prefer = Callable[[str], tuple[str, bool] | None]

MAX_STEPS: Final = 8
LOOKS: Final = "Read the columns for"
FIGURES: Final = "Work out the figures for"
PURPOSES: Final[dict[str, str]] = {
    "math": "Calculate",
    "data": "Work out the statistics for",
    "weather": "Get the weather for",
    "python": "Run the code for",
    "sql": "Run the query for",
    "fetch": "Read the page for",
    "table": FIGURES,
    "columns": LOOKS,
}
CANNOT: Final[dict[str, str]] = {
    "python": "I cannot run this code: this server has no tool on offer that runs Python.",
    "sql": "I cannot run this query: this server has no tool on offer that runs SQL.",
    "fetch": "I cannot read this address: this server has no tool on offer that reads web pages.",
    "table": "I cannot work on this table: this server has no tool on offer that analyses uploaded files.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: `text` is the part of the question, `value` the words or formula for a tool."""

    id: str
    kind: Kind
    text: str
    value: str
    after: tuple[str, ...] = ()
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to call with its arguments; `only` tells it from a like call that had more of them.

    `look` brings what the next call needs and is no answer; `note` is what was assumed, for the answer.
    """

    tool: str
    arguments: dict[str, Any]
    only: bool = False
    look: bool = False
    note: str = ""


def filled(step: Step, values: dict[str, str]) -> Step:
    """Put results into a step's placeholders."""
    value = step.value
    for key, known in values.items():
        value = value.replace(f"{{{key}}}", known)
    return replace(step, value=value)
