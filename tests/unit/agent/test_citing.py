"""Citation markers: renumbered in results, stripped when they point at nothing, annotated."""

from __future__ import annotations

import pytest

from backend.agent.citing import MarkerFilter, annotate, number
from backend.ports.values import Citation

TWO = [Citation(title="a", id="cit_a"), Citation(title="b", id="cit_b")]


def filtered(text: str, size: int) -> str:
    """Feed a text in pieces of `size` characters."""
    markers = MarkerFilter(TWO)
    pieces = [markers.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join(pieces) + markers.close()


CLEANED = [
    ("Known [1], unknown [7].", "Known [1], unknown ."),
    ("Chained [1][2][9] here.", "Chained [1][2] here."),
    ("At the end [9]", "At the end "),
    ("At the end [12", "At the end [12"),
    ("A link [9](https://x.example) stays.", "A link [9](https://x.example) stays."),
    ("A chain and a link [9][8](u).", "A chain and a link [8](u)."),
    ("An index a[9] and m[8][9] and f(x)[9].", "An index a[9] and m[8][9] and f(x)[9]."),
    ("Code `[9]` and\n```\nx = [9]\n```\nthen [9].", "Code `[9]` and\n```\nx = [9]\n```\nthen ."),
    ("A lone ` tick\nand [9] after.", "A lone ` tick\nand  after."),
    ("A footnote[^1] and a list [1, 2].", "A footnote[^1] and a list [1, 2]."),
    ("\u9996\u90fd[9]\u3002", "\u9996\u90fd\u3002"),
    ("A year [2024] and [] and [x].", "A year [2024] and [] and [x]."),
]


@pytest.mark.parametrize(("text", "wanted"), CLEANED)
def test_dangling_markers_are_stripped_however_the_text_is_cut(text: str, wanted: str) -> None:
    """Tokens may end anywhere: within a marker, a fence or a link."""
    got = [filtered(text, size) for size in (1, 2, 3, 5, 7, 1000)]
    assert got == [wanted] * 6


def test_text_that_is_no_marker_is_shown_at_once() -> None:
    """Only what is undecided waits."""
    markers = MarkerFilter(TWO)
    assert [markers.feed(one) for one in ("Hello ", "wor", "ld [1", "]", ".")] == [
        "Hello ",
        "wor",
        "ld ",
        "",
        "[1].",
    ]


def marked(content: str) -> list[tuple[str, str]]:
    """Give what each annotation spans, with its title."""
    spans = [one["url_citation"] for one in annotate(content, TWO, public_url="http://h")]
    return [(content[one["start_index"] : one["end_index"]], one["title"]) for one in spans]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("One [1], two [2], three [3].", [("[1]", "a"), ("[2]", "b")]),
        ("Chained[1][2].", [("[1]", "a"), ("[2]", "b")]),
        ("\U0001f600 \u9996\u90fd[2]\u3002", [("[2]", "b")]),
        ("```\nx = [1]\n``` and `[2]`", []),
        ("A link [1](u).", []),
    ],
)
def test_annotations_span_their_markers(content: str, wanted: list[tuple[str, str]]) -> None:
    """Indices count characters, also beyond the basic plane; code and links are none."""
    assert marked(content) == wanted


def test_a_results_own_numbers_continue_the_runs() -> None:
    """The second result's [1] and [2] become [3] and [4]; what is none of its passages stays."""
    known = list(TWO)
    assert number("x [1][2], y [3]", TWO, known=known) == "x [3][4], y [3]"
    assert len(known) == 4
