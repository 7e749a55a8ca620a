"""Long text in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kit.text_pieces import pieces


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("aaaa bbbb. cccc\n\ndddd", ["aaaa bbbb. cccc\n\n", "dddd"]),
        ("aaaa bbbb. cccc\ndddd eeee", ["aaaa bbbb. cccc\n", "dddd eeee"]),
        ("aaaa bbbb. cccc dddd eeee", ["aaaa bbbb. ", "cccc dddd eeee"]),
        ("aaaaa bbbbb ccccc ddddd", ["aaaaa bbbbb ccccc ", "ddddd"]),
        ("a" * 40, ["a" * 18, "a" * 18, "a" * 4]),
        ("short", ["short"]),
        ("", []),
    ],
)
def test_text_is_cut_at_the_best_place(text, cut):
    """A blank line before a line, before a sentence, before a word."""
    assert [text[a:b] for a, b in pieces(text, size=18)] == cut


@given(
    text=st.text(alphabet="ab .\n", max_size=300),
    size=st.integers(1, 50),
    start=st.integers(0, 100),
)
@settings(max_examples=200, deadline=None)
def test_pieces_are_the_whole_text_and_never_too_long(text, size, start):
    """Nothing is lost, nothing is shown twice."""
    found = pieces(text, size=size, start=start)
    assert "".join(text[a:b] for a, b in found) == text[start:]
    assert all(0 < b - a <= size for a, b in found)
