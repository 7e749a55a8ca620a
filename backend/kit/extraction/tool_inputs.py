"""Writes the input of one planned tool call from the question and from the results it depends on.

Not for: plans themselves (`planning`).
"""

from __future__ import annotations

import re
from typing import Any

from backend.kit.extraction import observed
from backend.kit.extraction.arguments import MAIN_NAMES, fill, main_parameter
from backend.kit.extraction.asked import Block, results, section, take_apart
from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.needs import needs
from backend.kit.extraction.observed import LOOK_UPS, Observation
from backend.kit.extraction.schema_fill import instance
from backend.kit.extraction.schemas import Schema, as_schema, properties
from backend.kit.extraction.steps import PURPOSES, Step, filled
from backend.kit.extraction.table_plans import table_input
from backend.kit.extraction.tool_fit import ToolShape, kind_of
from backend.kit.extraction.turns import Turn
from backend.kit.extraction.words import stem, terms

_PLACEHOLDER = re.compile(r"\{(\w{1,20})\}")


def tool_input(schema: Schema, turn: Turn) -> dict[str, Any] | None:
    """Fill in the input of the step in `<purpose>`; None where nothing of it is understood."""
    purpose = section(turn.prompt, "purpose") or ""
    of_table = table_input(schema, purpose, results(turn.prompt))
    if of_table is not None:
        return of_table
    ask = section(turn.prompt, "question") or turn.asked.ask
    shape = ToolShape("", str(schema.get("description") or ""), schema)
    kind = _kind_by_parameters(shape)
    step = _step_for(kind, purpose, ask)
    values = _values(step, ask, results(turn.prompt), number=kind in {"math", "data"})
    ready = filled(step, values)
    made = fill(schema, kind=kind, value=ready.value, text=ready.text or ask)
    made = (
        fill(schema, kind=kind, value=ready.value, text=f"{ready.text} {ask}", force=True)
        if made is None
        else made
    )
    if made is None and not properties(schema):
        return None
    return made if made is not None else as_dict(instance(schema, f"{purpose}\n{ask}"))


def as_dict(value: object) -> dict[str, Any]:
    """Give an object as it is, and anything else as an empty one."""
    return dict(as_schema(value))


def _kind_by_parameters(shape: ToolShape) -> str:
    known = {
        word for name in properties(shape.schema) for word in [name.casefold(), *name_words(name)]
    }
    for kind in ("math", "python", "sql", "fetch", "weather", "data"):
        if set(MAIN_NAMES[kind][:4]) & known - {"query", "q", "code"} or (
            kind == "python" and "code" in known
        ):
            return kind
    described = kind_of(shape)
    main = main_parameter(shape.schema, "open")
    return described if described != "custom" or main is None else "open"


def _step_for(kind: str, purpose: str, ask: str) -> Step:
    """Find the step meant: the purpose's own words first, else the question's step of that kind."""
    _, mark, tail = purpose.partition(": ")
    told = tail if mark and purpose.split(":")[0] in {*PURPOSES.values(), "Find out"} else purpose
    whole = needs(take_apart(ask))
    if _PLACEHOLDER.search(told):
        return Step(
            id="",
            kind=whole[0].kind if whole else "open",
            text=ask,
            value=told,
            after=tuple(_PLACEHOLDER.findall(told)),
        )
    alike = [
        step for step in whole if step.kind == kind or (step.kind in LOOK_UPS and kind in LOOK_UPS)
    ]
    wanted = {stem(word) for word in told.split()}
    ranked = sorted(alike, key=lambda step: -len(wanted & set(terms(step.text))))
    own = [
        step
        for step in needs(take_apart(told))
        if step.kind == kind or (step.kind in LOOK_UPS and kind in LOOK_UPS)
    ]
    dependent = [step for step in ranked if step.after]
    chosen = (dependent if dependent and not own else own or ranked) or []
    return chosen[0] if chosen else Step(id="", kind="open", text=told or ask, value=told or ask)


def _values(step: Step, ask: str, blocks: list[Block], *, number: bool) -> dict[str, str]:
    """Read the value for each placeholder from the result of that id, else from the next result."""
    steps = {one.id: one for one in needs(take_apart(ask))}
    fine = [block for block in blocks if block.ok]
    found: dict[str, str] = {}
    for at, key in enumerate(step.after):
        block = next((one for one in fine if one.id == key), fine[at] if at < len(fine) else None)
        if block is None:
            continue
        source = steps.get(key)
        text, kind = (source.text, source.kind) if source else (ask, "open")
        seen = Observation(tool=key, text=block.text)
        if number and re.match(r"\{\w+\} to ", step.value):
            value = observed.quantity(text, kind, seen)
        else:
            value = observed.value(text, kind, seen, number=number)
        if value:
            found[key] = value
    return found
