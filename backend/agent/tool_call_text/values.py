"""Typed values from single words of JSON, Python, Java and JavaScript.

For scalars and constant arithmetic. Not for strings in quotes (`strings.py`) nor for containers
(`loose_json.py`).
"""

import ast
import json
import re
from collections.abc import Callable, Mapping
from typing import cast

SPACE = " \t\r\n\f\v\u00a0\u200b\u2060\ufeff\u3000"
"""Characters that separate tokens; the zero-width ones are invisible leftovers of copying."""

_WORDS: dict[str, object] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
    "None": None,
    "NULL": None,
    "none": None,
    "nil": None,
    "NaN": float("nan"),
    "nan": float("nan"),
    "Infinity": float("inf"),
    "+Infinity": float("inf"),
    "-Infinity": float("-inf"),
}
_INTEGER = re.compile(r"[+-]?\d+(?:_\d+)*\Z")
_FLOAT = re.compile(r"[+-]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*)(?:[eE][+-]?\d+)?\Z")
_PREFIXED = re.compile(r"[+-]?0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)\Z")
_ARITHMETIC = re.compile(r"[\d.eE_+\-*/%()\s]{3,120}\Z")
_DATE_OR_PHONE = re.compile(r"\d+(?:-\d+){2,}\Z|\d+(?:/\d+){2,}\Z|\d{3}-\d{4}\Z|\+\d{7,}\Z")
_MAX_DIGITS = 4000  # int() refuses more than 4300 digits
_MAX_EXPONENT = 64
_MAX_MAGNITUDE = 10**40

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
}


class _NotConstantError(ValueError):
    """Say that an expression is more than bounded arithmetic on numbers."""


def read_number(word: str) -> int | float | None:
    """Return the number that `word` spells in JSON or Python, or None."""
    if len(word) > _MAX_DIGITS:
        return None
    if _INTEGER.match(word):
        digits = word.lstrip("+-")
        has_padding = len(digits) > 1 and digits[0] == "0" and digits.strip("0_") != ""
        return None if has_padding else int(word)
    if _PREFIXED.match(word):
        return int(word, 0)
    if _FLOAT.match(word):
        return float(word.replace("_", ""))
    return None


def read_word(word: str) -> object:
    """Return the typed value of an unquoted `word`; anything unknown stays the text it is."""
    if word in _WORDS:
        return _WORDS[word]
    number = None if _DATE_OR_PHONE.match(word) else read_number(word)
    if number is not None:
        return number
    constant = _read_arithmetic(word)
    return word if constant is None else constant


def read_text(text: str) -> object:
    """Return the typed value of an element's text, where strings carry no quotes.

    Only what is certainly JSON or a Python constant is typed; the rest is the text, trimmed.
    """
    stripped = text.strip(SPACE)
    if stripped in _WORDS:
        return _WORDS[stripped]
    if not stripped or (stripped[0] not in '{["-' and not stripped[0].isdigit()):
        return stripped
    try:
        return cast("object", json.loads(stripped))
    except (ValueError, RecursionError):
        return stripped


def _read_arithmetic(source: str) -> int | float | None:
    if not _ARITHMETIC.match(source) or _DATE_OR_PHONE.match(source.strip()):
        return None
    try:
        tree = ast.parse(source.strip(), mode="eval")
        return _evaluate(tree.body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None


def _evaluate(node: ast.expr) -> int | float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(op, _evaluate(left), _evaluate(right))
        case _:
            raise _NotConstantError


def _combine(op: ast.operator, left: float, right: float) -> float:
    if isinstance(op, ast.Pow):
        if abs(right) > _MAX_EXPONENT or abs(left) > _MAX_MAGNITUDE:
            raise _NotConstantError
        result = cast("object", left**right)
        if not isinstance(result, int | float):
            raise _NotConstantError
    elif type(op) in _OPERATORS:
        result = _OPERATORS[type(op)](left, right)
    else:
        raise _NotConstantError
    if abs(result) > _MAX_MAGNITUDE**2:
        raise _NotConstantError
    return result
