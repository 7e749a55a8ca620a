"""Stop strings in streamed text: the result depends on the text alone, never on its pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.stop_strings import StopFilter


def shown(stops: list[str], pieces: list[str]) -> tuple[str, bool]:
    """Give what a filter shows of some pieces, and whether it was hit."""
    made = StopFilter(stops)
    text = "".join([made.feed(piece) for piece in pieces])
    return text + made.close(), made.hit


@pytest.mark.parametrize(
    ("stops", "text", "wanted"),
    [
        (["END"], "one END two", ("one ", True)),
        (["END"], "one EN", ("one EN", False)),
        (["aab"], "aaab", ("a", True)),
        (["abc", "b"], "xabc", ("xa", True)),
        (["b", "ab"], "xab", ("x", True)),
        (["\n\n", ""], "a\n b\n\nc", ("a\n b", True)),
        ([], "all", ("all", False)),
    ],
)
def test_the_text_up_to_the_first_complete_stop_string_is_shown(
    stops: list[str], text: str, wanted: tuple[str, bool]
) -> None:
    """In one piece and letter by letter."""
    assert shown(stops, [text]) == wanted
    assert shown(stops, list(text)) == wanted


@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=4), st.text("abc"), st.data())
def test_the_pieces_do_not_matter_and_no_stop_string_is_shown(
    stops: list[str], text: str, data: st.DataObject
) -> None:
    """Wherever the text is cut."""
    at = data.draw(st.integers(0, len(text)))
    whole, hit = shown(stops, [text])
    assert shown(stops, [text[:at], text[at:]]) == (whole, hit)
    assert not any(stop in whole for stop in stops)
    assert text.startswith(whole)
    assert hit == any(stop in text for stop in stops)


def test_what_cannot_become_a_stop_string_is_not_held_back() -> None:
    """A reader waits only for what is undecided."""
    made = StopFilter(["STOP"])
    assert [made.feed(piece) for piece in ("Hello S", "T", "ART", " STO")] == [
        "Hello ",
        "",
        "START",
        " ",
    ]
