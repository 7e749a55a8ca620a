"""Turns a value into the answer: text for a reader and JSON, never claiming exactness it lacks."""

from __future__ import annotations

from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.writing import (
    MAX_EXACT_CHARACTERS,
    decimal_text,
    exact_text,
    latex_text,
    terminating_text,
)

_LONG_NUMBER = 30
_FEW = 200
_UNREADABLE = 80
_LONG_TEXT = 1_500


def present(scope: Scope, value: Value, *, read: str, unit: str = "") -> dict[str, Any]:
    """Describe a value; `read` is the question as understood, `unit` is written behind the number.

    Raises:
        CannotCompute: when the value is undefined.
    """
    if isinstance(value, Report):
        return _report(scope, value, read)
    _refuse_undefined(value)
    value = _multiplied_out(value)
    exact, decimal = _texts(scope, value)
    if exact is not None and len(exact) > MAX_EXACT_CHARACTERS:
        exact = None
    if exact is None and decimal is None:
        msg = "the result is too long to write down"
        raise CannotCompute(msg)
    return {
        "expression": read,
        "exact": _joined(exact, unit),
        "decimal": _joined(decimal, unit),
        "latex": None if exact is None else _latex(value, exact, unit),
        "kind": "quantity" if unit and unit != "%" else _kind(value),
        "approximate": exact is None,
        "notes": scope.notes,
        "items": [],
        "verified": None,
        "text": _sentence(read, _joined(exact, unit), _joined(decimal, unit), scope.notes),
    }


def present_quantity(scope: Scope, number: Value, *, unit: str, read: str) -> dict[str, Any]:
    """Describe a number of units."""
    return present(scope, number, read=read, unit=unit)


def _report(scope: Scope, report: Report, read: str) -> dict[str, Any]:
    exact = None if scope.inexact else report.exact
    decimal = report.exact if scope.inexact else report.decimal
    arrow = ": " if report.standalone or report.kind.startswith("eigen") else " = "
    notes = f" ({'; '.join(scope.notes)})" if scope.notes else ""
    return {
        "expression": read,
        "exact": exact,
        "decimal": decimal,
        "latex": None if scope.inexact else report.latex,
        "kind": report.kind,
        "approximate": scope.inexact,
        "notes": scope.notes,
        "items": list(report.items),
        "verified": report.verified,
        "text": f"{_short(read)}{arrow}{report.exact}{notes}",
    }


def _multiplied_out(value: Value) -> Value:
    """Write a complex number with rational parts as real part plus imaginary part."""
    if getattr(value, "is_number", False) and value.has(sp.I) and sp.count_ops(value) < _FEW:
        parts = value.as_real_imag()
        if all(part.is_Rational for part in parts):
            return parts[0] + sp.I * parts[1]
    return value


def _refuse_undefined(value: Value) -> None:
    if isinstance(value, list):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        for item in items:
            _refuse_undefined(item)
    elif value.has(sp.zoo, sp.nan):
        msg = "the result is undefined (division by zero)"
        raise CannotCompute(msg)


def _texts(scope: Scope, value: Value) -> tuple[str | None, str | None]:
    """Give the exact and the decimal text; one of them may be missing."""
    if scope.inexact or _has_float(value):
        return None, decimal_text(value, scope.digits) or exact_text(value)
    if isinstance(value, list | sp.MatrixBase):
        return exact_text(value), _useful_decimal(scope, value)
    if value.is_number if hasattr(value, "is_number") else False:
        return _number_texts(scope, value)
    return exact_text(value), None


def _has_float(value: Value) -> bool:
    if isinstance(value, list):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return any(_has_float(item) for item in items)
    return bool(value.has(sp.Float))


def _number_texts(scope: Scope, value: Value) -> tuple[str, str | None]:
    if value.is_Integer:
        text = exact_text(value)
        return text, decimal_text(value, scope.digits) if len(text) > _LONG_NUMBER else None
    ending = terminating_text(value)
    if ending is not None and (scope.decimals or len(ending) <= _LONG_NUMBER):
        return (ending, None) if scope.decimals else (exact_text(value), ending)
    return exact_text(value), _useful_decimal(scope, value)


def _useful_decimal(scope: Scope, value: Value) -> str | None:
    decimal = decimal_text(value, scope.digits)
    exact = exact_text(value)
    return None if decimal == exact.replace("*", "") else decimal


def _joined(text: str | None, unit: str) -> str | None:
    if text is None or not unit:
        return text
    joint = "" if unit in {"%", "°"} else " "
    return f"{text}{joint}{unit}"


def _latex(value: Value, exact: str, unit: str) -> str | None:
    text = exact if exact.replace(".", "").lstrip("-").isdigit() else latex_text(value)
    if text is None or not unit:
        return text
    return rf"{text}\,\text{{{unit}}}".replace("%", r"\%")


def _kind(value: Value) -> str:
    if isinstance(value, list):
        return "list"
    tests = {
        "matrix": isinstance(value, sp.MatrixBase),
        "boolean": value is sp.true or value is sp.false,
        "expression": not getattr(value, "is_number", False),
        "integer": getattr(value, "is_Integer", False),
        "rational": getattr(value, "is_Rational", False),
        "complex": getattr(value, "is_real", None) is False and value.is_finite is not False,
    }
    return next((kind for kind, fits in tests.items() if fits), "real")


def _short(read: str) -> str:
    return read if len(read) <= 300 else f"{read[:200]} ... {read[-60:]}"


def _sentence(read: str, exact: str | None, decimal: str | None, notes: list[str]) -> str:
    """Write the line for a reader: `2/4 = 1/2 = 0.5`, `sqrt(2) ≈ 1.414`."""
    line = _short(read)
    if exact is not None and len(exact) > _LONG_TEXT:
        line += f" = {exact[:60]}...{exact[-20:]} ({len(exact)} characters, whole in the data)"
    elif (
        exact is not None and decimal is not None and len(exact) > _UNREADABLE and _spaceless(exact)
    ):
        pass
    elif exact is not None and exact != read:
        line += f" = {exact}"
    if decimal is not None:
        line += f" {'=' if _same(exact, decimal) else '≈'} {decimal}"
    elif exact == read:
        line += f" = {exact}"
    return line + (f" ({'; '.join(notes)})" if notes else "")


def _spaceless(exact: str) -> bool:
    """Tell a fraction of long numbers, which nobody reads, from a formula or a whole number."""
    return "/" in exact and exact.replace("/", "").lstrip("-").isdigit()


def _same(exact: str | None, decimal: str) -> bool:
    """Tell whether the decimal is the whole truth, as 0.5 is for 1/2."""
    if exact is None or "/" not in exact:
        return False
    top, _, bottom = exact.partition(" ")[0].partition("/")
    number = decimal.partition(" ")[0].rstrip("%°")
    if not (top.lstrip("-").isdigit() and bottom.isdigit()):
        return False
    places = len(number.partition(".")[2])
    plain = number.replace(".", "").lstrip("-")
    return plain.isdigit() and abs(int(top)) * 10**places == int(plain) * int(bottom)
