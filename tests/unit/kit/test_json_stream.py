"""JSON within what a model writes around it, whole and streamed."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.json_stream import JsonStream, json_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\{}[]\n`', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('Sure:\n```\n{"a": [1]}\n```\nAnything else?', '{"a": [1]}'),
        ('<think>{"b": 2}?</think>\n{"a": 1}', '{"a": 1}'),
        ("[1, 2]", "[1, 2]"),
        ("{not json}", None),
        ("Well.", None),
        ('{"a": NaN}', None),
        ("[" * 5000, None),
    ],
)
def test_the_json_of_an_answer_is_found(text: str, wanted: str | None) -> None:
    """Exactly as the model wrote it."""
    assert json_in(text) == wanted


@given(st.dictionaries(st.text(max_size=3), VALUES), st.data())
def test_an_object_streams_through_from_its_brace_to_its_end(
    value: dict[str, object], data: st.DataObject
) -> None:
    """With a fence or without, in any pieces, and nothing after it."""
    packed = orjson.dumps(value).decode()
    before = data.draw(st.sampled_from(["", " \n", "```json\n", "```\n "]))
    text = before + packed + data.draw(st.sampled_from(["", "\n```", " } and so on {"]))
    at = data.draw(st.integers(0, len(text)))
    made = JsonStream()
    assert made.feed(text[:at]) + made.feed(text[at:]) == packed


def test_prose_is_held_back_for_ever() -> None:
    """It may still be answered with another attempt, as long as nobody has seen it."""
    made = JsonStream()
    assert [made.feed(piece) for piece in ("Here", ' it is: {"a": 1}')] == ["", ""]
    assert not made.begun
