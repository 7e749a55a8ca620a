"""What must hold for any text at all: no error, bounded depth, time in step with length."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.agent.tool_call_text.parse import parse_tool_calls
from backend.agent.tool_call_text.reply import ParsedReply
from tests.unit.agent.tool_call_text.corpus import ALL_CASES, TOOLS, Case

_PIECES = st.sampled_from([
    "{", "}", "[", "]", "(", ")", '"', "'", "\\", ",", ":", "=", "\n", " ", "`", "```", "```json\n",
    "<tool_call>", "</tool_call>", "<think>", "</think>", "<function=search>", "<parameter=a>",
    "</parameter>", "</function>", "[TOOL_CALLS]", "[ARGS]", "Action: ", "Action Input: ",
    "Thought: ", "Observation: ", "Final Answer: ", "search", "get_weather", "name", "arguments",
    '"name": "search"', '"arguments": {', "query=", "x", "1", "-", ".", "*", "true", "null",
    "&quot;", "&lt;", "“", "”", "<|", "|>", "<|channel|>", "<|message|>", "<arg_key>", "new ", "=>",
    "\u200b", "\ud800", "🦉", "/*", "//", "#", "{{", "}}", '"""', "<|python_tag|>", "call:",
])  # fmt: skip


def _check_spans(text: str, parsed: ParsedReply) -> None:
    for call in parsed.calls:
        assert 0 <= call.start <= call.end <= len(text)
        assert all(isinstance(key, str) for key in call.arguments)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join), st.booleans())
def test_any_mixture_of_markup_parses_without_error(text: str, are_known: bool):  # noqa: FBT001
    """No arrangement of the formats' own pieces raises or leaves the text."""
    _check_spans(text, parse_tool_calls(text, tools=TOOLS if are_known else None))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_parses_without_error(text: str):
    """Arbitrary characters neither raise nor leave the text."""
    _check_spans(text, parse_tool_calls(text))


@pytest.mark.parametrize("case", ALL_CASES)
def test_every_beginning_of_a_reply_parses_without_error(case: Case):
    """A reply may be cut off anywhere."""
    for end in range(len(case.reply)):
        _check_spans(case.reply[:end], parse_tool_calls(case.reply[:end], tools=TOOLS))


@pytest.mark.parametrize(
    "piece",
    [
        "[[[[{{{{", '{"a":', '[{"a":[', "f(", "search(", "[search(", "<tool_call>{", "<tool_call>",
        "Thought: ", "\nThought:\n", "Action: search\n", "&lt;tool", '{\\"', "<function=search>",
        "<function name=", "**", "[search(a=new Foo<A,", "search(\n", "`", " ", "a.", "\n", '"',
    ],
)  # fmt: skip
def test_hostile_repetition_takes_time_in_step_with_its_length(piece: str):
    """A tenth of a megabyte of any of these is a matter of a fraction of a second."""
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    parse_tool_calls(text, tools=TOOLS)
    assert time.process_time() - start < 2


def test_deep_nesting_is_refused_and_not_followed():
    """Neither valid nor broken nesting exhausts the interpreter's stack."""
    for text in (
        '{"name": "search", "arguments": {"query": ' + "[" * 5000 + "]" * 5000 + "}}",
        "(" * 90_000,
    ):
        assert parse_tool_calls(text, tools=TOOLS).calls == ()
