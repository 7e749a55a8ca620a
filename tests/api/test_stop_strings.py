"""Stop strings: kept whatever the upstream does with them, in every mode, and of the answer alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.completions import MODEL, Outcome, outcome_of, weather_tool
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply

STREAMED = pytest.mark.parametrize("stream", [False, True])
SPLIT = ["One ", "tw", "o E", "N", "D three", " four"]


@STREAMED
@pytest.mark.parametrize("model", [MODEL, "qwen3:8b", f"{MODEL}@react", "gemma:2b@react"])
async def test_an_upstream_that_ignores_a_stop_string_is_cut_at_it(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """Even when the string comes in pieces; nothing of it is in the text."""

    def script(body: Any) -> Reply:
        return Reply(content='{"tool": "answer"}' if body.get("format") else SPLIT)

    ollama.script(script)
    seen = await outcome_of(http, stream=stream, model=model, stop=["never", "END"])
    assert seen == Outcome(200, "One two ", (), "stop")


async def test_the_upstream_is_freed_at_the_stop_string(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """It would go on for ever otherwise; the tokens are counted all the same."""
    endless = Reply(content=SPLIT, fault=Fault(kind="hang", after=6))
    ollama.queue(endless)
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], "stop": "END"}
    async with asyncio.timeout(10):
        answer = (await http.post("/v1/chat/completions", json=body)).json()
        await ollama.chats[0].cancelled.wait()
    assert answer["choices"][0]["message"]["content"] == "One two "
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@STREAMED
async def test_a_stop_string_does_not_cut_a_call_and_its_text_does_end_the_turn(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """The caller's tools: arguments may hold the string, text may not."""
    call = Call(name="get_weather", arguments={"city": "Oslo"})
    ollama.queue(Reply(calls=[call]))
    seen = await outcome_of(http, stream=stream, tools=[weather_tool()], stop=["Oslo", "}"])
    assert seen == Outcome(200, None, (("get_weather", {"city": "Oslo"}),), "tool_calls")
    assert "stop" not in ollama.chats[0].body["options"]
    ollama.queue(Reply(content="I look at Oslo now.", calls=[call]))
    seen = await outcome_of(http, stream=stream, tools=[weather_tool()], stop=["Oslo", "}"])
    assert seen == Outcome(200, "I look at ", (), "stop")


@STREAMED
async def test_a_stop_string_does_not_cut_the_thoughts_of_a_model(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """An upstream would stop in them, and the answer be empty."""
    ollama.queue(Reply(thinking="First END of it.", content="Yes. END"))
    seen = await outcome_of(http, stream=stream, model="qwen3:8b@chat", stop="END")
    assert (seen.content, seen.finish_reason) == ("Yes. ", "stop")
    assert "stop" not in ollama.chats[0].body["options"]


@STREAMED
async def test_a_stop_string_does_not_cut_what_an_agent_decides(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """Only the answer ends at it."""
    ollama.queue(
        Reply(
            content="I compute 6*7 END",
            calls=[Call(name="math_calc", arguments={"expression": "6*7"})],
        ),
        Reply(content="It is 42."),
        Reply(content="It is 42. END And more."),
    )
    seen = await outcome_of(http, stream=stream, model=f"{MODEL}@react", stop="END")
    assert (seen.content, seen.finish_reason) == ("It is 42. ", "stop")
    assert [(one.body.get("options") or {}).get("stop") for one in ollama.chats] == [
        None,
        None,
        ["END"],
    ]
