"""The one entrance: a question in text goes in, an answer as plain JSON comes out.

Runs in a worker process (`answer`). Nothing of the text is ever evaluated as Python.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import Any

from backend.kit.mathematics import conversion, units
from backend.kit.mathematics.building import build
from backend.kit.mathematics.cas import FAILURES, Value, sp
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.normalise import normalise
from backend.kit.mathematics.parsing import parse
from backend.kit.mathematics.patience import OutOfPatience, patience
from backend.kit.mathematics.phrases import Task, understand
from backend.kit.mathematics.presenting import present, present_quantity
from backend.kit.mathematics.quantities import with_units_divided
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.solving import solve_relations
from backend.kit.mathematics.syntax import (
    Call,
    Compare,
    Items,
    Name,
    Node,
    Number,
    Several,
    names_in,
    written,
)

_MAX_INT_DIGITS = 200_000
_PATIENCE_S = 2.6
_ASSIGNMENT = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(.+?)\s*")
_DIFFERENTIAL = re.compile(r"(?<=[\s)\d])d ?[a-z]$")
_BINDING = frozenset({"solve", "diff", "integrate", "limit", "series", "at", "sum", "product"})
_PARTS = ("variable", "lower", "upper", "point", "at", "order", "side", "target")
_UNARY = {
    "simplify", "expand", "factor", "apart", "factorint", "isprime", "prime",
}  # fmt: skip


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one question: `expression`, and optionally `operation`, `digits` and the parts of a task.

    Gives `expression` (as understood), `exact`, `decimal`, `latex`, `kind`, `approximate`, `notes`,
    `items`, `verified`, `text`.

    Raises:
        NotUnderstood: the text cannot be read; asking differently helps.
        CannotCompute: there is no answer, or none within bounds.
    """
    sys.set_int_max_str_digits(_MAX_INT_DIGITS)
    scope = Scope(build=build, digits=request.get("digits", 15))
    try:
        with patience(request.get("patience_s", _PATIENCE_S)):
            return _answered(scope, request)
    except OutOfPatience:
        raise CannotCompute("it takes too long") from None
    except FAILURES as exc:
        if isinstance(exc, NotUnderstood | CannotCompute):
            raise
        reason = str(exc).splitlines()[0][:120] if str(exc) else type(exc).__name__
        msg = f"the algebra failed on this input: {reason}"
        raise CannotCompute(msg) from exc


def _answered(scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
    text = normalise(request["expression"])
    operation = request.get("operation") or ""
    if operation in {"", "evaluate", "convert"}:
        question = conversion.question_in(_lead_free(text), target=request.get("target") or "")
        if question is not None:
            value, unit, read = conversion.answered(scope, question)
            return present(scope, value, read=read, unit=unit)
    task = _task(conversion.without_currency(text), request)
    node = _node(scope, task)
    return _evaluated(scope, task, node)


def _lead_free(text: str) -> str:
    return re.sub(
        r"^(?:what(?:'s| is| are)|calculate|compute|evaluate|find|how much is)\s+",
        "",
        text,
        flags=re.IGNORECASE,
    )


def _task(text: str, request: dict[str, Any]) -> Task:
    """Combine what the phrase says with what the request says; the request wins."""
    task = understand(text)
    given = {
        part: normalise(str(request[part]))
        for part in _PARTS
        if request.get(part) not in {None, ""}
    }
    operation = request.get("operation") or ""
    if operation not in {"", "evaluate", "convert"} and task.operation in {
        "evaluate",
        "solve",
        "roots",
    }:
        task = replace(task, operation=operation)
    return replace(task, **given)


def _node(scope: Scope, task: Task) -> Node:
    """Make the formula of a task: phrases become the functions they name."""
    text = (
        _DIFFERENTIAL.sub("", task.expression) if task.operation == "integrate" else task.expression
    )
    formula = parse(text)
    if isinstance(formula, Call) and formula.name == _CANONICAL.get(task.operation):
        return formula
    scope.variables.update(re.findall(r"[A-Za-z]\w*", task.variable))
    if task.operation in _UNARY:
        return Call(task.operation, (formula,))
    maker = _MAKERS.get(task.operation)
    return maker(scope, task, formula) if maker else _with_values(scope, task, formula)


def _with_values(scope: Scope, task: Task, formula: Node) -> Node:
    """Bind "x = 3, y = 4" for a formula that is evaluated as it is."""
    if isinstance(formula, Call) and formula.name in _BINDING and task.at:
        found = _ASSIGNMENT.fullmatch(task.at)
        names = (Name(found.group(1)),) if found else _names(task)[:1]
        return Call("at", (formula, *names, parse(found.group(2) if found else task.at)))
    for part in re.split(r",|;|\band\b", task.at):
        if found := _ASSIGNMENT.fullmatch(part):
            scope.values[found.group(1)] = scope.value(parse(found.group(2)))
        elif part.strip():
            return Call("at", (formula, *_names(task), parse(part)))
    return formula


def _names(task: Task) -> tuple[Node, ...]:
    return tuple(Name(name) for name in re.findall(r"[A-Za-z]\w*", task.variable) if name != "and")


def _differentiation(_: Scope, task: Task, formula: Node) -> Node:
    order = (Number(task.order),) if task.order.isdigit() else ()
    variables = _names(task) or ((_guess(formula),) if order else ())
    call: Node = Call("diff", (formula, *variables, *order))
    place = task.at or task.point
    if not place:
        return call
    if found := _ASSIGNMENT.fullmatch(place):
        return Call("at", (call, Name(found.group(1)), parse(found.group(2))))
    return Call("at", (call, (variables or (_guess(formula),))[0], parse(place)))


def _guess(formula: Node) -> Node:
    """Name the only unknown of a formula, or x."""
    names = {one.name for one in names_in(formula)} - {"e", "pi", "E", "i"}
    return Name(next(iter(names)) if len(names) == 1 else "x")


def _integration(_: Scope, task: Task, formula: Node) -> Node:
    if bool(task.lower) != bool(task.upper):
        msg = "a definite integral needs both bounds, lower and upper"
        raise NotUnderstood(msg)
    variables = _names(task) or (_guess(formula),)
    bounds = (parse(task.lower), parse(task.upper)) if task.lower else ()
    return Call("integrate", (formula, *variables[:1], *bounds))


def _limit(_: Scope, task: Task, formula: Node) -> Node:
    point = task.point or task.at
    if not point:
        msg = 'a limit needs the point; example: "limit of sin(x)/x as x->0"'
        raise NotUnderstood(msg)
    side = {"+": "plus", "above": "plus", "-": "minus", "below": "minus"}.get(task.side, task.side)
    if point[-1] in "+-" and not side:
        point, side = point[:-1], "plus" if point[-1] == "+" else "minus"
    variables = _names(task) or (_guess(formula),)
    return Call("limit", (formula, variables[0], parse(point), *((Name(side),) if side else ())))


def _expansion(_: Scope, task: Task, formula: Node) -> Node:
    variables = _names(task) or (_guess(formula),)
    point = parse(task.point or task.at or "0")
    order = (Number(str(int(task.order) + 1)),) if task.order.isdigit() else ()
    return Call("series", (formula, variables[0], point, *order))


def _running(_: Scope, task: Task, formula: Node) -> Node:
    return Call(task.operation, (formula, *_names(task)[:1], parse(task.lower), parse(task.upper)))


def _equations(_: Scope, task: Task, formula: Node) -> Node:
    parts = formula.parts if isinstance(formula, Several) else (formula,)
    if isinstance(formula, Items):
        parts = formula.items
    return Call("solve", (*parts, *_names(task)))


_MAKERS: dict[str, Any] = {
    "differentiate": _differentiation,
    "integrate": _integration,
    "limit": _limit,
    "series": _expansion,
    "sum": _running,
    "product": _running,
    "solve": _equations,
    "roots": _equations,
}
_CANONICAL = {
    "differentiate": "diff", "integrate": "integrate", "limit": "limit", "series": "series",
    "solve": "solve", "roots": "solve", "simplify": "simplify", "expand": "expand", "factor": "factor",
}  # fmt: skip


def _evaluated(scope: Scope, task: Task, node: Node) -> dict[str, Any]:
    names = names_in(node)
    binds = isinstance(node, Call) and node.name in _BINDING
    free = [one for one in names if one.name not in scope.values]
    if task.operation == "evaluate" and not binds and conversion.wants_units(task.expression, free):
        try:
            return _of_units(scope, with_units_divided(node))
        except CannotCompute:
            if any(len(one.name) > 1 for one in free):
                raise
            scope.units = False  # single letters may be plain unknowns after all
    value = scope.value(node)
    if task.target == "%":
        return present(scope, value * 100, read=written(node), unit="%")
    if task.operation == "evaluate" and _is_question(node, value):
        relations: list[Value] = [*value] if isinstance(value, list) else [value]
        value = solve_relations(scope, relations, [])
        return present(scope, value, read=f"solve {written(node)}")
    if isinstance(node, Several) and all(one is sp.true or one is sp.false for one in value):
        value = sp.And(*value)
    return present(scope, value, read=written(node))


def _is_question(node: Node, value: Value) -> bool:
    """Tell a relation with unknowns, which is to be solved, from a statement that is true or false."""
    if isinstance(node, Compare):
        return bool(getattr(value, "free_symbols", ()))
    if isinstance(node, Several):
        relations = all(isinstance(part, Compare) for part in node.parts)
        return relations and any(getattr(one, "free_symbols", None) for one in value)
    return False


def _of_units(scope: Scope, node: Node) -> dict[str, Any]:
    scope.units = True
    value = scope.value(node)
    if not hasattr(value, "free_symbols") or isinstance(value, Report):
        return present(scope, value, read=written(node))
    if not value.free_symbols & units.bases():
        return present(scope, value, read=written(node))
    number, measure = units.split(value)
    name, unit = units.best_unit(measure, scope.first_units)
    return present_quantity(scope, number / units.split(unit)[0], unit=name, read=written(node))
