"""A document's text from its beginning, as passages that can be cited."""

from __future__ import annotations

import pytest

from backend.documents.citation_ids import cited_span
from backend.documents.reading_order import PASSAGE_CHARS, in_order
from backend.ports.documents import TextPage
from tests.fakes.papers import a_file

FILE = a_file(1)
WORDS = "word " * 1_000
TEXTS = [
    ["One page."],
    ["First.\n\n" * 900, "", "   \n", "Last."],
    [WORDS, WORDS],
    ["x" * 10_000],
    ["\n".join(f"line {n}" for n in range(2_000))],
    [f"{'A sentence of some length. ' * 300}\n\nThe end."],
]


def pages_of(texts):
    """Put texts one behind the other."""
    pages, start = [], 0
    for number, text in enumerate(texts, 1):
        end = start + len(text)
        pages.append(TextPage(number=number, page=number, start=start, end=end, text=text))
        start = end
    return pages


@pytest.mark.parametrize("texts", TEXTS)
def test_passages_are_the_whole_text_in_order(texts):
    """Nothing but white space is lost, nothing is cited twice, no passage is over its size or page."""
    whole = "".join(texts)
    passages = list(in_order(FILE, pages_of(texts)))
    assert "".join("".join(one.text.split()) for one in passages) == "".join(whole.split())
    assert all(whole[one.start : one.end] == one.text for one in passages)
    assert all(0 < len(one.text) <= PASSAGE_CHARS for one in passages)
    ends = [0, *(one.end for one in passages)]
    assert all(end <= one.start for end, one in zip(ends, passages, strict=False))
    spans = [cited_span(one.citation_id) for one in passages]
    assert [(one.start, one.end, one.page) for one in spans] == [
        (one.start, one.end, one.page) for one in passages
    ]


def test_passages_end_where_paragraphs_do():
    """Where there are any."""
    text = "\n\n".join(["A paragraph of some words. " * 20] * 10)
    passages = list(in_order(FILE, pages_of([text])))
    assert all(one.text.endswith("words.") for one in passages)
    assert all(one.text.startswith("A paragraph") for one in passages)
