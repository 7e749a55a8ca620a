"""Writes plans, verdicts and tool inputs as the JSON their schemas describe.

The question stands in `<question>`, gaps in `<missing>`, earlier outcomes in `<result id= state=>`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from backend.kit.extraction import observed
from backend.kit.extraction.arguments import fill
from backend.kit.extraction.asked import Asked, Block, results, section, take_apart
from backend.kit.extraction.exact_arithmetic import evaluate
from backend.kit.extraction.needs import needs, parts
from backend.kit.extraction.observed import LOOK_UPS, Observation
from backend.kit.extraction.schema_fill import instance
from backend.kit.extraction.schemas import (
    Schema,
    alternatives,
    bound,
    choices,
    properties,
    required,
    resolved,
)
from backend.kit.extraction.steps import MAX_STEPS, PURPOSES, Step, filled
from backend.kit.extraction.table_calls import served
from backend.kit.extraction.table_plans import Piece, table_pieces
from backend.kit.extraction.tool_fit import Toolbox, ToolShape, value_for
from backend.kit.extraction.tool_inputs import tool_input
from backend.kit.extraction.turns import Turn
from backend.kit.extraction.words import terms

_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*")
_PLACEHOLDER = re.compile(r"\{(\w{1,20})\}")
_NOTHING = re.compile(
    r"\b(?:no results?|not found|nothing found|found nothing|no answer)\b", re.IGNORECASE
)
_MAX_PURPOSE_CHARS: Final = 300


def structured(schema: Schema, turn: Turn) -> Any:  # noqa: ANN401 - any JSON value
    """Answer a turn with JSON valid against its schema."""
    title = schema.get("title")
    if title == "Plan" and "steps" in properties(schema):
        return _plan(schema, turn)
    if title == "Verdict" and "passed" in properties(schema):
        return _verdict(schema, turn)
    if title == "ToolInput" or section(turn.prompt, "purpose") is not None:
        made = tool_input(schema, turn)
        if made is not None:
            return made
    return instance(schema, _source(turn))


def _source(turn: Turn) -> str:
    """The newest message, and what was said before where that message has nothing of its own."""
    if len(turn.prompt) > 200 or not turn.before:
        return turn.prompt
    facts = [said.text for said in turn.before if said.role == "user"][-3:]
    return "\n".join([turn.prompt, *facts])


# Plans


def plan_tools(schema: Schema) -> tuple[list[ToolShape], dict[str, Schema]]:
    """Read the tools a plan may use from its schema, and each tool's step schema by its name."""
    items = resolved(resolved(properties(schema).get("steps"), schema).get("items"), schema)
    shapes: list[ToolShape] = []
    steps: dict[str, Schema] = {}
    for branch in alternatives(items, schema):
        tool = resolved(properties(branch).get("tool"), schema)
        taken = resolved(properties(branch).get("input"), schema)
        rooted = {
            **{key: schema[key] for key in ("$defs", "definitions") if key in schema},
            **taken,
        }
        for name in choices(tool):
            if isinstance(name, str):
                shapes.append(
                    ToolShape(
                        name, str(taken.get("description") or tool.get("description") or ""), rooted
                    )
                )
                steps[name] = branch
    return shapes, steps


def _plan(schema: Schema, turn: Turn) -> dict[str, Any]:
    shapes, branches = plan_tools(schema)
    toolbox = Toolbox(shapes, own_first=turn.in_documents)
    gaps = [
        _LIST_MARK.sub("", line)
        for line in (section(turn.prompt, "missing") or "").splitlines()
        if line.strip()
    ]
    known = {block.id for block in results(turn.prompt)}
    first = 1 + max(
        (int(digits[0]) for name in known if (digits := re.findall(r"\d+", name))), default=0
    )
    wanted: list[Step] = []
    for text in gaps or [""]:
        asked = take_apart(text) if text else turn.asked
        wanted += needs(asked, first=first + len(wanted), prefer=toolbox.special)
    wanted = _without_known(wanted, results(turn.prompt)) if gaps else wanted
    steps: list[dict[str, Any]] = []
    made: set[str] = set()
    for step in wanted[:MAX_STEPS]:
        for one, shape, given in _pieces(step, toolbox, results(turn.prompt) if gaps else None):
            if all(name in made for name in one.after):
                steps.append(_planned(one, shape, given, branch=branches[shape.name], root=schema))
                made.add(one.id)
    if not steps and bound(resolved(properties(schema).get("steps"), schema), "minItems", 0) > 0:
        steps = _any_step(turn, toolbox, branches, schema)
    plan = {
        name: instance(resolved(one, schema), turn.asked.ask)
        for name, one in properties(schema).items()
        if name != "steps" and name in required(schema)
    }
    return {
        **plan,
        "steps": steps[
            : bound(resolved(properties(schema).get("steps"), schema), "maxItems", MAX_STEPS)
        ],
    }


def _without_known(wanted: list[Step], blocks: list[Block]) -> list[Step]:
    """Put numbers that earlier results hold into the steps that wait for them."""
    used = {key for step in wanted for key in step.after}
    known: dict[str, str] = {}
    for step in wanted:
        for block in blocks if step.id in used else []:
            seen = Observation(tool=block.id, text=block.text)
            found = observed.value(step.text, step.kind, seen, number=True) if block.ok else None
            if found:
                known.setdefault(step.id, found)
    kept = [filled(step, known) for step in wanted if step.id not in known]
    return [
        replace(step, after=tuple(key for key in step.after if key not in known)) for step in kept
    ]


def _pieces(step: Step, toolbox: Toolbox, blocks: Sequence[Block] | None) -> list[Piece]:
    """Give the planned steps that one step becomes: one, or a look at a table and the work on it."""
    failed = any(not block.ok and block.purpose in _purposes(step) for block in blocks or ())
    ready = served(step, toolbox)
    if ready.kind == "table":
        return [] if failed else table_pieces(ready, toolbox)
    chosen = _chosen(ready, toolbox, blocks=blocks)
    return [(ready, *chosen)] if chosen is not None else []


def _chosen(
    step: Step, toolbox: Toolbox, *, blocks: Sequence[Block] | None
) -> tuple[ToolShape, dict[str, Any]] | None:
    """Choose a tool that takes the step; on a second round a look-up tries another source first."""
    shapes = toolbox.candidates(step)
    title = _title(step, blocks or ())
    if title:
        step = replace(step, value=title)
    elif blocks is not None and step.kind in LOOK_UPS:
        shapes = shapes[1:] + shapes[:1]
    elif any(not block.ok and block.purpose in _purposes(step) for block in blocks or ()):
        shapes = shapes[1:]
    for shape in shapes:
        kind = step.kind if step.tool else toolbox.kind(shape.name)
        filled_in = fill(shape.schema, kind=kind, value=value_for(step, kind), text=step.text)
        if filled_in is not None:
            return shape, filled_in
    return None


def _title(step: Step, blocks: Sequence[Block]) -> str | None:
    """Find the title that an earlier round's encyclopaedia offered for a step."""
    if step.kind not in LOOK_UPS:
        return None
    seen = [Observation(tool=block.id, text=block.text) for block in blocks]
    found = (observed.other_title(step.text, one) for one in seen)
    return next((title for title in found if title and title != step.value), None)


def _purposes(step: Step) -> tuple[str, ...]:
    """Word what a step is for, as a plan does and as it comes back with the result."""
    lead = PURPOSES.get(step.kind, "Find out")
    told = step.value if step.kind in {"math", "weather"} and step.after else step.text
    return (f"{lead}: {told}"[:_MAX_PURPOSE_CHARS],)


def _planned(
    step: Step, shape: ToolShape, given: dict[str, Any], *, branch: Schema, root: Schema
) -> dict[str, Any]:
    purpose = _purposes(step)[0]
    whole: dict[str, Any] = {
        "id": step.id,
        "purpose": purpose,
        "tool": shape.name,
        "input": given,
        "depends_on": list(step.after),
    }
    known = properties(branch)
    kept = {name: value for name, value in whole.items() if name in known or not known}
    for name in required(branch):
        if name not in kept:
            kept[name] = instance(resolved(known.get(name), root), step.text)
    return kept


def _any_step(
    turn: Turn, toolbox: Toolbox, branches: dict[str, Schema], root: Schema
) -> list[dict[str, Any]]:
    """A plan that must have a step asks the first tool that takes the question as it is."""
    ask = turn.asked.ask
    step = Step(id="s1", kind="open", text=ask, value=ask)
    looking = toolbox.candidates(step) or toolbox.shapes
    for force in (False, True):
        for shape in looking:
            given = fill(
                shape.schema, kind=toolbox.kind(shape.name), value=ask[:300], text=ask, force=force
            )
            if given is not None:
                return [_planned(step, shape, given, branch=branches[shape.name], root=root)]
    return []


# Verdicts


def _verdict(schema: Schema, turn: Turn) -> dict[str, Any]:
    ask = turn.asked.ask
    blocks = results(turn.prompt)
    fine = [
        block
        for block in blocks
        if block.ok and block.text.strip() and not _NOTHING.search(block.text[:200])
    ]
    wanted = _wanted(turn.asked)
    missing = _uncovered(wanted, fine, tried=blocks)
    passed = not missing and bool(fine)
    if not passed and not missing:
        missing = [ask[:500]]
    said = (
        f"Each of the {len(wanted)} part(s) has a result."
        if passed
        else f"{len(missing)} of {max(len(wanted), len(missing))} part(s) have no result: {'; '.join(missing)[:400]}"
    )
    values = {"reasoning": said, "passed": passed, "missing": missing}
    known = properties(schema)
    kept = {name: value for name, value in values.items() if name in known}
    extra = {
        name: instance(resolved(known.get(name), schema), ask)
        for name in required(schema)
        if name not in kept
    }
    return {**kept, **extra}


def _wanted(asked: Asked) -> list[Step]:
    steps = needs(asked)
    return steps or [
        Step(id=f"s{at}", kind="open", text=part, value=part)
        for at, part in enumerate(parts(asked.ask), start=1)
    ]


def _uncovered(wanted: list[Step], fine: list[Block], *, tried: Sequence[Block]) -> list[str]:
    """Give each result to at most one part: the part it was made for, else the most alike."""
    left = dict(enumerate(fine))
    missing: list[str] = []
    for step in wanted:
        made = [block for block in tried if block.purpose in _purposes(step)]
        good = next((at for at, block in left.items() if block in made), None)
        if made:
            left.pop(good, None) if good is not None else missing.append(step.text)
            continue
        scored = sorted(((_shared(step, block), -at) for at, block in left.items()), reverse=True)
        best = scored[0] if scored else None
        if best and best[0] > 0:
            left.pop(-best[1])
        else:
            missing.append(step.text)
    if (
        not any(block.purpose for block in tried)
        and len(left) >= len(missing)
        and len(fine) >= len(wanted)
    ):
        return []
    return missing


def _shared(step: Step, block: Block) -> float:
    said = set(terms(block.text[:20_000]))
    shared = len(said & (set(terms(step.text)) | set(terms(_PLACEHOLDER.sub(" ", step.value)))))
    if step.kind in {"math", "data", "python", "sql", "table"}:
        figures = re.search(r"\d", block.text) is not None
        value = evaluate(step.value) if step.kind == "math" else None
        return figures * (
            1 + shared + 3 * bool(value and value.strip("≈ ") in block.text.replace(",", ""))
        )
    return float(shared)
