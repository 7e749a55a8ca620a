"""What Ollama does not know of tools: choices that must end in a call, names, arguments, one at a time."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from tests.fakes.completions import MODEL, Outcome, outcome_of, weather_tool
from tests.fakes.ollama_double import Call, OllamaDouble, Reply

STREAMED = pytest.mark.parametrize("stream", [False, True])
ROUTES = pytest.mark.parametrize("model", [MODEL, f"{MODEL}@react"])
OSLO = {"city": "Oslo"}
NAMED = {"type": "function", "function": {"name": "other"}}
TOOLS = [weather_tool(), weather_tool("other")]


def decision(tool: str, **arguments: Any) -> Reply:
    """Decide under the text protocol."""
    return Reply(content=orjson.dumps({"thought": "", "tool": tool, "input": arguments}).decode())


def offered(body: Any) -> list[str]:
    """Name the tools a model was offered."""
    return [one["function"]["name"] for one in body.get("tools") or ()]


def called(name: str, arguments: Any) -> Outcome:
    """Make the outcome of one call and nothing else."""
    return Outcome(200, None, ((name, arguments),), "tool_calls")


@STREAMED
@ROUTES
@pytest.mark.parametrize("choice", ["required", NAMED])
async def test_a_demanded_call_is_asked_for_natively_first(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str, choice: Any
) -> None:
    """With an instruction, and of the caller's tools with the named one alone."""
    ollama.queue(Reply(content="Let me see.", calls=[Call(name="other", arguments=OSLO)]))
    seen = await outcome_of(http, stream=stream, model=model, tools=TOOLS, tool_choice=choice)
    assert seen == called("other", OSLO)
    [asked] = ollama.chats
    theirs = {"get_weather", "other"} & set(offered(asked.body))
    assert theirs == ({"other"} if choice is NAMED else {"get_weather", "other"})
    assert "other" in asked.body["messages"][0]["content"]


@STREAMED
@ROUTES
@pytest.mark.parametrize("choice", ["required", NAMED])
async def test_prose_in_the_place_of_a_demanded_call_is_followed_by_a_constrained_decision(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str, choice: Any
) -> None:
    """The prose is not shown."""

    def script(body: Any) -> Reply:
        return decision("other", **OSLO) if body.get("format") else Reply(content="It is warm.")

    ollama.script(script)
    seen = await outcome_of(http, stream=stream, model=model, tools=TOOLS, tool_choice=choice)
    assert seen == called("other", OSLO)


@STREAMED
@pytest.mark.parametrize("model", ["gemma:2b", "gemma:2b@react"])
async def test_a_model_without_tools_makes_a_demanded_call_too(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """Under the text protocol alone."""
    ollama.queue(decision("get_weather", **OSLO))
    seen = await outcome_of(http, stream=stream, model=model, tools=TOOLS, tool_choice="required")
    assert seen == called("get_weather", OSLO)


@STREAMED
@ROUTES
async def test_a_demanded_call_that_is_never_made_is_an_error(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """A prose answer that ends in stop would be taken for one."""
    ollama.script(lambda _: Reply(content="It is warm."))
    seen = await outcome_of(http, stream=stream, model=model, tools=TOOLS, tool_choice="required")
    assert (seen.status, seen.error["param"], seen.content) == (400, "tool_choice", None)


@STREAMED
async def test_a_call_of_the_server_does_not_stand_for_the_callers(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """`required` is about the tools of the request; ours may run before."""
    ollama.queue(
        Reply(calls=[Call(name="math_calc", arguments={"expression": "6*7"})]),
        Reply(content="It is 42."),
        Reply(calls=[Call(name="other", arguments=OSLO)]),
    )
    seen = await outcome_of(
        http, stream=stream, model=f"{MODEL}@react", tools=TOOLS, tool_choice="required"
    )
    assert seen == called("other", OSLO)
    assert offered(ollama.chats[2].body) == ["get_weather", "other"]


@STREAMED
@ROUTES
async def test_none_offers_no_client_tool(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """Whatever the model calls then never reaches the caller."""
    ollama.queue(Reply(calls=[Call(name="other")]), Reply(content="No."), Reply(content="No."))
    seen = await outcome_of(http, stream=stream, model=model, tools=TOOLS, tool_choice="none")
    assert (seen.calls, seen.finish_reason) == ((), "stop")
    assert not {"get_weather", "other"} & {name for it in ollama.chats for name in offered(it.body)}


@STREAMED
@ROUTES
async def test_one_call_at_a_time_when_asked_for(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """The first is kept, natively and when the call is demanded."""
    both = Reply(calls=[Call(name="other", arguments=OSLO), Call(name="get_weather")])
    for choice in ("auto", "required"):
        ollama.queue(both)
        seen = await outcome_of(
            http,
            stream=stream,
            model=model,
            tools=TOOLS,
            tool_choice=choice,
            parallel_tool_calls=False,
        )
        assert seen == called("other", OSLO)


async def test_one_call_at_a_time_holds_across_both_kinds_of_tools(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A call of the server's that came first is made, and the client's is not handed out yet."""
    first = Call(name="math_calc", arguments={"expression": "6*7"})
    ollama.queue(Reply(calls=[first, Call(name="other")]), Reply(content="42."))
    seen = await outcome_of(
        http, stream=False, model=f"{MODEL}@react", tools=TOOLS, parallel_tool_calls=False
    )
    assert (seen.content, seen.calls) == ("42.", ())


@STREAMED
@ROUTES
@pytest.mark.parametrize("written", ["getWeather", "functions.get_weather", "Get Weather"])
async def test_a_bent_name_is_bent_right(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str, written: str
) -> None:
    """Case, separators and wrappers, not letters."""
    ollama.queue(Reply(calls=[Call(name=written, arguments=OSLO)]))
    seen = await outcome_of(http, stream=stream, model=model, tools=[weather_tool()])
    assert seen == called("get_weather", OSLO)


@STREAMED
@ROUTES
async def test_a_name_that_nobody_has_is_asked_for_again_with_the_names_there_are(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """Once; and it never reaches the caller."""
    ollama.queue(
        Reply(calls=[Call(name="set_weather")]), Reply(calls=[Call(name="other", arguments=OSLO)])
    )
    seen = await outcome_of(http, stream=stream, model=model, tools=TOOLS)
    assert seen == called("other", OSLO)
    told = ollama.chats[1].body["messages"][-1]["content"]
    assert "set_weather" in told
    assert "other" in told


@STREAMED
async def test_a_model_that_insists_on_such_a_name_answers_without_tools(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """As it would have without any."""

    def script(body: Any) -> Reply:
        return Reply(calls=[Call(name="nope")]) if body.get("tools") else Reply(content="Warm.")

    ollama.script(script)
    seen = await outcome_of(http, stream=stream, tools=TOOLS)
    assert (seen.content, seen.calls, seen.finish_reason) == ("Warm.", (), "stop")


def strict_tool() -> Any:
    """Make a strict tool with a number in it."""
    parameters = {
        "type": "object",
        "properties": {"days": {"type": "integer", "maximum": 7}},
        "required": ["days"],
        "additionalProperties": False,
    }
    function = {"name": "forecast", "parameters": parameters, "strict": True}
    return {"type": "function", "function": function}


@STREAMED
@ROUTES
async def test_arguments_of_a_strict_function_are_mended_under_its_schema(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """One constrained retry that names the fault."""
    ollama.queue(
        Reply(calls=[Call(name="forecast", arguments={"days": 30})]),
        Reply(content='{"days": 7}'),
    )
    seen = await outcome_of(http, stream=stream, model=model, tools=[strict_tool()])
    assert seen == called("forecast", {"days": 7})
    asked = ollama.chats[1].body
    assert asked["format"]["properties"]["days"]["maximum"] == 7
    assert "30 is greater than the maximum of 7" in asked["messages"][-1]["content"]


@STREAMED
@ROUTES
async def test_arguments_of_a_strict_function_that_never_fit_are_an_error(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, model: str
) -> None:
    """Nothing that breaks the promise goes out."""
    ollama.queue(
        Reply(calls=[Call(name="forecast", arguments={"days": 30})]),
        Reply(content='{"days": 31}'),
    )
    seen = await outcome_of(http, stream=stream, model=model, tools=[strict_tool()])
    assert (seen.status, seen.error["code"]) == (502, "invalid_structured_output")


async def test_a_strict_function_with_a_schema_that_is_none_is_refused_before_any_model_call(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The field is named."""
    wrong = strict_tool()
    wrong["function"]["parameters"]["properties"]["days"] = {"$ref": "http://evil.example/"}
    seen = await outcome_of(http, stream=False, tools=[weather_tool(), wrong])
    assert (seen.status, seen.error["param"]) == (400, "tools[1].function.parameters")
    assert ollama.chats == []


@STREAMED
@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "person"}}]
)
async def test_the_built_in_model_makes_a_demanded_call_from_the_words(
    http: AsyncClient, *, stream: bool, choice: Any
) -> None:
    """As it fills a form that is asked for."""
    fields = {"name": {"type": "string"}, "age": {"type": "integer"}}
    parameters = {"type": "object", "properties": fields, "required": ["name", "age"]}
    tools = [{"type": "function", "function": {"name": "person", "parameters": parameters}}]
    body = {"model": "builtin", "tools": tools, "tool_choice": choice, "stream": stream}
    words = "Ada is 36 years old."
    seen = await outcome_of(http, **body, messages=[{"role": "user", "content": words}])
    assert seen == called("person", {"name": "Ada", "age": 36})


@STREAMED
async def test_the_built_in_model_calls_none_of_this_servers_tools_where_none_is_wanted(
    http: AsyncClient, *, stream: bool
) -> None:
    """A weather report would need a call."""
    words = [{"role": "user", "content": "What is the weather in Brackwater, Oregon?"}]
    body = {"model": "builtin", "tool_choice": "none", "tools": TOOLS, "messages": words}
    seen = await outcome_of(http, stream=stream, **body)
    assert (seen.status, seen.calls) == (200, ())
    assert "light rain" not in str(seen.content)
