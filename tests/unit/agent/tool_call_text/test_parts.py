"""The readers by themselves: values, strings, names and places."""

import pytest

from backend.agent.tool_call_text.escapes import Unescaped
from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.agent.tool_call_text.names import ToolNames, clean_name
from backend.agent.tool_call_text.values import read_text, read_word
from tests.unit.agent.tool_call_text.corpus import TOOLS


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1", 1), ("-1", -1), ("007", "007"), ("1.5", 1.5), ("1e3", 1000.0), ("0x1F", 31), ("1_000", 1000),
        ("true", True), ("True", True), ("null", None), ("None", None), ("Oslo", "Oslo"), ("5L", "5L"),
        ("2025-03-09", "2025-03-09"), ("12/24/2025", "12/24/2025"), ("555-1234", "555-1234"),
        ("1 + 2", 3), ("2**10", 1024), ("2**100", "2**100"), ("7 // 2", 3), ("1/0", "1/0"), ("x + 1", "x + 1"),
        ("9" * 5000, "9" * 5000), ("+4712345678", "+4712345678"),
    ],
)  # fmt: skip
def test_words_get_the_type_they_spell(word: str, value: object):
    """Constants and bounded arithmetic are typed, anything else stays text."""
    read = read_word(word)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        (" true ", True),
        ("Oslo", "Oslo"),
        ("[1, 2]", [1, 2]),
        ('"5"', "5"),
        ("2025-03-09", "2025-03-09"),
        ("[x", "[x"),
    ],
)
def test_text_without_quotes_is_typed_only_where_that_is_certain(text: str, value: object):
    """An element's text is a string unless it is JSON."""
    assert read_text(text) == value


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("get_weather", "get_weather"), ("get\\_weather", "get_weather"), ("functions.get_weather", "get_weather"),
        ("functions.get_weather:0", "get_weather"), ("Get-Weather", "get_weather"), ("getWeather", "get_weather"),
        ("api.v1.get_weather", "get_weather"), ("factorial", "math.factorial"), ("math_factorial", "math.factorial"),
        ("mcp__x__search", "search"), (" `search` ", "search"), ("send_email", "sendEmail"), ("searching", None), ("", None),
    ],
)  # fmt: skip
def test_a_name_is_resolved_to_the_tool_it_means(written: str, name: str | None):
    """Separators, case and namespaces do not matter; other words do."""
    assert ToolNames(TOOLS).resolve(written) == name


def test_an_ambiguous_name_is_not_resolved():
    """When two tools fit, neither is guessed."""
    assert ToolNames({"a.run": (), "b.run": ()}).resolve("run") is None


def test_cleaning_a_name_leaves_its_own_namespace():
    """Only the wrappers that models add are taken off."""
    assert clean_name("functions.math.sqrt") == "math.sqrt"


def test_unescaped_text_knows_where_it_came_from():
    """Places in the plain text map to places in the original."""
    original = "see {&quot;a&quot;: 1}"
    plain = Unescaped(original, 4)
    assert plain.text == '{"a": 1}'
    assert original[plain.original(1) : plain.original(4)] == "&quot;a&quot;"


def test_a_reader_refuses_what_is_no_value():
    """Prose in braces is no object."""
    with pytest.raises(UnreadableError):
        LooseReader("{see below (or above)}").value()
