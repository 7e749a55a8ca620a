"""The steps a question comes down to, and what each kind of step is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

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
    "custom",
]
Prefer = Callable[[str], tuple[str, bool] | None]

MAX_STEPS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: `text` is the part of the question, `value` the words or formula for a tool."""

    id: str
    kind: Kind
    text: str
    value: str
    after: tuple[str, ...] = ()
    tool: str = ""


def filled(step: Step, values: dict[str, str]) -> Step:
    """Put results into a step's placeholders."""
    value = step.value
    for key, known in values.items():
        value = value.replace(f"{{{key}}}", known)
    return replace(step, value=value)
