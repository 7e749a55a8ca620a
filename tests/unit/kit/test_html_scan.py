from __future__ import annotations

import pytest

from backend.kit.html_scan import Tag, Text, scan


@pytest.mark.parametrize(
    ("markup", "tokens"),
    [
        ("a <b>c</b>", [Text("a "), Tag(name="b"), Text("c"), Tag(name="b", closing=True)]),
        ("1 < 2 &amp; 3 > 2", [Text("1 < 2 & 3 > 2")]),
        ("x<!-- <b> -->y<!doctype z>w", [Text("x"), Text("y"), Text("w")]),
        ("x<!-- never closed", [Text("x")]),
        ("x<b never closed", [Text("x"), Tag(name="b", attributes={"never": "", "closed": ""})]),
        (
            "<script>if(a<b){'</p>'}</SCRIPT>z",
            [Tag(name="script"), Tag(name="script", closing=True), Text("z")],
        ),
        (
            "\u0130\u0130<SCRIPT>x</script>y",
            [Text("\u0130\u0130"), Tag(name="script"), Tag(name="script", closing=True), Text("y")],
        ),
        ("<style>never closed", [Tag(name="style")]),
        ("", []),
    ],
)
def test_markup_is_split_into_tags_and_text(markup, tokens):
    """Broken markup too ends somewhere."""
    assert list(scan(markup)) == tokens


@pytest.mark.parametrize(
    ("inside", "attributes"),
    [
        ("href='a>b' CLASS=\"x y\"", {"href": "a>b", "class": "x y"}),
        ("href=/a?b=1&amp;c=2 hidden", {"href": "/a?b=1&c=2", "hidden": ""}),
        ("a=1 a=2", {"a": "1"}),
        ("href = 'x'/", {"href": "x"}),
        ("title='never closed", {"title": "", "never": "", "closed": ""}),
    ],
)
def test_attributes_are_read_as_browsers_do(inside, attributes):
    """Quotes protect `>`; the first of two wins."""
    assert next(iter(scan(f"<a {inside}>"))) == Tag(name="a", attributes=attributes)


def test_an_endless_character_reference_is_replaced():
    """The standard library raises ValueError on it."""
    assert list(scan("a&#" + "9" * 6000 + ";b")) == [Text("a\ufffdb")]


@pytest.mark.parametrize(
    "unit", ["<!--", "<a ", "<", "<a href='", "</", "<script>", "<a b='\"", "&#"]
)
def test_hostile_repetition_yields_no_more_tokens_than_it_has_parts(unit):
    """The scan only moves forward; quadratic readers hang on these."""
    times = 50_000
    assert sum(1 for _ in scan(unit * times)) <= 2 * times
