"""The plan of a plan-and-execute run: its steps, its schema, and making a raw plan sound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, TypedDict, cast

import orjson
from pydantic import BaseModel, Field

from backend.ports.values import JsonObject

MOST_RAW_STEPS = 100
PLACEHOLDER = re.compile(r"\{(\w{1,20})\}")


class RawStep(BaseModel):
    """A step as the model wrote it."""

    id: str = ""
    purpose: str = ""
    tool: str
    input: dict[str, Any] = Field(default_factory=dict)
    depends_on: list[str] = Field(default_factory=list)


class Plan(BaseModel):
    """A plan as the model wrote it."""

    steps: list[RawStep]


class Verdict(BaseModel):
    """Whether the results answer the question, and what is missing if not."""

    reasoning: str = ""
    passed: bool
    missing: list[str] = Field(default_factory=list)


class Step(TypedDict):
    """A sound step: known tool, unique id, dependencies that come before it."""

    id: str
    purpose: str
    tool: str
    input: JsonObject
    depends_on: list[str]


def plan_schema(specs: Sequence[JsonObject], *, max_steps: int) -> JsonObject:
    """Constrain a plan to the tools at hand, each with its own input schema."""
    text = {"type": "string"}
    variants = [
        {
            "type": "object",
            "properties": {
                "id": text,
                "purpose": text,
                "tool": {"const": spec["function"]["name"]},
                "input": spec["function"]["parameters"],
                "depends_on": {"type": "array", "items": text},
            },
            "required": ["id", "purpose", "tool", "input", "depends_on"],
        }
        for spec in specs
    ]
    steps = {"type": "array", "items": {"anyOf": variants}, "maxItems": max_steps}
    return {"type": "object", "properties": {"steps": steps}, "required": ["steps"]}


def sound(
    plan: Plan,
    *,
    round_number: int,
    tools: Iterable[str],
    done: Iterable[str],
    earlier: Sequence[Step] = (),
    max_steps: int,
) -> list[Step]:
    """Make a plan executable: unique ids, known tools, and dependencies on earlier steps only.

    Ids of later rounds get a prefix, so that they cannot meet those of an earlier one. A step with
    an unknown tool, one in a circle and all that need it are dropped; the verdict will find what is
    missing. What one of the `earlier` steps or of this plan does already is not done again.
    """
    prefix = f"r{round_number}" if round_number > 1 else ""
    renamed: dict[str, str] = {one: one for one in done}
    known = {_work(step): step["id"] for step in earlier}
    steps: list[Step] = []
    for raw in _in_order(plan.steps[:MOST_RAW_STEPS], set(tools)):
        step: Step = {
            "id": f"{prefix}s{len(steps) + 1}",
            "purpose": raw.purpose[:300],
            "tool": raw.tool,
            "input": substituted(raw.input, {old: "{" + new + "}" for old, new in renamed.items()}),
            "depends_on": [renamed[one] for one in _references(raw) if one in renamed],
        }
        same = known.setdefault(_work(step), step["id"])
        if raw.id:
            renamed[raw.id] = same
        if same == step["id"]:
            steps.append(step)
        if len(steps) == max_steps:
            break
    return steps


def _in_order(steps: Sequence[RawStep], tools: Set[str]) -> Iterator[RawStep]:
    """Give the steps with known tools, each behind those of this plan that it refers to."""
    ids = {step.id for step in steps if step.id}
    waiting = [step for step in steps if step.tool in tools]
    met: set[str] = set()
    while waiting:
        free = (at for at, one in enumerate(waiting) if not (_needs(one) & ids) - met)
        at = next(free, None)
        if at is None:
            return
        met.add(waiting[at].id)
        yield waiting.pop(at)


def _needs(step: RawStep) -> set[str]:
    return set(_references(step)) - {step.id}


def _references(step: RawStep) -> list[str]:
    return list(dict.fromkeys([*step.depends_on, *placeholders(step.input)]))


def _work(step: Step) -> str:
    packed = orjson.dumps(step["input"], option=orjson.OPT_SORT_KEYS, default=str).decode()
    return f"{step['tool']}:{packed}"


def ready(steps: Sequence[Step], finished: Mapping[str, Any]) -> list[Step]:
    """Give the steps that can run now: not done yet, all they depend on done."""
    return [
        step
        for step in steps
        if step["id"] not in finished and all(one in finished for one in step["depends_on"])
    ]


def placeholders(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Find the step ids that an input refers to as {id}."""
    if isinstance(value, str):
        return PLACEHOLDER.findall(value)
    return [name for child in _children(value) for name in placeholders(child)]


def substituted(value: Any, texts: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Write results in the place of their {id}."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda m: texts.get(m[1], m[0]), value)
    if isinstance(value, dict):
        members = cast("JsonObject", value).items()
        return {key: substituted(child, texts) for key, child in members}
    return [substituted(child, texts) for child in _children(value)] if _is_list(value) else value


def _children(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return list(cast("JsonObject", value).values())
    return cast("list[Any]", value) if isinstance(value, list) else []


def _is_list(value: object) -> bool:
    return isinstance(value, list)
