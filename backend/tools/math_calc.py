"""Calculates: arithmetic, algebra, equations, calculus, matrices, number theory, units.

The mathematics is `backend.kit.mathematics`, run in a bounded worker process. Not for: data sets
(`data_analysis`) or programs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field

from backend.errors import ToolFailed, ToolRetry
from backend.kit.workers import (
    WorkerCrashed,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)
from backend.ports import tools as port
from backend.ports.tools import ToolResult, Touch

NAME = "math_calc"
DESCRIPTION = (
    "Calculates exactly: arithmetic, percentages, equations and systems, inequalities, derivatives, "
    "integrals, limits, series, matrices, primes, statistics of a few numbers, unit and base "
    "conversion. Use it for every calculation instead of doing it yourself. Write one formula: "
    '{"expression": "12*(3+4)"}, "15% of 80", "solve x^2 - 5x + 6 = 0", '
    '"x + y = 3, x - y = 1", "integrate(x^2, x, 0, 1)", "limit of sin(x)/x as x->0", '
    '"5 km/h to m/s", "det([[1,2],[3,4]])", "sin(30°)".'
)
TOUCHES: frozenset[Touch] = frozenset({"computes"})

_TARGET = "backend.kit.mathematics.evaluate:answer"
_MIB = 1024 * 1024
_PATIENT_SHARE = 0.87  # the rest of the time is left for the way back
_EXAMPLES = {
    "solve": '{"expression": "x^2 - 4 = 0", "operation": "solve", "variable": "x"}',
    "differentiate": '{"expression": "x^3", "operation": "differentiate", "variable": "x"}',
    "integrate": '{"expression": "x^2", "operation": "integrate", "lower": "0", "upper": "1"}',
    "limit": '{"expression": "sin(x)/x", "operation": "limit", "point": "0"}',
    "series": '{"expression": "exp(x)", "operation": "series", "point": "0", "order": 4}',
    "convert": '{"expression": "5 km/h to m/s", "operation": "convert"}',
}
_EXAMPLE = '{"expression": "2*(3+4)^2"}'
_OTHER_WORDS = {
    "eval": "evaluate", "calculate": "evaluate", "compute": "evaluate", "arithmetic": "evaluate",
    "diff": "differentiate", "derivative": "differentiate", "derive": "differentiate",
    "integral": "integrate", "factorize": "factor", "factorise": "factor", "taylor": "series",
    "roots": "solve", "equation": "solve", "conversion": "convert", "unit_conversion": "convert",
}  # fmt: skip
Operation = Literal[
    "evaluate", "simplify", "solve", "differentiate", "integrate", "limit", "factor", "expand",
    "series", "convert",
]  # fmt: skip


def _known_word(value: object) -> object:
    word = value.strip().casefold() if isinstance(value, str) else value
    if word in {None, ""}:
        return "evaluate"
    return _OTHER_WORDS.get(word, word) if isinstance(word, str) else word


def _text(value: object) -> object:
    if isinstance(value, list):
        parts: list[object] = [*value]
        return ", ".join(map(str, parts))
    return "" if value is None else value


Part = Annotated[str, BeforeValidator(_text), Field(max_length=1_000)]


class Args(port.ToolArgs):
    """A formula or simple phrase, and optionally what to do with it."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    expression: Annotated[str, BeforeValidator(_text)] = Field(
        min_length=1,
        description=(
            'The formula, as on a calculator or in Python: "3*(4+1)", "2^10", "sqrt(2)", "x^2 = 4", '
            '"25% of 480", "3 ft + 2 in in cm". One question per call, no prose.'
        ),
        validation_alias=AliasChoices(
            "expression",
            "expr",
            "input",
            "query",
            "equation",
            "formula",
            "problem",
            "question",
            "q",
        ),
    )
    operation: Annotated[Operation, BeforeValidator(_known_word)] = Field(
        default="evaluate",
        description="What to do; evaluate also understands solve(...), diff(...) and phrases.",
        validation_alias=AliasChoices("operation", "op", "action", "mode"),
    )
    variable: Part = Field(
        default="",
        description='The unknown, such as "x"; several as "x, y". Found by itself when there is one.',
        validation_alias=AliasChoices("variable", "variables", "var", "symbol", "wrt"),
    )
    at: Part = Field(default="", description='Value to put in at the end: "2" or "x = 2, y = 1".')
    lower: Part = Field(
        default="",
        description='Lower bound of an integral, such as "0" or "-oo".',
        validation_alias=AliasChoices("lower", "lower_bound", "lower_limit", "from", "a"),
    )
    upper: Part = Field(
        default="",
        description='Upper bound of an integral, such as "pi" or "oo".',
        validation_alias=AliasChoices("upper", "upper_bound", "upper_limit", "b"),
    )
    point: Part = Field(
        default="", description='Where a limit or series is taken: "0", "oo", "0+" from the right.'
    )
    order: Annotated[int, BeforeValidator(lambda value: value or 0)] = Field(
        default=0, ge=0, le=30, description="Order of a derivative or series; 0 for the usual one."
    )
    target: Part = Field(
        default="",
        description='Unit or base to convert to, such as "m/s" or "hex".',
        validation_alias=AliasChoices("target", "to", "to_unit", "target_unit", "unit"),
    )
    digits: Annotated[int, BeforeValidator(lambda value: value or 15)] = Field(
        default=15,
        ge=1,
        le=1_000,
        description="Significant digits of decimal results.",
        validation_alias=AliasChoices("digits", "precision"),
    )


class Options(port.ToolOptions):
    """Bounds of the worker process that computes."""

    timeout_s: float = Field(default=3.0, gt=0, le=60)
    memory_mib: int = Field(default=512, ge=128, le=8_192)
    idle_s: float = Field(default=120.0, gt=0)
    max_processes: int = Field(default=1, ge=1, le=16)


class MathCalc:
    """Hands each question to the worker and words the answer."""

    def __init__(self, pool: WorkerPool, *, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    async def run(self, args: Args, context: port.ToolContext) -> ToolResult:
        """Answer; ToolRetry when the formula cannot be read, ToolFailed when it has no answer in bounds."""
        try:
            asked, owner = self._request(args), context.user_id
            answer: dict[str, Any] = await self._pool.call(asked, owner=owner)
        except WorkerRefused as exc:
            raise _in_words(exc, args) from exc
        except WorkerTimeout as exc:
            msg = f"This takes more than {self._timeout_s:g} seconds and was stopped; ask for less."
            raise ToolFailed(msg) from exc
        except WorkerCrashed as exc:
            msg = f"This was stopped: {exc}. Ask for something smaller."
            raise ToolFailed(msg) from exc
        text = str(answer.pop("text"))
        return ToolResult(text=text, data=answer)

    def _request(self, args: Args) -> dict[str, Any]:
        given = args.model_dump(exclude_defaults=True)
        always = {"expression": args.expression, "digits": args.digits}
        return {**given, **always, "patience_s": self._timeout_s * _PATIENT_SHARE}

    async def aclose(self) -> None:
        """Stop the worker."""
        await self._pool.aclose()


def _in_words(refusal: WorkerRefused, args: Args) -> ToolRetry | ToolFailed:
    if refusal.kind == "NotUnderstood":
        example = _EXAMPLES.get(args.operation, _EXAMPLE)
        return ToolRetry(f"Not understood: {refusal}. Example of a correct call: {example}")
    if refusal.kind == "CannotCompute":
        return ToolFailed(f"Cannot compute this: {refusal}.")
    raise refusal


def build(options: Options, services: port.Services) -> port.Tool:
    """Make the tool; the worker process starts with the first question."""
    limits = WorkerLimits(
        memory_bytes=options.memory_mib * _MIB,
        cpu_s=options.timeout_s,
        wall_s=options.timeout_s,
        idle_s=options.idle_s,
    )
    pool = WorkerPool(_TARGET, clock=services.clock, size=options.max_processes, limits=limits)
    return MathCalc(pool, timeout_s=options.timeout_s)
