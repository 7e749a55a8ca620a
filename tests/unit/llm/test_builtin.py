"""The built-in model as a provider: its stream, its limits, its face."""

from __future__ import annotations

from typing import Any

import pytest

from backend.errors import ModelNotFound
from backend.kit.clocks import SteppedClock
from backend.llm.builtin import BuiltinProvider
from backend.ports.models import ModelInfo
from backend.ports.values import Health, Usage
from tests.fakes.builtin_asking import MATH, SERVER, TEXT, Heard, ask, hear


async def test_words_come_one_by_one_and_end_with_usage() -> None:
    """About four characters count as one token."""
    heard = await ask("Repeat after me: one two three")
    assert heard == Heard(
        text="one two three",
        finish="stop",
        usage=Usage(prompt_tokens=8, completion_tokens=4, model_calls=1),
        pieces=3,
    )


async def test_calls_are_announced_by_one_sentence_of_reasoning() -> None:
    """The sentence is reasoning, never content."""
    heard = await ask("What is 1 + 1?", tools=[MATH])
    assert (heard.text, heard.reasoning) == ("", "The question needs math_calc.")


async def test_stop_strings_and_the_word_limit_end_the_text() -> None:
    """A stop string is left out; the limit is told as length."""
    stopped = await ask("Repeat after me: one two three", stop=["two"])
    assert (stopped.text, stopped.finish) == ("one ", "stop")
    short = await ask("Repeat after me: one two three", max_output_tokens=2)
    assert (short.text, short.finish) == ("one two ", "length")
    whole = await ask("Repeat after me: one two three", max_output_tokens=3)
    assert (whole.text, whole.finish) == ("one two three", "stop")


async def test_the_same_request_gives_the_same_answer() -> None:
    """Ids apart, nothing differs from one run to the next."""
    question = "What is 12 * 7 and who was Marie Curie?"
    assert await ask(question, tools=SERVER) == await ask(question, tools=SERVER)


async def test_it_lists_and_describes_itself_alone() -> None:
    """Any other model is not found here."""
    provider = BuiltinProvider(SteppedClock(start_ms=5_000))
    info = ModelInfo(
        id="builtin",
        provider="builtin",
        owned_by="steward",
        created_s=5,
        context_tokens=32_768,
        capabilities=frozenset({"completion", "tools", "tool_choice", "extractive"}),
    )
    assert list(await provider.models()) == [info]
    assert await provider.describe("builtin") == info
    assert await provider.health() == Health(ok=True, detail="built in, needs no weights")
    with pytest.raises(ModelNotFound):
        await provider.describe("llama3.2")
    await provider.aclose()


HOSTILE = [
    "a" * 1_000_000,
    "(" * 1_000_000,
    "1" * 1_000_000,
    "1+" * 500_000,
    "[1] " * 250_000,
    " " * 1_000_000,
    "Abc " * 250_000,
    "<question>" * 90_000,
    "<result id='s'>" * 60_000,
    "```\n" * 250_000,
    "[" * 1_000_000,
    '{"a":' * 200_000,
    "5% of " * 160_000,
    "the population of " * 55_000,
    "a,b\n" * 250_000,
    "http://a" * 120_000,
    "\ud800\udfff hello \x00 \ud800",
    "你好" * 400_000,
    "{s1}" * 250_000,
]
PERSON = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": TEXT},
    },
    "required": ["name", "age", "tags"],
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
async def test_no_text_breaks_it_or_holds_it_up(text: str) -> None:
    """As a question, as a pasted text and as a result, encodable words come back."""
    for heard in (
        await ask(text),
        await ask(f"What is this?\n{text}", tools=SERVER),
        await ask(text, response_schema=PERSON),
        await ask(
            "What is the population of Iceland?",
            ("wikipedia", {"query": "Iceland"}, text),
            tools=SERVER,
        ),
    ):
        assert heard.finish in {"stop", "tool_calls"}
        heard.text.encode()


ODD_MESSAGES: list[list[dict]] = [
    [],
    [{}],
    [{"role": "user"}],
    [{"role": "user", "content": None}],
    [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}, 5, None]}],
    [{"role": "user", "content": {"a": 1}}],
    [{"role": "tool", "content": "x"}],
    [
        {
            "role": "assistant",
            "tool_calls": [None, 5, {"function": {"name": None, "arguments": "{"}}],
        }
    ],
    [{"role": 5, "content": "x"}],
]


@pytest.mark.parametrize("messages", ODD_MESSAGES, ids=str)
async def test_odd_messages_still_get_an_answer(messages: list[dict]) -> None:
    """Wrong shapes are read as empty."""
    assert (await hear(messages, tools=SERVER)).text


async def test_text_parts_are_read_together() -> None:
    """A list of parts is one question."""
    parts = [{"type": "text", "text": "What is"}, {"type": "text", "text": "6 * 7?"}]
    assert (await hear([{"role": "user", "content": parts}])).text == "6 * 7 = 42"


ODD_TOOLS: list[Any] = [
    {},
    {"function": None},
    {"function": {"name": 5}},
    {"type": "custom", "custom": {"name": "x"}},
    {"function": {"name": "x"}},
    {"function": {"name": "x", "parameters": {"$ref": "#"}}},
    {"function": {"name": "x", "parameters": {"properties": 5, "required": 5}}},
]


@pytest.mark.parametrize("tool", ODD_TOOLS, ids=str)
async def test_odd_tools_do_not_break_it(tool: Any) -> None:
    """Unnamed tools are passed over, odd schemas are read as empty."""
    for choice in (None, "required", {"type": "function"}):
        assert (await ask("What is 1+1?", tools=[tool], tool_choice=choice)).finish
