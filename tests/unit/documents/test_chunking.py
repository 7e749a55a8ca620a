from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.chunking import pieces
from backend.documents.extracted import Extracted, Span, SpanKind
from tests.fakes.document_rows import paragraphs

KINDS: tuple[SpanKind, ...] = ("heading", "paragraph", "list", "table", "code", "record")
WORDS = st.text("abcXYZ é字の。.!? \n\t-0123456789", min_size=1, max_size=300)


@st.composite
def documents(draw: st.DrawFn) -> Extracted:
    """Give blocks of any kind, some on pages, with blank lines between them."""
    text = ""
    spans: list[Span] = []
    page = draw(st.sampled_from([None, 1]))
    for block in draw(st.lists(WORDS, max_size=12)):
        if not block.strip():
            continue
        kind = draw(st.sampled_from(KINDS))
        start = len(text)
        text += block + "\n\n"
        level = draw(st.integers(1, 3)) if kind == "heading" else 0
        spans.append(Span(start=start, end=start + len(block), kind=kind, level=level, page=page))
        if page is not None and draw(st.booleans()):
            page += 1
    return Extracted(text=text, spans=tuple(spans))


def shown(extracted: Extracted, *, max_chars: int = 400) -> list[str]:
    return [extracted.text[one.start : one.end] for one in pieces(extracted, max_chars=max_chars)]


def document(*blocks: tuple[str, SpanKind, int]) -> Extracted:
    """Put blocks of (text, kind, heading level) below each other."""
    text = ""
    spans: list[Span] = []
    for block, kind, level in blocks:
        spans.append(Span(start=len(text), end=len(text) + len(block), kind=kind, level=level))
        text += block + "\n\n"
    return Extracted(text=text, spans=tuple(spans))


@given(documents(), st.integers(20, 200))
def test_pieces_hold_every_visible_character_once_and_in_order(extracted, max_chars):
    """Nothing is lost, said twice or out of order, nothing is longer than allowed."""
    cut = pieces(extracted, max_chars=max_chars)
    held = "".join(extracted.text[one.start : one.end] for one in cut)
    assert "".join(held.split()) == "".join(extracted.text.split())
    assert all(0 < one.end - one.start <= max_chars for one in cut)
    assert all(before.end <= after.start for before, after in pairwise(cut))


@given(documents())
def test_a_piece_stays_on_one_page(extracted):
    """The page of a piece is the page of every block in it."""
    for one in pieces(extracted, max_chars=150):
        inside = [span for span in extracted.spans if span.start < one.end and one.start < span.end]
        assert {span.page for span in inside} == {one.page}


def test_sentences_stay_whole_and_are_spread_evenly():
    """A paragraph too long for one piece is not cut into a full one and a rest."""
    sentence = "This sentence has exactly fifty characters in it. "
    assert shown(paragraphs(sentence * 5), max_chars=200) == [
        (sentence * 3).strip(),
        (sentence * 2).strip(),
    ]


def test_short_paragraphs_share_a_piece_and_a_long_one_starts_its_own():
    """A paragraph is torn only when it does not fit into a piece at all."""
    short, longer = "One line.", "A sentence of some length stands here. " * 4
    extracted = paragraphs(f"{short}\n\n{short}\n\n{longer.strip()}")
    assert shown(extracted, max_chars=170) == [f"{short}\n\n{short}", longer.strip()]


def test_a_sentence_is_cut_only_when_it_cannot_fit_and_then_at_a_clause():
    """An overlong sentence is cut behind a semicolon, not in a word."""
    text = "word " * 30 + "half; " + "more " * 20 + "end."
    first, second = shown(paragraphs(text), max_chars=200)
    assert (first[-5:], second[:4]) == ("half;", "more")


def test_text_without_any_space_is_cut_at_the_limit():
    """Even a line of data has offsets that are exact."""
    assert [len(one) for one in shown(paragraphs("x" * 1000))] == [400, 400, 200]


def test_headings_stay_with_what_follows_and_name_the_path():
    """A section never shares a piece with the one before."""
    extracted = document(
        ("Terms", "heading", 1),
        ("Refunds", "heading", 2),
        ("You get your money back.", "paragraph", 0),
        ("Shipping", "heading", 2),
        ("It takes two days.", "paragraph", 0),
    )
    cut = pieces(extracted, max_chars=400)
    assert [(extracted.text[one.start : one.end], one.heading) for one in cut] == [
        ("Terms\n\nRefunds\n\nYou get your money back.", "Terms > Refunds"),
        ("Shipping\n\nIt takes two days.", "Terms > Shipping"),
    ]


def test_rows_of_a_table_and_lines_of_code_are_never_cut_in_two():
    """Lines are the units of what is not prose, and neither mixes with prose."""
    rows = "\n".join(f"row {number} | {'v' * 40}" for number in range(10))
    extracted = document(("Intro. With sentences.", "paragraph", 0), (rows, "table", 0))
    intro, *table = shown(extracted, max_chars=120)
    assert intro == "Intro. With sentences."
    assert "\n".join(table) == rows


def test_records_are_kept_whole_while_they_fit():
    """A record of several lines is not shared between two pieces."""
    record = "name: Ada\nrole: engineer\ncity: London"
    extracted = document(*[(record, "record", 0)] * 5)
    assert {one.replace("\n\n", "\n") for one in shown(extracted, max_chars=90)} == {
        f"{record}\n{record}",
        record,
    }


@pytest.mark.parametrize("text", ["a", "a. ", "a\n", "字", "a\n\n", "1,", " "])
def test_a_hostile_line_is_cut_in_time(text):
    """Two million characters without structure take seconds, not hours."""
    long = text * (2_000_000 // len(text)) + "x"
    started = time.process_time()
    pieces(Extracted(text=long, spans=(Span(start=0, end=len(long)),)), max_chars=400)
    assert time.process_time() - started < 10
