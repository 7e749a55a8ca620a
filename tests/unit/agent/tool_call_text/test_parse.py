"""What whole replies parse to: one table per family of formats."""

import pytest

from backend.agent.tool_call_text.parse import parse_tool_calls
from backend.agent.tool_call_text.reply import ParsedReply, TextToolCall
from tests.unit.agent.tool_call_text.corpus import (
    ALL_CASES,
    CODE_CASES,
    DIRTY_JSON_CASES,
    FENCE_CASES,
    JSON_CASES,
    ORPHAN_THOUGHT_CASES,
    OSLO_JSON,
    REACT_CASES,
    TAG_CASES,
    TOOLS,
    Calls,
    Case,
)
from tests.unit.agent.tool_call_text.negatives import CAUTIOUS, CODE, DATA, NEGATIVES, PROSE


def _calls(parsed: ParsedReply) -> Calls:
    return [(call.name, call.arguments) for call in parsed.calls]


def _check(case: Case) -> None:
    parsed = parse_tool_calls(case.reply, tools=TOOLS)
    assert (_calls(parsed), parsed.text) == (case.calls, case.text)


@pytest.mark.parametrize("case", JSON_CASES)
def test_json_envelopes_of_every_kind_become_calls(case: Case):
    """Each way of wrapping a name and its arguments in JSON is understood."""
    _check(case)


@pytest.mark.parametrize("case", DIRTY_JSON_CASES)
def test_nearly_json_becomes_the_call_it_means(case: Case):
    """Wrong quotes, commas, brackets and constants do not hide a call."""
    _check(case)


@pytest.mark.parametrize("case", FENCE_CASES)
def test_calls_in_fenced_blocks_are_found(case: Case):
    """A fence around a call is markup, whatever its label."""
    _check(case)


@pytest.mark.parametrize("case", TAG_CASES)
def test_calls_between_markers_are_found(case: Case):
    """The markers of each model family are understood and removed."""
    _check(case)


@pytest.mark.parametrize("case", ORPHAN_THOUGHT_CASES)
def test_thoughts_whose_opening_stood_in_the_prompt_are_left_out(case: Case):
    """Text before a lone closing marker is a thought."""
    _check(case)


@pytest.mark.parametrize("case", CODE_CASES)
def test_calls_as_code_become_typed_arguments(case: Case):
    """Python calls, and Java or JavaScript in them, keep their values' types or source."""
    _check(case)


@pytest.mark.parametrize("case", REACT_CASES)
def test_react_sections_become_calls_or_an_answer(case: Case):
    """Actions become calls, invented observations are dropped, answers are kept."""
    _check(case)


@pytest.mark.parametrize("reply", PROSE)
def test_prose_yields_no_call(reply: str):
    """Prose that looks like a call in places stays prose."""
    assert parse_tool_calls(reply, tools=TOOLS) == ParsedReply(reply.strip())


@pytest.mark.parametrize("reply", DATA)
def test_data_that_was_asked_for_yields_no_call(reply: str):
    """JSON that names no known tool is an answer."""
    assert parse_tool_calls(reply, tools=TOOLS) == ParsedReply(reply)


@pytest.mark.parametrize("reply", CODE)
def test_code_that_was_asked_for_yields_no_call(reply: str):
    """Code that is more than calls of known tools is an answer."""
    assert parse_tool_calls(reply, tools=TOOLS) == ParsedReply(reply)


@pytest.mark.parametrize("reply", CAUTIOUS)
def test_without_known_tools_only_unmistakable_calls_count(reply: str):
    """Not knowing the tools is no licence to see calls in prose."""
    assert parse_tool_calls(reply) == ParsedReply(reply)


@pytest.mark.parametrize(
    ("reply", "calls"),
    [
        ('[f(a=1), mod.g(b="x")]', [("f", {"a": 1}), ("mod.g", {"b": "x"})]),
        ('{"name": "f", "arguments": {"a": 1}}', [("f", {"a": 1})]),
        ('[f("x", 2)]', [("f", {"0": "x", "1": 2})]),
        ("Action: f\nAction Input: some text", [("f", {"input": "some text"})]),
        ("Action: f[some text]", [("f", {"input": "some text"})]),
        ('f(a=1)\ng(b="x")', [("f", {"a": 1}), ("g", {"b": "x"})]),
        ("```python\nf(a=1)\n```", [("f", {"a": 1})]),
        ('[{"f": {"a": 1}}, {"g": {}}]', [("f", {"a": 1}), ("g", {})]),
        ('{"action": "f", "action_input": "x"}', [("f", {"input": "x"})]),
        ("<tool_call>f</tool_call>", [("f", {})]),
        ("<function=f><parameter=a>1</parameter></function>", [("f", {"a": 1})]),
        ('f\n{"a": 1}', [("f", {"a": 1})]),
    ],
)
def test_without_known_tools_any_well_formed_name_is_accepted(reply: str, calls: Calls):
    """Positional arguments then go by their index, a ReAct text by `input`."""
    assert _calls(parse_tool_calls(reply)) == calls


@pytest.mark.parametrize(
    ("reply", "calls"),
    [
        ('{"name": "get_weather", "arguments": {"city": "Os', [("get_weather", {"city": "Os"})]),
        ('{"name": "get_weather", "arguments": {"city"', [("get_weather", {})]),
        ('{"name": "get_weather", "arguments": {', [("get_weather", {})]),
        ('{"name": "get_weather", "arg', [("get_weather", {})]),
        ('[get_weather(city="Os', [("get_weather", {"city": "Os"})]),
        ('[get_weather(city="Oslo", unit=', [("get_weather", {"city": "Oslo"})]),
        ('get_weather(city="Oslo"', [("get_weather", {"city": "Oslo"})]),
        ('<tool_call>{"name": "get_wea', []),
        ("<tool_call>", []),
        ('<tool_call>\n{"', []),
        ("<function=run_code><parameter=code>x = ", [("run_code", {"code": "x ="})]),
        (
            "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Os",
            [("get_weather", {"city": "Os"})],
        ),
        ('[TOOL_CALLS]get_weather{"city": "Os', [("get_weather", {"city": "Os"})]),
        (
            '```json\n{"name": "get_weather", "arguments": {"city": "Os',
            [("get_weather", {"city": "Os"})],
        ),
        ("Thought: x\nAction: search", [("search", {})]),
        ('Action: search\nAction Input: {"query": "ow', [("search", {"query": "ow"})]),
        (
            '<|channel|>commentary to=functions.search<|message|>{"query": "ow',
            [("search", {"query": "ow"})],
        ),
    ],
)
def test_a_call_that_was_cut_off_is_completed_and_marked(reply: str, calls: Calls):
    """What is open is closed, and the caller learns that it is a guess."""
    parsed = parse_tool_calls(reply, tools=TOOLS)
    assert (_calls(parsed), parsed.truncated, parsed.text) == (calls, True, "")


@pytest.mark.parametrize(
    "reply",
    [
        '{"name": "get_weather", "arguments": {"city": "Oslo"}',
        '[{"name": "get_weather", "arguments": {"city": "Oslo"}}',
        '[get_weather(city="Oslo")',
        f"<tool_call>{OSLO_JSON}",
        f"```json\n{OSLO_JSON}",
        f"[TOOL_CALLS][{OSLO_JSON}",
    ],
)
def test_a_missing_outer_bracket_is_not_a_truncation(reply: str):
    """The arguments are whole, so nothing had to be guessed."""
    assert not parse_tool_calls(reply, tools=TOOLS).truncated


def test_spans_say_where_each_call_stands():
    """A call's span covers what was written for it, in the given text."""
    reply = f"First {OSLO_JSON} then [search(query='owls')]."
    parsed = parse_tool_calls(reply, tools=TOOLS)
    assert [reply[call.start : call.end] for call in parsed.calls] == [
        OSLO_JSON,
        "search(query='owls')",
    ]


def test_each_call_of_a_list_has_its_own_span():
    """Calls in one JSON list are told apart."""
    reply = f"[{OSLO_JSON}, {OSLO_JSON},]"
    parsed = parse_tool_calls(reply, tools=TOOLS)
    assert [reply[call.start : call.end] for call in parsed.calls] == [OSLO_JSON, OSLO_JSON]


def test_repeated_calls_are_all_kept():
    """Whether repetition makes sense is for another layer to say."""
    parsed = parse_tool_calls(f"{OSLO_JSON}\n{OSLO_JSON}", tools=TOOLS)
    assert _calls(parsed) == [("get_weather", {"city": "Oslo"})] * 2


def test_a_whole_parse_is_one_plain_value():
    """Two parses of one reply are equal, span by span."""
    reply = f"Well. {OSLO_JSON}"
    assert parse_tool_calls(reply, tools=TOOLS) == ParsedReply(
        "Well.", (TextToolCall("get_weather", {"city": "Oslo"}, 6, len(reply)),)
    )


def test_a_final_answer_is_returned_as_such():
    """The answer of a ReAct reply is its text too."""
    parsed = parse_tool_calls("Thought: easy\nFinal Answer: It is 42.", tools=TOOLS)
    assert parsed == ParsedReply("It is 42.", final_answer="It is 42.")


def test_every_corpus_is_large_enough_to_mean_something():
    """The tables may grow but not shrink."""
    assert len(ALL_CASES) >= 250
    assert len(NEGATIVES) + len(CAUTIOUS) >= 60
