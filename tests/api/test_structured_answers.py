"""Answers of a given form: what goes out as JSON is JSON, and what was promised strictly fits."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from tests.fakes.completions import (
    CHAT,
    HI,
    MODEL,
    Outcome,
    outcome_of,
    weather_tool,
)
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply

STREAMED = pytest.mark.parametrize("stream", [False, True])
ROUTES = pytest.mark.parametrize(
    "model", [MODEL, "qwen3:8b@chat", f"{MODEL}@react", "gemma:2b@react", f"{MODEL}@plan"]
)
SCHEMA: Any = {
    "type": "object",
    "properties": {"n": {"type": "integer", "maximum": 9}},
    "required": ["n"],
    "additionalProperties": False,
}
GOOD = '{"n": 1}'


def form(*, strict: bool | None = True, schema: Any = SCHEMA) -> Any:
    """Ask for an answer that fits a schema."""
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": strict}}


def answering(*answers: Reply) -> Any:
    """Script an agent that needs no tool, and gives these answers under the caller's schema."""
    left = iter(answers)

    def script(body: Any) -> Reply:
        wanted = body.get("format")
        if wanted in (SCHEMA, "json"):
            return next(left)
        if wanted and "steps" in wanted.get("properties", {}):
            step = {"id": "s1", "purpose": "x", "tool": "math_calc", "input": {"expression": "1"}}
            return Reply(content=orjson.dumps({"steps": [step]}).decode())
        if wanted and "passed" in wanted.get("properties", {}):
            return Reply(content='{"reasoning": "", "passed": true, "missing": []}')
        return Reply(content='{"tool": "answer"}' if wanted else "I know it.")

    return script


@STREAMED
@ROUTES
@pytest.mark.parametrize("written", [GOOD, f"```json\n{GOOD}\n```", f"Sure:\n{GOOD}\nBye."])
async def test_a_strict_answer_is_the_json_alone_in_every_route(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str, written: str
) -> None:
    """Fences and words around it fall away."""
    ollama.script(answering(Reply(content=written)))
    seen = await outcome_of(http, stream=stream, model=model, response_format=form())
    assert seen == Outcome(200, GOOD, (), "stop")


@STREAMED
@ROUTES
async def test_a_strict_answer_that_does_not_fit_is_asked_for_once_more(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """Naming the fault, under the schema again; nothing of the first is shown."""
    ollama.script(answering(Reply(content='{"n": 10}'), Reply(content=GOOD)))
    seen = await outcome_of(http, stream=stream, model=model, response_format=form())
    assert seen == Outcome(200, GOOD, (), "stop")
    told = ollama.chats[-1].body["messages"][-1]["content"]
    assert "$.n: 10 is greater than the maximum of 9" in told


@STREAMED
@ROUTES
async def test_a_strict_answer_that_never_fits_is_an_error_that_is_not_tried_again(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """A status, as nothing has gone out; an agent that acted sent its steps, and then the error."""
    ollama.script(answering(Reply(content='{"n": 10}'), Reply(content='{"n": 11}')))
    seen = await outcome_of(http, stream=stream, model=model, response_format=form())
    assert seen.error["code"] == "invalid_structured_output"
    assert seen.status == 502 or (stream and model.endswith("@plan"))
    assert not seen.content


async def test_a_client_that_retries_is_told_not_to(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The model has been asked twice already."""
    ollama.script(answering(Reply(content='{"n": 10}'), Reply(content='{"n": 11}')))
    body = {"model": MODEL, "messages": HI, "response_format": form()}
    answer = await http.post(CHAT, json=body)
    assert (answer.status_code, answer.headers["x-should-retry"]) == (502, "false")


@STREAMED
@ROUTES
async def test_an_answer_cut_for_its_length_says_so(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """As OpenAI does: the JSON that there is, and the reason."""
    ollama.script(answering(Reply(content='{"n": ', done_reason="length")))
    seen = await outcome_of(
        http, stream=stream, model=model, response_format=form(), max_completion_tokens=2
    )
    assert seen == Outcome(200, '{"n": ', (), "length")


@STREAMED
@pytest.mark.parametrize("asked", [{"type": "json_object"}, form(strict=False), form(strict=None)])
async def test_without_strict_json_is_what_is_promised(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, asked: Any
) -> None:
    """Prose is asked for again, even streamed, as it was not shown; JSON that misses a schema is not an error."""
    ollama.queue(Reply(content="Here it is, I think"), Reply(content='{"n": 10}'))
    ollama.queue(Reply(content='{"n": 10}'))
    seen = await outcome_of(http, stream=stream, response_format=asked)
    assert seen == Outcome(200, '{"n": 10}', (), "stop")


async def test_broken_json_in_a_stream_ends_in_an_error(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What has gone out cannot be taken back, but it does not end in stop."""
    ollama.queue(Reply(content=['{"n": ', "one", "}"]))
    seen = await outcome_of(http, stream=True, response_format={"type": "json_object"})
    assert seen.error["code"] == "invalid_structured_output"


@STREAMED
async def test_an_upstream_that_breaks_off_before_the_held_answer_is_a_status(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """Nothing has gone out."""
    ollama.queue(Reply(content=['{"n"', ":"], fault=Fault(kind="cut", after=2)))
    seen = await outcome_of(http, stream=stream, response_format=form())
    assert (seen.status, seen.error["code"]) == (502, "upstream_cut")


@STREAMED
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/no"}}},
        {"type": "string", "pattern": "(?=a)"},
    ],
)
async def test_a_schema_that_cannot_be_used_is_refused_before_any_model_call(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, schema: Any
) -> None:
    """The field is named."""
    seen = await outcome_of(http, stream=stream, response_format=form(schema=schema))
    assert (seen.status, seen.error["param"], seen.error["code"]) == (
        400,
        "response_format.json_schema.schema",
        "invalid_json_schema",
    )
    assert ollama.chats == []


@STREAMED
async def test_a_form_does_not_keep_client_tools_from_being_called(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """The schema holds for the answer alone, which comes when the result is there."""
    ollama.queue(Reply(calls=[Call(name="get_weather")]))
    asked = {"tools": [weather_tool()], "response_format": form()}
    seen = await outcome_of(http, stream=stream, **asked)
    assert seen == Outcome(200, None, (("get_weather", {}),), "tool_calls")
    assert "format" not in ollama.chats[0].body
    ollama.queue(Reply(content="It is one."), Reply(content=GOOD))
    seen = await outcome_of(http, stream=stream, **asked)
    assert seen == Outcome(200, GOOD, (), "stop")


async def test_a_draft_that_fits_already_is_taken(http: AsyncClient, ollama: OllamaDouble) -> None:
    """The model is not asked to say it again."""
    ollama.queue(Reply(content=GOOD))
    asked = {"model": f"{MODEL}@react", "response_format": form()}
    assert await outcome_of(http, stream=False, **asked) == Outcome(200, GOOD, (), "stop")
    assert len(ollama.chats) == 1


async def test_numbers_in_brackets_are_no_citation_marks_in_json(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """They are data."""
    listed = {"type": "object", "properties": {"of": {"type": "array"}}}
    ollama.queue(
        Reply(calls=[Call(name="wikipedia", arguments={"query": "Oslo"})]),
        Reply(content="Done."),
        Reply(content='{"of": [7]}'),
    )
    asked = {"model": f"{MODEL}@react", "response_format": form(schema=listed)}
    seen = await outcome_of(http, stream=False, **asked)
    assert seen.content == '{"of": [7]}'
