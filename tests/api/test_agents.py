"""Runs with the tools of the server: ReAct, plan-and-execute and the built-in model."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import CHAT, HI, MODEL, frames_of, joined
from tests.fakes.ollama_double import Call, OllamaDouble, Reply


async def test_a_react_run_streams_reasoning_then_the_answer(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Thoughts, the call and its result are reasoning; the content is the answer alone."""
    call = Call(name="math_calc", arguments={"expression": "12*(3+4)"})
    ollama.queue(
        Reply(thinking="I must calculate.", calls=[call]),
        Reply(content="The result is 84."),
    )
    frames = await frames_of(http, model="qwen3:8b@react")
    assert joined(frames) == "The result is 84."
    reasoning = joined(frames, "reasoning_content")
    assert reasoning.index("I must calculate.") < reasoning.index("→ math_calc")
    assert "84" in reasoning
    kinds = [frame["x_agent"].get("type") for frame in frames[:-1] if "x_agent" in frame]
    assert kinds == ["route", "tool_call", "tool_result", None]
    last_thought = max(
        at
        for at, one in enumerate(frames[:-1])
        if "reasoning_content" in one["choices"][0]["delta"]
    )
    first_word = min(
        at for at, one in enumerate(frames[:-1]) if one["choices"][0]["delta"].get("content")
    )
    assert last_thought < first_word


async def test_text_before_a_call_of_the_server_is_told_apart_from_the_answer(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A stream has sent it already, so an empty line follows; elsewhere it is reasoning."""
    said = "I will calculate that for you."
    for stream in (True, False):
        call = Call(name="math_calc", arguments={"expression": "2+2"})
        ollama.queue(Reply(content=said, calls=[call]), Reply(content="It is 4."))
        body = {"model": f"{MODEL}@react", "messages": HI}
        if stream:
            assert joined(await frames_of(http, **body)) == f"{said}\n\nIt is 4."
        else:
            message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
            assert message["content"] == "It is 4."
            assert message["reasoning_content"].startswith(f"{said}\n\n")


async def test_a_react_run_not_streamed_carries_its_reasoning(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """And usage sums up every model call."""
    call = Call(name="math_calc", arguments={"expression": "2+2"})
    ollama.queue(
        Reply(calls=[call], prompt_tokens=10, output_tokens=1),
        Reply(content="4.", prompt_tokens=20, output_tokens=2),
    )
    answer = await client.chat.completions.create(model=f"{MODEL}@react", messages=HI)
    message: Any = answer.choices[0].message
    assert (message.content, "math_calc" in message.reasoning_content) == ("4.", True)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (30, 3)


def planned(body: dict[str, Any]) -> Reply | None:
    """Play a model that plans two steps, is content, and answers."""
    title = (body.get("format") or {}).get("title")
    if title == "Plan":
        steps = [
            {"id": "a", "purpose": "x", "tool": "math_calc", "depends_on": [],
             "input": {"expression": "3*5"}},
            {"id": "b", "purpose": "y", "tool": "wikipedia", "depends_on": [],
             "input": {"query": "Lunden Harbour"}},
        ]  # fmt: skip
        return Reply(content=orjson.dumps({"steps": steps}).decode())
    if title == "Verdict":
        return Reply(content='{"reasoning": "", "passed": true, "missing": []}')
    return Reply(content="15, opened in 1872 [1].")


async def test_a_plan_run_runs_its_steps_and_answers_with_citations(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The annotations are OpenAI's url_citation, with offsets into the content."""
    ollama.script(planned)
    body = {"model": f"{MODEL}@plan", "messages": HI}
    answer = (await http.post(CHAT, json=body)).json()
    message = answer["choices"][0]["message"]
    assert answer["x_agent"]["route"] == "plan"
    assert message["content"].startswith("15, opened in 1872")
    [annotation] = message["annotations"]
    assert annotation["type"] == "url_citation"
    cited = annotation["url_citation"]
    assert "Lunden_Harbour" in cited["url"]
    assert 0 <= cited["start_index"] < cited["end_index"] <= len(message["content"])
    assert [one["title"] for one in answer["x_agent"]["citations"]] == [cited["title"]]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_builtin_model_answers_a_sum_with_the_calculator(
    http: AsyncClient, *, stream: bool
) -> None:
    """The main job on real input, with nothing else installed."""
    messages = [{"role": "user", "content": "What is 12*(3+4)?"}]
    body = {"model": "builtin", "messages": messages}
    if stream:
        frames = await frames_of(http, **body)
        content, reasoning = joined(frames), joined(frames, "reasoning_content")
    else:
        message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
        content, reasoning = message["content"], message["reasoning_content"]
    assert "84" in content
    assert "math_calc" in reasoning


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What is the weather in Évreville?", "7.5"),
        ("Search the web for tide tables", "tides.example"),
    ],
)
async def test_the_builtin_model_uses_the_other_tools(
    http: AsyncClient, question: str, found: str
) -> None:
    """Through the real adapters, against doubles of their services."""
    messages = [{"role": "user", "content": question}]
    answer = (await http.post(CHAT, json={"model": "builtin", "messages": messages})).json()
    assert found in orjson.dumps(answer).decode()
    assert answer["x_agent"]["citations"]
