"""Works a question's steps off against the tools on offer: which calls come next, what is answered.

The whole state stands in the conversation, so the same conversation always gives the same next move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.kit.extraction import observed
from backend.kit.extraction.arguments import fill, main_parameter
from backend.kit.extraction.exact_arithmetic import evaluate
from backend.kit.extraction.needs import needs
from backend.kit.extraction.observed import LOOK_UPS, Observation
from backend.kit.extraction.schemas import properties
from backend.kit.extraction.steps import Step, filled
from backend.kit.extraction.tool_fit import Toolbox, ToolShape, value_for
from backend.kit.extraction.turns import Turn


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to call with its arguments."""

    tool: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class Progress:
    """Calls that come next, and the answers there are so far in the order of the steps."""

    steps: list[Step]
    calls: list[Call] = field(default_factory=list[Call])
    answers: list[str] = field(default_factory=list[str])
    found: int = 0

    @property
    def text(self) -> str:
        """Give all answers as one text."""
        return "\n\n".join(dict.fromkeys(self.answers))


class Worker:
    """One pass over the steps of a turn."""

    def __init__(self, turn: Turn, toolbox: Toolbox) -> None:
        self._turn = turn
        self._toolbox = toolbox
        self._left = list(turn.observations)
        self._values: dict[str, tuple[Step, Observation]] = {}
        self._progress = Progress(needs(turn.asked, prefer=toolbox.special))

    def work(self) -> Progress:
        """Go through the steps once."""
        waiting: set[str] = set()
        for step in self._progress.steps:
            if waiting & set(step.after) or not self._do(step):
                waiting.add(step.id)
        if not self._progress.steps or (self._left and not self._progress.found):
            self._answer_from_rest()
        return self._progress

    def _do(self, step: Step) -> bool:
        """Answer a step or ask for its next call; False while its result is still out."""
        ready = self._ready(step)
        if ready is None:
            return True
        tried: list[Observation] = []
        for call in self._tries(ready):
            seen = self._seen(call)
            if seen is None:
                if call not in self._progress.calls:
                    self._progress.calls.append(call)
                return False
            tried.append(seen)
            if self._accept(ready, seen):
                return True
        self._give_up(ready, tried)
        return True

    def _ready(self, step: Step) -> Step | None:
        values: dict[str, str] = {}
        for key in step.after:
            known = self._values.get(key)
            found = None
            if known is not None:
                number = step.kind in {"math", "data"}
                found = observed.value(known[0].text, known[0].kind, known[1], number=number)
            if found is None:
                self._progress.answers.append(
                    f"Without that result I cannot go on with: {step.text}"
                )
                return None
            values[key] = found
        return filled(step, values)

    def _tries(self, step: Step) -> Iterator[Call]:
        """Yield the calls worth making for a step, one after another as each brings nothing."""
        for shape in self._toolbox.candidates(step):
            kind = step.kind if step.tool else self._toolbox.kind(shape.name)
            value = value_for(step, kind)
            arguments = fill(shape.schema, kind=kind, value=value, text=step.text)
            if arguments is None:
                continue
            call = Call(shape.name, arguments)
            yield call
            seen = self._seen(call)
            title = observed.other_title(step.text, seen) if seen and kind in LOOK_UPS else None
            main = main_parameter(shape.schema, kind)
            if title and main and title != arguments.get(main):
                yield Call(shape.name, {**arguments, main: title})

    def _seen(self, call: Call) -> Observation | None:
        for one in self._turn.observations:
            if one.tool == call.tool and _same(one.arguments, call.arguments):
                return one
        return None

    def _accept(self, step: Step, seen: Observation) -> bool:
        kind = "weather" if step.kind == "weather" else self._kind(step, seen)
        found = observed.answer(step.text, kind, seen)
        if found is None:
            return False
        self._take(step, seen, found)
        return True

    def _kind(self, step: Step, seen: Observation) -> str:
        known = self._toolbox.kind(seen.tool)
        return step.kind if known == "custom" or step.kind in LOOK_UPS else known

    def _take(self, step: Step, seen: Observation, found: str) -> None:
        self._values[step.id] = (step, seen)
        self._progress.answers.append(found)
        self._progress.found += 1
        if seen in self._left:
            self._left.remove(seen)

    def _give_up(self, step: Step, tried: list[Observation]) -> None:
        """No call is left to make: use another observation, calculate, or say so."""
        for seen in [one for one in self._left if one not in tried]:
            if self._accept(step, seen):
                return
        self._left = [one for one in self._left if one not in tried]
        value = evaluate(step.value) if step.kind == "math" else None
        failures = [observed.reason(one) for one in tried if one.failed]
        if value is not None:
            made = Observation(tool="", text=f"{step.value} {_equals(value)}")
            because = f" ({'. '.join(failures)})" if failures else ""
            self._take(step, made, f"{made.text}{because}")
        elif tried:
            told = [_nothing(step, one) for one in tried]
            self._progress.answers.append("\n".join(dict.fromkeys(told)))

    def _answer_from_rest(self) -> None:
        """Answer from observations that belong to no step of ours, such as forced calls."""
        for seen in self._left:
            kind = self._toolbox.kind(seen.tool)
            ask = self._turn.asked.ask
            found = observed.answer(ask, kind, seen)
            self._progress.answers.append(found or _not_here(ask, seen))
            self._progress.found += found is not None


def _equals(value: str) -> str:
    return value if value.startswith("≈") else f"= {value}"


def _same(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Compare arguments as the caller means them: defaults that were filled in do not count."""
    return all(str(one.get(key)).strip() == str(two[key]).strip() for key in two)


def _nothing(step: Step, last: Observation) -> str:
    if last.failed:
        return observed.reason(last)
    if step.kind == "documents":
        return f"This was not found in your documents: {step.text}"
    return _not_here(step.text, last)


def _not_here(ask: str, seen: Observation) -> str:
    if seen.failed:
        return observed.reason(seen)
    near = None if seen.empty else observed.quoted(ask, seen.text, least=0.12)
    if near:
        return f"I found no direct answer to “{ask}”. The closest passage says: {near}"
    return f"I found no answer to “{ask}” in what {seen.tool or 'the tool'} returned."


def forced(turn: Turn, shape: ToolShape, toolbox: Toolbox) -> Call:
    """Fill one tool as well as can be, because the caller demands this call."""
    kind = toolbox.kind(shape.name)
    steps = needs(turn.asked)
    step = next((one for one in steps if one.kind == kind and not one.after), None)
    asked = turn.asked
    given = {
        "python": asked.code[0][1] if asked.code else "",
        "sql": asked.code[0][1] if asked.code else "",
        "fetch": asked.urls[0] if asked.urls else "",
        "data": asked.data,
    }
    lookup = next((one.value for one in steps if one.kind in LOOK_UPS and kind in LOOK_UPS), "")
    value = step.value if step else given.get(kind) or lookup or asked.ask
    arguments = fill(shape.schema, kind=kind, value=value, text=asked.ask or value, force=True)
    if arguments is None:
        known = properties(shape.schema)
        arguments = {next(iter(known)): value} if known else {}
    return Call(shape.name, arguments)
