"""Citation markers: renumbered in results, stripped when they point at nothing, annotated."""

from __future__ import annotations

from typing import Any

import pytest

from backend.agent.citing import annotate, number, without_markers
from backend.agent.markers import MarkerFilter
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
    ("\u9996\u90fd[9]\u3002", "\u9996\u90fd\u3002"),
    ("A year [2024] and [] and [x].", "A year [2024] and [] and [x]."),
]


SPELLED = [
    ("Both [1, 2] and [1,2].", "Both [1][2] and [1][2]."),
    ("Both [1; 2], [1 and 2], [1 & 2].", "Both [1][2], [1][2], [1][2]."),
    ("All [1-2] or [1\u20132].", "All [1][2] or [1][2]."),
    ("Partly [2, 7].", "Partly [2]."),
    ("\u7aef\u5348\u30101\u3011\u3002 Also\u30102\u2020source\u3011 and \u30101:0\u2020L1-L3\u3011.",
     "\u7aef\u5348[1]\u3002 Also[2] and [1]."),
    ("Gone\u30109\u3011 and \u30109\u2020x\u3011.", "Gone and ."),
    ("A footnote[^1], but none[^9].", "A footnote[1], but none[^9]."),
    ("Note[^2]\n\n[^2]: lease.pdf", "Note[2]\n\n[2] lease.pdf"),
    ("See [Source 1] [source: 2] [Passage 1, 2] [Doc #2].", "See [1] [2] [1][2] [2]."),
    ("See [Source 1, Source 2] and [Source 9].", "See [1][2] and ."),
    ("Here [1, p. 3] and [2, pp. 4-5].", "Here [1] and [2]."),
    ("Mixed [1]\u30102\u3011[1].", "Mixed [1][2]."),
    # Data, code and what other people mean by brackets.
    ("The roots are [1, 2] and x = [1, 2].", "The roots are [1, 2] and x = [1, 2]."),
    ("In [0, 1], [7, 9], [1-9] and [3-1].", "In [0, 1], [7, 9], [1-9] and [3-1]."),
    ("An index a[1, 2] and `[1, 2]`.", "An index a[1, 2] and `[1, 2]`."),
    ("[Source code] [See 1] [1 apple] (1) [p. 1]", "[Source code] [See 1] [1 apple] (1) [p. 1]"),
    ("A link [1, 2](u) and [^x].", "A link [1, 2](u) and [^x]."),
    ("Ends [Source 1", "Ends [Source 1"),
    ("[1] starts, and\n[2, 9] goes on", "[1] starts, and\n[2] goes on"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [*CLEANED, *SPELLED])
def test_markers_are_ours_or_gone_however_the_text_is_cut(text: str, wanted: str) -> None:
    """Tokens may end anywhere: within a marker, a fence or a link; other spellings become ours."""
    got = [filtered(text, size) for size in (1, 2, 3, 5, 7, 1000)]
    assert got == [wanted] * 6


def test_text_that_is_no_marker_is_shown_at_once() -> None:
    """Only what is undecided waits; an ordinary bracket does not."""
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
    new = [Citation(title="c"), Citation(title="d")]
    assert number("x [1][2], y [3]", new, known=known) == "x [3][4], y [3]"
    assert len(known) == 4


def test_a_passage_found_again_keeps_its_number() -> None:
    """By the citation's id, in any order; what is new is numbered after it."""
    known = list(TWO)
    again = [Citation(title="c", id="cit_c"), TWO[1], Citation(title="web"), TWO[1]]
    assert number("[1] c [2] b [3] w [4]", again, known=known) == "[3] c [2] b [4] w [2]"
    assert [one.title for one in known] == ["a", "b", "c", "web"]
    assert known[3].id.startswith("cit_")


def test_ordinary_brackets_are_shown_as_soon_as_they_are_seen_to_be_ordinary() -> None:
    """A word in brackets waits no longer than it could become `[Source 1]`."""
    markers = MarkerFilter(TWO)
    fed = [markers.feed(one) for one in ("a [", "S", "ee", " b] ", "[so", "ng]", " - [x](u)")]
    assert fed == ["a ", "", "[See", " b] ", "", "[song]", " - [x](u)"]


def test_a_long_row_of_markers_costs_no_more_than_its_length() -> None:
    """A model that repeats itself cannot hold the server up."""
    text = "[1]" * 50_000
    markers = MarkerFilter(TWO)
    assert set(markers.feed(text) + markers.close()) <= set("[1]")


def test_an_earlier_answer_loses_its_markers() -> None:
    """Only what its annotations span; anything a client may send for them is taken."""
    content = "Rent [1], \U0001f600 notice[2]. See a[1]."
    message: Any = {"role": "assistant", "content": content}
    message["annotations"] = annotate(content, TWO, public_url="http://h")[:2]
    assert without_markers(message) == {
        "role": "assistant",
        "content": "Rent, \U0001f600 notice. See a[1].",
    }
    odd: Any = [{}, {"url_citation": 5}, {"url_citation": {"start_index": "x", "end_index": None}}]
    assert without_markers({**message, "annotations": odd})["content"] == content
    plain: Any = {"role": "user", "content": "Rent [1]"}
    assert without_markers(plain) is plain
