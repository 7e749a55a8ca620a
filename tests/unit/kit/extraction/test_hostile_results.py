"""Texts that would hold up a careless reader: questions, lists of columns and results."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from backend.kit.extraction.asked import take_apart
from backend.kit.extraction.needs import needs
from backend.kit.extraction.results_told import next_part, page_text, told_of_code, told_of_query
from backend.kit.extraction.schema_read import tables_of

HOSTILE = [
    piece * (60_000 // len(piece))
    for piece in (
        "x", "\n", " ", "-", "(", "[", "`", '"a" ', "Error: \n", "Error (x):\n", "Error: a\n\n\n", "Value: 1\n", "Note: a\n", "[1] a\n", "[1] a - ",
        "Traceback (most recent call last):\n", "| count |\n", "| column | type |\n", "  a VARCHAR, such as b\n", "  struct(", "e.g. ", "such as ",
        "table ", "x.csv ", "a VARCHAR ", "select a from b ", "select ", "with a as (", "value of ", "[ for x in ", "print(", "```\n", ">>> x\n",
        "a.csv and ", "my data ", "https://", "www.a.b ", "(characters 0 to ", "top 5 ",
    )
]  # fmt: skip
READERS: list[Callable[[str], object]] = [
    told_of_code,
    told_of_query,
    page_text,
    next_part,
    tables_of,
    lambda text: needs(take_apart(text)),
    lambda text: told_of_code(f"Error: {text}a"),
    lambda text: needs(take_apart(f"sum of sales in a.csv {text[:1500]}?")),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:14]))
def test_no_text_holds_a_reader_up(text: str) -> None:
    """All of them together take no second of the processor's time."""
    start = time.process_time()
    for read in READERS:
        read(text)
    assert time.process_time() - start < 1
