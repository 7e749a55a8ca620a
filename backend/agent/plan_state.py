"""What a plan-and-execute run keeps from step to step, and what its nodes work with.

Not for: the steps themselves (`plan`) or carrying them out (`plan_execute`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NotRequired, TypedDict

from backend.agent.asking import Ask, Decision
from backend.agent.graphs import Beside, newer
from backend.agent.plan import Step
from backend.agent.run import Run
from backend.ports.values import ChatMessage


class StepResult(TypedDict):
    """What came of a step."""

    purpose: str
    tool: str
    state: str
    text: str


def merge(left: dict[str, StepResult], right: dict[str, StepResult]) -> dict[str, StepResult]:
    """Join the results of steps that ran side by side."""
    return {**left, **right}


def join(left: dict[str, Ask], right: dict[str, Ask]) -> dict[str, Ask]:
    """Join the calls that wait."""
    return {**left, **right}


class PlanState(TypedDict):
    """What a plan run has done so far; plain values only, for the checkpoint.

    `held` are the calls that wait for the user, by step. `tainted` is whether text that nobody
    vouches for had entered the run when the branches started.
    """

    steps: list[Step]
    results: Annotated[dict[str, StepResult], merge]
    round: int
    missing: list[str]
    outcome: str
    held: Annotated[dict[str, Ask], join]
    decisions: dict[str, Decision]
    tainted: bool
    beside: Annotated[Beside, newer]


class StepState(TypedDict):
    """What one branch is given; `ask` with `decision` when its call had to be asked for."""

    step: Step
    results: dict[str, StepResult]
    tainted: bool
    ask: NotRequired[Ask]
    decision: NotRequired[Decision]


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What the nodes work with and the checkpoint does not keep."""

    run: Run
    messages: Sequence[ChatMessage]
    question: str
    forced: bool
