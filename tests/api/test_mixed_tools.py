"""The caller's tools and ours in one turn, over several rounds, with and without a session."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import CHAT, MODEL, weather_tool
from tests.fakes.ollama_double import Call, OllamaDouble, Reply

STREAMED = pytest.mark.parametrize("stream", [False, True])
REACT = f"{MODEL}@react"
ASKED: Any = {"role": "user", "content": "Six times seven, and the weather in Oslo and Rome?"}


def calc(expression: str) -> Call:
    """Call a tool of the server."""
    return Call(name="math_calc", arguments={"expression": expression})


def weather(city: str) -> Call:
    """Call the caller's tool."""
    return Call(name="get_weather", arguments={"city": city})


def result(call: Any, text: str) -> Any:
    """Answer a call."""
    return {"role": "tool", "tool_call_id": call["id"], "content": text}


def results(body: Any) -> list[tuple[str, str]]:
    """Give the results a model is shown, each with its tool's name."""
    return [(it["tool_name"], it["content"]) for it in body["messages"] if it["role"] == "tool"]


async def said(client: AsyncOpenAI, *, stream: bool, **body: Any) -> Any:
    """Ask and give the message as a stock client sends it back, its finish reason and its session."""
    asked: dict[str, Any] = {"model": REACT, "tools": [weather_tool()], **body}
    if not stream:
        answer = await client.chat.completions.create(**asked)
        choice, session = answer.choices[0], answer.model_dump().get("x_session_id")
    else:
        async with client.chat.completions.stream(**asked) as events:
            final = await events.get_final_completion()
        choice, session = final.choices[0], final.model_dump().get("x_session_id")
    kept = {"role", "content", "tool_calls"}
    message = choice.message.model_dump(include=kept, exclude_none=True)
    for call in message.get("tool_calls", ()):
        call["function"].pop("parsed_arguments", None)
        call.pop("index", None)
    return message, choice.finish_reason, session


@STREAMED
async def test_rounds_of_both_kinds_without_a_session(
    streaming: AsyncOpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """What ours had found is there again in each round, although the client never saw it."""
    ollama.queue(Reply(calls=[calc("6*7")]), Reply(calls=[weather("Oslo")]))
    history = [ASKED]
    first, reason, _ = await said(streaming, stream=stream, messages=history)
    assert reason == "tool_calls"
    history += [first, result(first["tool_calls"][0], "rain")]
    ollama.queue(Reply(calls=[calc("2+2")]), Reply(calls=[weather("Rome")]))
    second, reason, _ = await said(streaming, stream=stream, messages=history)
    assert reason == "tool_calls"
    history += [second, result(second["tool_calls"][0], "sun")]
    ollama.queue(Reply(content="42, rain, sun."))
    third, reason, _ = await said(streaming, stream=stream, messages=history)
    assert (third["content"], reason) == ("42, rain, sun.", "stop")
    shown = results(ollama.chats[-1].body)
    assert [name for name, _ in shown] == ["math_calc", "get_weather"] * 2
    assert [text for name, text in shown if name == "get_weather"] == ["rain", "sun"]


@STREAMED
async def test_rounds_of_both_kinds_in_a_session(
    streaming: AsyncOpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """Only what is new is sent."""
    ollama.queue(Reply(calls=[calc("6*7")]), Reply(calls=[weather("Oslo")]))
    first, _, session = await said(streaming, stream=stream, messages=[ASKED], store=True)
    ollama.queue(Reply(content="42 and rain."))
    new = [result(first["tool_calls"][0], "rain")]
    more = {"session_id": session}
    last, reason, _ = await said(streaming, stream=stream, messages=new, extra_body=more)
    assert (last["content"], reason) == ("42 and rain.", "stop")
    assert [name for name, _ in results(ollama.chats[-1].body)] == ["math_calc", "get_weather"]


@STREAMED
async def test_a_step_with_calls_of_both_kinds(
    streaming: AsyncOpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """Ours are made, the caller's handed out; results out of order reach the model in order."""
    ollama.queue(Reply(calls=[weather("Oslo"), calc("6*7"), weather("Rome")]))
    first, reason, _ = await said(streaming, stream=stream, messages=[ASKED])
    oslo, rome = first["tool_calls"]
    assert (reason, len({oslo["id"], rome["id"]})) == ("tool_calls", 2)
    ollama.queue(Reply(content="Done."))
    history = [ASKED, first, result(rome, "sun"), result(oslo, "rain")]
    await said(streaming, stream=stream, messages=history)
    shown = results(ollama.chats[-1].body)
    assert [name for name, _ in shown] == ["math_calc", "get_weather", "get_weather"]
    assert [text for _, text in shown][1:] == ["rain", "sun"]


@pytest.mark.parametrize("model", [MODEL, REACT])
async def test_a_result_that_is_missing_is_told_to_the_model(
    http: AsyncClient, ollama: OllamaDouble, model: str
) -> None:
    """Strict upstreams refuse a call without one; the other result stays with its call."""
    ollama.queue(Reply(calls=[weather("Oslo"), weather("Rome")]))
    body: Any = {"model": model, "tools": [weather_tool()], "messages": [ASKED]}
    first = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    ollama.queue(Reply(content="Done."))
    body["messages"] = [ASKED, first, result(first["tool_calls"][1], "sun")]
    assert (await http.post(CHAT, json=body)).status_code == 200
    shown = [text for _, text in results(ollama.chats[-1].body)]
    assert shown == ["(The caller gave no result for this call.)", "sun"]


@pytest.mark.parametrize("twice", [False, True])
async def test_a_result_that_answers_no_call_is_refused(
    http: AsyncClient, ollama: OllamaDouble, *, twice: bool
) -> None:
    """So is a second one to the same call."""
    ollama.queue(Reply(calls=[weather("Oslo")]))
    body: Any = {"model": MODEL, "tools": [weather_tool()], "messages": [ASKED]}
    first = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    answered = result(first["tool_calls"][0], "rain")
    other = answered if twice else {**answered, "tool_call_id": "call_x"}
    body["messages"] = [ASKED, first, answered, other]
    answer = await http.post(CHAT, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "messages")


async def test_usage_is_the_sum_of_every_call_of_the_turn(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Prose that was not shown was paid for too."""
    decision = '{"thought": "", "tool": "get_weather", "input": {}}'
    ollama.queue(
        Reply(content="Warm.", prompt_tokens=10, output_tokens=1),
        Reply(content=decision, prompt_tokens=20, output_tokens=2),
    )
    body = {
        "model": MODEL,
        "messages": [ASKED],
        "tools": [weather_tool()],
        "tool_choice": "required",
    }
    usage = (await http.post(CHAT, json=body)).json()["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (30, 3)


async def test_a_failure_after_a_tool_ran_is_not_to_be_tried_again(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A client's own retry would run the agent a second time."""
    ollama.queue(Reply(calls=[calc("6*7")]), Reply(status=500, error="broken"))
    body = {"model": REACT, "messages": [ASKED], "tools": [weather_tool()]}
    answer = await http.post(CHAT, json=body)
    assert (answer.status_code, answer.headers["x-should-retry"]) == (502, "false")
