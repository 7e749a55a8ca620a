"""Works a question's steps off against the tools on offer: which calls come next, what is answered.

The whole state stands in the conversation, so the same conversation always gives the same next move.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backend.kit.extraction import observed
from backend.kit.extraction.arguments import fill, main_parameter
from backend.kit.extraction.entities import bare_question
from backend.kit.extraction.exact_arithmetic import evaluate
from backend.kit.extraction.from_documents import says_nothing
from backend.kit.extraction.given_code import leans_on, ran
from backend.kit.extraction.needs import needs
from backend.kit.extraction.observed import ATTACHMENTS, LOOK_UPS, Observation
from backend.kit.extraction.results_told import next_part
from backend.kit.extraction.schemas import properties
from backend.kit.extraction.steps import CANNOT, Call, Step, filled
from backend.kit.extraction.table_asks import table_ask
from backend.kit.extraction.table_calls import SCHEMA, served, table_calls
from backend.kit.extraction.tool_fit import Toolbox, ToolShape, value_for
from backend.kit.extraction.turns import Turn

_MAX_RETRY_CHARS: Final = 300
_MOST_PARTS: Final = 4


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
        steps = needs(turn.asked, prefer=toolbox.special)
        self._progress = Progress([served(step, toolbox) for step in steps])

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
        if self._stands_there(ready):
            return True
        tried: list[Observation] = []
        for call in self._tries(ready):
            seen = self._seen(call)
            if seen is None:
                if call not in self._progress.calls:
                    self._progress.calls.append(call)
                return False
            if call.look and not seen.failed:
                continue
            tried.append(seen)
            if self._accept(ready, seen, note=call.note):
                return True
        self._give_up(ready, tried)
        return True

    def _stands_there(self, step: Step) -> bool:
        """Answer a step from what was attached to the question, before any tool is called."""
        attached = [one for one in self._turn.observations if one.tool == ATTACHMENTS]
        return any(self._serves(step, one) and self._accept(step, one) for one in attached)

    def _ready(self, step: Step) -> Step | None:
        values: dict[str, str] = {}
        for key in step.after:
            known = self._values.get(key)
            found = None
            if known is not None:
                found = _needed(step, *known)
            if found is None:
                self._progress.answers.append(
                    f"Without that result I cannot go on with: {step.text}"
                )
                return None
            values[key] = found
        return filled(step, values)

    def _tries(self, step: Step) -> Iterator[Call]:
        """Yield the calls worth making for a step, one after another as each brings nothing."""
        if step.kind == "table":
            yield from table_calls(step, self._toolbox, self._seen)
            return
        for shape in self._toolbox.candidates(step):
            kind = step.kind if step.tool else self._toolbox.kind(shape.name)
            value = value_for(step, kind)
            arguments = fill(shape.schema, kind=kind, value=value, text=step.text)
            if arguments is None:
                continue
            arguments = _continued(shape, kind, arguments, self._turn)
            call = Call(shape.name, arguments)
            yield call
            seen = self._seen(call)
            main = main_parameter(shape.schema, kind)
            title = observed.other_title(step.text, seen) if seen and kind in LOOK_UPS else None
            if title and main and title != arguments.get(main):
                yield Call(shape.name, {**arguments, main: title})
            again = seen is not None and seen.failed and not seen.final
            yield from self._further(shape, kind, arguments)
            simpler = _simpler(step, kind, main, arguments) if again else None
            if simpler is not None:
                yield Call(shape.name, simpler, only=True)

    def _further(self, shape: ToolShape, kind: str, arguments: dict[str, Any]) -> Iterator[Call]:
        """Read on in a page whose first parts do not answer."""
        if kind != "fetch" or "start" not in properties(shape.schema):
            return
        call = Call(shape.name, arguments, only=True)
        for _ in range(_MOST_PARTS):
            seen = self._seen(call)
            start = None if seen is None or seen.failed else next_part(seen.text)
            if start is None:
                return
            call = Call(shape.name, {**arguments, "start": start}, only=True)
            yield call

    def _seen(self, call: Call) -> Observation | None:
        for one in self._turn.observations:
            if call.only and set(one.arguments) != set(call.arguments):
                continue
            if one.tool == call.tool and _same(one.arguments, call.arguments):
                return one
        return None

    def _accept(self, step: Step, seen: Observation, *, note: str = "") -> bool:
        found = observed.answer(step.text, self._kind(step, seen), seen)
        if found is None:
            return False
        self._take(step, seen, f"{found}\n\n{note}" if note else found)
        return True

    def _kind(self, step: Step, seen: Observation) -> str:
        known = self._toolbox.kind(seen.tool)
        own = known == "custom" or step.kind in LOOK_UPS or step.kind == "table"
        return step.kind if own else known

    def _take(self, step: Step, seen: Observation, found: str) -> None:
        self._values[step.id] = (step, seen)
        self._progress.answers.append(found)
        self._progress.found += 1
        if seen in self._left:
            self._left.remove(seen)

    def _give_up(self, step: Step, tried: list[Observation]) -> None:
        """No call is left to make: use another observation, calculate, or say so."""
        for seen in [one for one in self._left if one not in tried and self._serves(step, one)]:
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
            self._progress.answers.append(_nothing(step, tried))
        elif step.kind in CANNOT and not self._toolbox.candidates(step):
            self._progress.answers.append(CANNOT[step.kind])

    def _serves(self, step: Step, seen: Observation) -> bool:
        """Tell whether a result may be meant for a step: its tool is of that kind, or of none known."""
        kind = self._toolbox.kind(seen.tool)
        if step.kind == "table":
            return kind in {"data", "sql", "custom"} and not _is_look(step, seen)
        return kind in {step.kind, "custom"} or (kind in LOOK_UPS and step.kind in LOOK_UPS)

    def _answer_from_rest(self) -> None:
        """Answer from observations that belong to no step of ours, such as forced calls."""
        for seen in self._left:
            kind = self._toolbox.kind(seen.tool)
            ask = self._turn.asked.ask
            found = observed.answer(ask, kind, seen)
            self._progress.answers.append(found or _not_here(ask, seen))
            self._progress.found += found is not None


def _is_look(step: Step, seen: Observation) -> bool:
    """Tell whether a result only lists columns, where something else is asked of them."""
    asked = table_ask(step.text)
    return seen.arguments.get("action") == SCHEMA and asked is not None and asked.want != "columns"


def _continued(
    shape: ToolShape, kind: str, arguments: dict[str, Any], turn: Turn
) -> dict[str, Any]:
    """Go on with what earlier code of the conversation defined, where this code needs it."""
    if kind != "python" or "keep" not in properties(shape.schema):
        return arguments
    source = str(next(iter(arguments.values()), ""))
    earlier = [
        code.source for said in turn.before if said.role == "user" for code in ran(said.text)
    ]
    return {**arguments, "keep": True} if leans_on(source, earlier) else arguments


def _needed(step: Step, source: Step, seen: Observation) -> str | None:
    """Read what a step needs of an earlier one: a name, a number, or a quantity to convert."""
    if step.kind == "math" and re.match(r"\{\w+\} to ", step.value):
        return observed.quantity(source.text, source.kind, seen)
    return observed.value(source.text, source.kind, seen, number=step.kind in {"math", "data"})


def _equals(value: str) -> str:
    return value if value.startswith("≈") else f"= {value}"


def _same(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Compare arguments as the caller means them: defaults that were filled in do not count."""
    return all(str(one.get(key)).strip() == str(two[key]).strip() for key in two)


def _simpler(
    step: Step, kind: str, main: str | None, arguments: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Give arguments for a second try: the data without a question, the sum in the user's words."""
    if main is None or main not in arguments:
        return None
    if kind == "data":
        alone = {main: arguments[main]}
        return alone if len(arguments) > 1 else None
    said = bare_question(step.text)
    differs = (
        not step.after
        and evaluate(step.value) is None
        and said != arguments[main]
        and len(said) <= _MAX_RETRY_CHARS
    )
    return {**arguments, main: said} if kind == "math" and differs else None


def _nothing(step: Step, tried: Sequence[Observation]) -> str:
    """Say once why there is no answer: what failed, else the closest passage, else where it was sought."""
    searched = step.kind in LOOK_UPS and step.kind != "fetch"
    broken = [observed.reason(one) for one in tried if one.failed and not (searched and one.absent)]
    sought = [one for one in tried if not one.failed or (searched and one.absent)]
    last = step.kind in {"math", "data", "table"}
    told = list(dict.fromkeys(broken[-1:] if last else broken))
    if step.kind == "documents" and any(not one.failed for one in sought):
        told.append(
            observed.not_in_documents(step.text, next(one for one in sought if not one.failed))
        )
    elif sought:
        near = [one for one in sought if not one.failed and not one.empty]
        told.append(_not_here(step.text, near[0] if near else sought[0], among=sought))
    return "\n".join(told)


def _not_here(ask: str, seen: Observation, *, among: Sequence[Observation] = ()) -> str:
    if seen.failed and not seen.absent:
        return observed.reason(seen)
    if says_nothing(seen.text):
        return observed.not_in_documents(ask, seen)
    near = None if seen.empty or seen.failed else observed.quoted(ask, seen.text, least=0.12)
    if near:
        return f"I found no direct answer to “{ask}”. The closest passage says: {near}"
    sources = " and ".join(dict.fromkeys(one.tool for one in among or [seen] if one.tool))
    return f"I found no answer to “{ask}” in what {sources or 'the tool'} returned."


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
