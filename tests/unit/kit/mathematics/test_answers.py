"""Questions and their answers, area by area, from the tables in `answers/`.

A line is `question => exact answer` (several allowed ones are divided by `|`), or
`question ~> decimal answer` where there is no exact one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.evaluate import answer

TABLES = sorted((Path(__file__).parent / "answers").glob("*.txt"))


def lines(mark: str) -> list[Any]:
    """Read the lines of all tables that have this mark between question and answer."""
    return [
        pytest.param(*line.split(f" {mark} ", 1), id=f"{table.stem}: {line.split(f' {mark} ')[0]}")
        for table in TABLES
        for line in table.read_text(encoding="utf-8").splitlines()
        if f" {mark} " in line
    ]


@pytest.mark.parametrize(("question", "expected"), lines("=>"))
def test_exact_answers(question: str, expected: str) -> None:
    """A question with an exact answer gets it, and nothing is called approximate."""
    found = answer({"expression": question})

    assert found["exact"] in expected.split(" | ")
    assert not found["approximate"]
    assert found["verified"] is not False


@pytest.mark.parametrize(("question", "expected"), lines("~>"))
def test_approximate_answers(question: str, expected: str) -> None:
    """An answer that had to be rounded is a decimal, says so, and claims no exact form."""
    found = answer({"expression": question})

    assert found["decimal"] == expected
    assert found["exact"] is None
    assert found["approximate"]
    assert found["notes"]


def test_the_tables_are_large() -> None:
    """More than 200 questions over all areas are asked."""
    assert len(lines("=>")) + len(lines("~>")) > 300


def _sums() -> st.SearchStrategy[str]:
    """Make sums, products and powers of small numbers that Python reads too."""
    numbers = st.integers(0, 99).map(lambda n: f"F({n})")
    return st.recursive(
        numbers,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map("".join),
            inner.map(lambda text: f"({text})"),
            inner.map(lambda text: f"-{text}"),
            st.tuples(inner, st.integers(0, 3)).map(lambda pair: f"({pair[0]})**{pair[1]}"),
        ),
        max_leaves=8,
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_sums())
def test_arithmetic_agrees_with_python(text: str) -> None:
    """Precedence and exactness are those of Python's own fractions."""
    try:
        expected = eval(text, {"F": Fraction})  # made above, of numbers and operators only
    except ZeroDivisionError:
        with pytest.raises(CannotCompute):
            answer({"expression": text.replace("F", "")})
        return

    assert answer({"expression": text.replace("F", "")})["exact"] == str(expected)


@pytest.mark.parametrize(
    ("question", "reference"),
    [
        ("sin(10^1000)", lambda: mpmath.sin(mpmath.mpf(10) ** 1000)),
        ("e^(pi*sqrt(163))", lambda: mpmath.exp(mpmath.pi * mpmath.sqrt(163))),
        ("ln(2)/ln(3)", lambda: mpmath.log(2) / mpmath.log(3)),
        ("zeta(3)", lambda: mpmath.zeta(3)),
        ("sqrt(10^40+1) - 10^20", lambda: mpmath.sqrt(mpmath.mpf(10) ** 40 + 1) - 10**20),
        (
            "integrate(sqrt(1+x^4), x, 0, 1)",
            lambda: mpmath.quad(lambda x: (1 + x**4) ** 0.5, [0, 1]),
        ),
        ("1/3 + 1e-30", lambda: mpmath.mpf(1) / 3 + mpmath.mpf(10) ** -30),
    ],
)
def test_decimals_are_right_to_the_last_digit(question: str, reference: Callable[[], Any]) -> None:
    """Cancellation and huge arguments do not cost digits; mpmath with 1,200 digits is the judge."""
    with mpmath.workdps(1_200 if "10^1000" in question else 60):
        expected = mpmath.nstr(reference(), 15, strip_zeros=False)

    found = answer({"expression": question})["decimal"]

    assert abs(mpmath.mpf(found) / mpmath.mpf(expected) - 1) < 1e-14
