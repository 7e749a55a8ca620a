"""What of a streamed reply is shown, and when."""

import pytest

from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.tool_call_text.parse import parse_tool_calls
from tests.unit.agent.tool_call_text.corpus import ALL_CASES, ORPHAN_THOUGHT_CASES, OSLO_JSON, TOOLS
from tests.unit.agent.tool_call_text.negatives import NEGATIVES

_REPLIES = [case.reply for case in ALL_CASES if case not in ORPHAN_THOUGHT_CASES] + NEGATIVES


def _pieces(reply: str, size: int) -> list[str]:
    return [reply[start : start + size] for start in range(0, len(reply), size)]


@pytest.mark.parametrize("are_known", [True, False])
@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("reply", _REPLIES)
def test_what_is_shown_and_the_rest_make_the_whole_text(reply: str, size: int, are_known: bool):  # noqa: FBT001
    """However a reply is cut into pieces, streaming shows what parsing finds."""
    tools = TOOLS if are_known else None
    gate = CallTextGate(tools)
    shown = "".join([gate.feed(piece) for piece in _pieces(reply, size)])
    rest, parsed = gate.close()
    assert (shown + rest, parsed) == (parsed.text, parse_tool_calls(reply, tools=tools))


def test_prose_is_shown_word_by_word():
    """No word of ordinary prose waits for the next one."""
    gate = CallTextGate(TOOLS)
    words = [
        "The",
        " owl",
        " (a bird)",
        " hunts",
        " at night",
        ".",
        "\n\nIt",
        " eats",
        " mice",
        " [1]",
        ".",
    ]
    assert [gate.feed(word) for word in words] == words


def test_prose_without_known_tools_is_shown_at_most_one_word_late():
    """Only the first word of a line may turn out to be a function's name."""
    gate = CallTextGate()
    assert [gate.feed(word) for word in ["The", " owl", " hunts"]] == ["", "The owl", " hunts"]


def test_nothing_of_a_call_is_ever_shown():
    """The prose before a call is shown at once, the call never."""
    gate = CallTextGate(TOOLS)
    shown = [
        gate.feed(piece)
        for piece in _pieces(f"One moment.\n\n<tool_call>{OSLO_JSON}</tool_call>", 4)
    ]
    assert "".join(shown) == "One moment."
    assert shown[0] == "One"


def test_brackets_that_are_no_call_are_let_go():
    """A list or an object in prose delays the stream only until it is over."""
    gate = CallTextGate(TOOLS)
    gate.feed('The pair {"a": 1} is data')
    shown = gate.feed(", and the rest of the sentence follows it at its own unhurried pace today.")
    assert shown.endswith("pace today.")


def test_a_code_answer_is_shown_before_the_reply_ends():
    """A block that defines a function cannot be a block of calls."""
    gate = CallTextGate(TOOLS)
    block = "```python\ndef f(x):\n    return x\n```"
    assert gate.feed(f"Here:\n\n{block}\n\nThat") == f"Here:\n\n{block}\n\nThat"


def test_a_final_answer_streams_without_its_thought():
    """Once the answer begins it is shown as it comes."""
    gate = CallTextGate(TOOLS)
    pieces = ["Thought: I know", " it.\n", "Final Answer:", " It", " is", " 42."]
    assert [gate.feed(piece) for piece in pieces] == ["", "", "", "It", " is", " 42."]


def test_a_thought_is_left_out_of_the_stream():
    """Text goes on behind the thought's closing marker."""
    gate = CallTextGate(TOOLS)
    pieces = ["<think>", "let me see", "</think>", "\n\nHello", " there"]
    assert "".join([gate.feed(piece) for piece in pieces]) == "Hello there"
