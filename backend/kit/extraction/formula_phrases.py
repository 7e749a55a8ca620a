"""Recognises phrases that a mathematics tool takes as they stand: "derivative of x^3 at 2".

The grammar is the one of `backend.kit.mathematics.phrases`; a phrase counts only if what it speaks
of is a formula. Not for: calculating, or plain sums (`expressions`).
"""

from __future__ import annotations

import re
from typing import Final

from backend.kit.extraction.entities import bare_question
from backend.kit.extraction.words import word_set
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.normalise import normalise
from backend.kit.mathematics.phrases import Task, understand

_FUNCTIONS: Final = word_set(
    "sqrt cbrt root sin cos tan cot sec csc asin acos atan sinh cosh tanh log ln logbase exp abs factorial gcd lcm mod "
    "floor ceil round evalf fibonacci binomial permutations det inv transpose rank trace eigenvalues eigenvectors dot "
    "cross norm divisors conjugate sign gamma hex bin max min choose"
)
_OTHER_WORDS: Final = word_set("pi oo infinity degrees degree deg rad and or")
# `expressions` writes these as sums, which can be worked out without a tool.
_PLAIN: Final = re.compile(
    r"\b(?:increased?|raised?|decreased?|reduced?|discount(?:ed)?|off|difference|quotient|factorial|sum|total|product"
    r"|gcd|lcm|greatest common divisor|least common multiple|mean|average)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:what(?:'s|\u2019s| is| are)|calculate|compute|evaluate|determine|work out)\s+(?:the\s+)?",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"^(?:if|given|when|for) ([a-z] ?= ?-?[\d.]+),? (?:then )?(?:what(?:'s| is)|find|evaluate|calculate|compute) (.+)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_MAX_CHARS: Final = 300


def formula_phrase(text: str) -> str | None:
    """Give the phrase without its politeness, or None where it is none or speaks of no formula."""
    said = bare_question(text) if len(text) <= _MAX_CHARS else ""
    said = f"{said}!" if re.search(r"[\d)]!\W*$", text) else said
    given = _GIVEN.match(said)
    said = f"{given[2]} at {given[1]}" if given else _LEAD.sub("", said)
    if not said:
        return None
    try:
        task = understand(normalise(said))
    except (NotUnderstood, CannotCompute):
        return None
    if task.operation == "evaluate" and not _is_worth_passing(said, task):
        return None
    if task.operation == "solve" and _is_one_equation(task.expression):
        return None
    return said if _is_formula(task) else None


def _is_worth_passing(said: str, task: Task) -> bool:
    """A plain sum is no phrase; a formula with functions, a list of lists or a rewritten text is."""
    if _PLAIN.search(said):
        return False
    called = (
        re.search(r"[a-z]{2,}\s*\(|\[\[|\blogbase\b|\b(?:e|pi) ?\^", task.expression) is not None
    )
    return called or bool(task.at or task.target)


def _is_one_equation(formula: str) -> bool:
    """One equation in one unknown says all by itself."""
    one = formula.count("=") == 1 and not re.search(r"[<>,;!]|\band\b", formula)
    return one and len(set(re.findall(r"(?<![a-z])[a-z](?![a-z])", formula))) == 1


def _is_formula(task: Task) -> bool:
    whole = " ".join((task.expression, task.lower, task.upper, task.point, task.at))
    spoken = {word for word in _WORD.findall(whole) if len(word) > 1}
    named = spoken - _FUNCTIONS - _OTHER_WORDS
    if any(not re.fullmatch(r"[xyz]{2}|d[xyz]", word) for word in named):
        return False
    return re.search(r"\d|[-+*/^=<>(]", task.expression) is not None
