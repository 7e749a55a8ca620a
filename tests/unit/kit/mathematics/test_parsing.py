"""The parser: what is written back parses to the same, and names do not collide."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kit.mathematics import units
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.evaluate import answer
from backend.kit.mathematics.functions import PLAIN, SPECIAL
from backend.kit.mathematics.names import BARE_FUNCTIONS, SPELLINGS, function_named
from backend.kit.mathematics.parsing import parse
from backend.kit.mathematics.syntax import (
    Absolute,
    Call,
    Compare,
    Name,
    Negative,
    Node,
    Number,
    Postfix,
    Power,
    Product,
    Sum,
    written,
)


def nodes() -> st.SearchStrategy[Node]:
    """Make formulas of every kind of node, three levels deep."""
    leaves: st.SearchStrategy[Node] = st.one_of(
        st.sampled_from(["1", "2.5", "10"]).map(Number), st.sampled_from("xyt").map(Name)
    )
    return st.recursive(leaves, _grown, max_leaves=8)


def _grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    terms = st.lists(st.tuples(st.sampled_from("+-"), inner), min_size=2, max_size=3)
    factors = st.lists(st.tuples(st.sampled_from(["*", "/"]), inner), min_size=2, max_size=3)
    return st.one_of(
        terms.map(lambda t: Sum((("+", t[0][1]), *t[1:]))),
        factors.map(lambda f: Product((("*", f[0][1]), *f[1:]))),
        st.builds(Power, inner, inner),
        st.builds(Negative, inner),
        st.builds(lambda of: Postfix("!", of), inner),
        st.builds(Absolute, inner),
        st.builds(lambda arg: Call("ln", (arg,)), inner),
    )


def bare(node: object) -> object:
    """Drop the places, which change with the text."""
    if isinstance(node, Name):
        return ("name", node.name)
    if isinstance(node, Call):
        return ("call", node.name, tuple(map(bare, node.args)))
    if isinstance(node, tuple):
        return tuple(map(bare, node))
    if hasattr(node, "__dataclass_fields__"):
        return (type(node).__name__, *(bare(getattr(node, f)) for f in node.__dataclass_fields__))
    return node


@settings(max_examples=150, deadline=None, derandomize=True)
@given(nodes())
def test_what_is_written_back_parses_to_the_same_formula(node: Node) -> None:
    """The formula shown as understood is the formula that was computed."""
    assert bare(parse(written(node))) == bare(node)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="0123456789.,+-*/^%!()[]{}|=<>xyesin °π\\_'\"&;", max_size=30))
def test_no_text_raises_anything_else_than_the_two_errors(text: str) -> None:
    """Arbitrary input is answered or refused, never a crash."""
    with contextlib.suppress(NotUnderstood):
        parse(text)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(alphabet="123.,+-*/^%!()[]|=<xysqrtin ", max_size=14))
def test_no_question_raises_anything_else_than_the_two_errors(text: str) -> None:
    """The whole way from text to answer holds for arbitrary input too."""
    with contextlib.suppress(NotUnderstood, CannotCompute):
        assert answer({"expression": text, "patience_s": 0.3})["text"]


def test_every_function_name_is_implemented_and_the_reverse() -> None:
    """No spelling leads nowhere, and no function is out of reach."""
    assert {*PLAIN, *SPECIAL} - {"quotient"} == set(SPELLINGS)


def test_functions_without_brackets_do_not_hide_units() -> None:
    """`1 lb in g` needs lb to be a unit, so no bare function may be spelt like one."""
    known = {name for name in BARE_FUNCTIONS if units.find(name) is not None}
    hidden = [
        u for u in ("lb", "tr", "ha", "oz", "min", "h") if function_named(u) in BARE_FUNCTIONS
    ]
    assert (known, hidden) == (set(), [])


def test_a_chain_of_comparisons_is_one_statement() -> None:
    """`1 < x <= 3` keeps both links."""
    found = parse("1 < x <= 3")
    assert isinstance(found, Compare)
    assert [sign for sign, _ in found.rest] == ["<", "<="]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-x^2", "-x^2"),
        ("(-x)^2", "(-x)^2"),
        ("2^3^4", "2^3^4"),
        ("(2^3)^4", "(2^3)^4"),
        ("a/b/c", "a/b/c"),
        ("a/(b/c)", "a/(b/c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("1/2x", "1/2x"),
        ("1/(2x)", "1/(2x)"),
    ],
)
def test_brackets_are_kept_where_they_matter(text: str, tree: str) -> None:
    """Writing back adds no brackets that are not needed and drops none that are."""
    assert written(parse(text)) == tree
