"""Chat completions as a stock OpenAI client sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply

MODEL = "llama3.2"
HI: list[Any] = [{"role": "user", "content": "Hello, how are you?"}]
CHAT = "/v1/chat/completions"


def weather_tool(name: str = "get_weather") -> Any:
    """Make a tool that the caller carries out."""
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


async def frames_of(http: AsyncClient, **body: Any) -> list[Any]:
    """Stream a completion and give its data frames, "[DONE]" as it stands."""
    asked = {"model": MODEL, "messages": HI, "stream": True, **body}
    answer = await http.post(CHAT, json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else orjson.loads(line) for line in lines]


def joined(frames: list[Any], name: str = "content") -> str:
    """Join one field of the deltas."""
    deltas = [frame["choices"][0]["delta"] for frame in frames if choices(frame)]
    return "".join(delta.get(name) or "" for delta in deltas)


def choices(frame: Any) -> list[Any]:
    """Give a frame's choices; none for [DONE]."""
    return [] if frame == "[DONE]" else frame["choices"]


async def test_a_plain_answer_passes_the_strict_validation_of_the_sdk(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The whole object is OpenAI's, and what Steward adds stands under names of its own."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    answer = await client.chat.completions.create(model=MODEL, messages=HI)
    shown = answer.model_dump(exclude_unset=True)
    agent = shown.pop("x_agent")
    assert (agent["route"], agent["state"], agent["citations"]) == ("chat", "completed", [])
    message = {"role": "assistant", "content": "I am well.", "refusal": None}
    assert shown == {
        "id": "chatcmpl-" + agent["run_id"].removeprefix("run_"),
        "object": "chat.completion",
        "created": answer.created,
        "model": MODEL,
        "system_fingerprint": None,
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 3,
            "total_tokens": 10,
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }
    assert str(answer._request_id).startswith("req_")


async def test_a_stream_has_the_shape_that_clients_rely_on(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """One id and time, the role once and first, a finish reason key everywhere, [DONE] last."""
    ollama.queue(Reply(content="I am well."))
    frames = await frames_of(http)
    *chunks, done = frames
    assert done == "[DONE]"
    assert len({(one["id"], one["created"], one["model"], one["object"]) for one in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [one for one in chunks[1:] if "role" in one["choices"][0]["delta"]] == []
    assert [one["choices"][0]["finish_reason"] for one in chunks] == [
        *[None] * (len(chunks) - 1),
        "stop",
    ]
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert joined(frames) == "I am well."
    assert [one for one in chunks if "usage" in one] == []


async def test_usage_comes_only_when_asked_for_and_in_a_last_chunk_without_choices(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Every other chunk says null."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    *chunks, last, done = await frames_of(http, stream_options={"include_usage": True})
    assert done == "[DONE]"
    assert {one["usage"] for one in chunks} == {None}
    assert all(one["choices"] for one in chunks)
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 10)


async def test_a_stock_client_streams_with_the_helper_of_the_sdk(
    streaming: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The accumulated message is the answer."""
    ollama.queue(Reply(content="One two three."))
    async with streaming.chat.completions.stream(model=MODEL, messages=HI) as stream:
        final = await stream.get_final_completion()
    assert (final.choices[0].message.content, final.choices[0].finish_reason) == (
        "One two three.",
        "stop",
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_a_length_limit_is_told(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """finish_reason length, whichever of the two names the limit came under."""
    ollama.queue(Reply(content="Half a", done_reason="length"))
    body = {"model": MODEL, "messages": HI, "max_completion_tokens": 5, "max_tokens": 9}
    if stream:
        frames = await frames_of(http, **body)
        assert frames[-2]["choices"][0]["finish_reason"] == "length"
    else:
        answer = (await http.post(CHAT, json=body)).json()
        assert answer["choices"][0]["finish_reason"] == "length"
    assert ollama.chats[-1].body["options"]["num_predict"] == 5


@pytest.mark.parametrize(
    ("name", "fields", "route"),
    [
        ("llama3.2@chat", {}, "chat"),
        ("llama3.2@react", {}, "react"),
        ("llama3.2:latest@react", {}, "react"),
        ("llama3.2", {"agent_type": "react"}, "react"),
        ("llama3.2@react", {"agent_type": "chat"}, "chat"),
    ],
)
async def test_a_mode_is_asked_for_by_suffix_or_field(
    http: AsyncClient, ollama: OllamaDouble, name: str, fields: dict[str, str], route: str
) -> None:
    """The upstream sees the bare name, the caller its own."""
    ollama.queue(Reply(content="Done."))
    answer = (await http.post(CHAT, json={"model": name, "messages": HI, **fields})).json()
    assert (answer["model"], answer["x_agent"]["route"]) == (name, route)
    assert ollama.chats[-1].body["model"] == name.partition("@")[0]


async def test_an_unknown_suffix_is_part_of_the_name(http: AsyncClient) -> None:
    """Only the three exact suffixes are read."""
    answer = await http.post(CHAT, json={"model": "llama3.2@fast", "messages": HI})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


async def test_the_calls_of_client_tools_are_handed_back(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Content is null, arguments are a JSON string, and no tool of the server is offered."""
    calls = [Call(name="get_weather", arguments={"city": "Oslo"}), Call(name="get_weather")]
    ollama.queue(Reply(calls=calls))
    answer = await client.chat.completions.create(model=MODEL, messages=HI, tools=[weather_tool()])
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    functions = [
        call.function for call in choice.message.tool_calls or () if call.type == "function"
    ]
    assert [(one.name, one.arguments) for one in functions] == [
        ("get_weather", '{"city":"Oslo"}'),
        ("get_weather", "{}"),
    ]
    sent = ollama.chats[-1].body["tools"]
    assert [tool["function"]["name"] for tool in sent] == ["get_weather"]


async def test_streamed_calls_are_counted_across_the_stream(
    streaming: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Parallel calls, which Ollama sends in lines of their own, stay apart."""
    calls = [Call(name="get_weather", arguments={"city": name}) for name in ("Oslo", "Rome")]
    ollama.queue(Reply(calls=calls))
    async with streaming.chat.completions.stream(
        model=MODEL, messages=HI, tools=[weather_tool()]
    ) as stream:
        final = await stream.get_final_completion()
    made = final.choices[0].message.tool_calls or []
    assert [call.function.arguments for call in made] == ['{"city":"Oslo"}', '{"city":"Rome"}']
    assert len({call.id for call in made}) == 2
    assert final.choices[0].finish_reason == "tool_calls"


async def test_a_call_delta_is_whole_and_content_free(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Index, id, type, name and arguments, then the finish reason in a chunk of its own."""
    ollama.queue(Reply(calls=[Call(name="get_weather")]))
    frames = await frames_of(http, tools=[weather_tool()])
    deltas = [one["choices"][0]["delta"] for one in frames[:-1]]
    [call] = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert call == {
        "index": 0,
        "id": call["id"],
        "type": "function",
        "function": {"name": "get_weather", "arguments": "{}"},
    }
    assert call["id"].startswith("call_")


async def test_without_parallel_calls_only_the_first_is_kept(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Ollama has no such switch."""
    ollama.queue(Reply(calls=[Call(name="get_weather"), Call(name="get_weather")]))
    answer = await client.chat.completions.create(
        model=MODEL, messages=HI, tools=[weather_tool()], parallel_tool_calls=False
    )
    assert len(answer.choices[0].message.tool_calls or ()) == 1


async def test_a_tool_that_the_caller_did_not_name_never_reaches_it(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A hallucinated name is not passed on, and the answer does not claim a call."""
    ollama.queue(Reply(content="Let me see.", calls=[Call(name="rm_rf")]))
    body = {"model": MODEL, "messages": HI, "tools": [weather_tool()]}
    choice = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "Let me see.")
    assert "tool_calls" not in choice["message"]


async def test_tool_choice_none_sends_no_tools(http: AsyncClient, ollama: OllamaDouble) -> None:
    """And a named choice sends that tool alone."""
    ollama.queue(Reply(content="No."))
    tools = [weather_tool(), weather_tool("other")]
    body = {"model": MODEL, "messages": HI, "tools": tools, "tool_choice": "none"}
    assert (await http.post(CHAT, json=body)).status_code == 200
    assert "tools" not in ollama.chats[-1].body


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "function": {"name": "other"}},
    ],
)
async def test_a_demanded_call_is_made(
    http: AsyncClient, ollama: OllamaDouble, choice: Any
) -> None:
    """Ollama knows no tool_choice, so the call is asked for under a schema."""
    decision = {"thought": "", "tool": "other", "input": {"city": "Oslo"}}
    ollama.queue(Reply(content=orjson.dumps(decision).decode()))
    tools = [weather_tool(), weather_tool("other")]
    body = {"model": MODEL, "messages": HI, "tools": tools, "tool_choice": choice}
    answer = (await http.post(CHAT, json=body)).json()["choices"][0]
    function = answer["message"]["tool_calls"][0]["function"]
    assert (answer["finish_reason"], function) == (
        "tool_calls",
        {"name": "other", "arguments": '{"city":"Oslo"}'},
    )


async def test_allowed_tools_leaves_the_others_out(http: AsyncClient, ollama: OllamaDouble) -> None:
    """OpenAI's fourth form of tool_choice."""
    ollama.queue(Reply(content="No need."))
    named = {"type": "function", "function": {"name": "other"}}
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [named]}}
    tools = [weather_tool(), weather_tool("other")]
    body = {"model": MODEL, "messages": HI, "tools": tools, "tool_choice": choice}
    assert (await http.post(CHAT, json=body)).status_code == 200
    assert [one["function"]["name"] for one in ollama.chats[-1].body["tools"]] == ["other"]


async def test_a_result_of_a_client_tool_is_answered(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The conversation as a stock client sends it back reaches the model whole."""
    ollama.queue(Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]))
    body = {"model": MODEL, "messages": HI, "tools": [weather_tool()]}
    message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "rain"}
    ollama.queue(Reply(content="It rains."))
    body["messages"] = [*HI, message, result]
    answer = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    sent = ollama.chats[-1].body["messages"]
    assert answer["content"] == "It rains."
    assert [(one["role"], one.get("tool_name")) for one in sent] == [
        ("user", None),
        ("assistant", None),
        ("tool", "get_weather"),
    ]


async def test_client_tools_in_react_mode_end_the_turn_and_it_is_resumed(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What the server's own tool had found before is there again when the result comes."""
    ollama.queue(
        Reply(calls=[Call(name="math_calc", arguments={"expression": "6*7"})]),
        Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]),
    )
    asked = [{"role": "user", "content": "Six times seven, and the weather?"}]
    body = {"model": f"{MODEL}@react", "messages": asked, "tools": [weather_tool()]}
    first = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    [call] = first["message"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
    ollama.queue(Reply(content="42, and it rains."))
    result = {"role": "tool", "tool_call_id": call["id"], "content": "rain"}
    body["messages"] = [*asked, first["message"], result]
    second = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert second["message"]["content"] == "42, and it rains."
    sent = ollama.chats[-1].body["messages"]
    named = [one["tool_name"] for one in sent if one["role"] == "tool"]
    assert named == ["math_calc", "get_weather"]
    assert "42" in next(one["content"] for one in sent if one["role"] == "tool")


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


async def test_text_before_a_client_call_stays_content(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """As it does with OpenAI, streamed or not."""
    reply = Reply(content="Let me look.", calls=[Call(name="get_weather")])
    ollama.queue(reply, reply)
    body = {"model": MODEL, "messages": HI, "tools": [weather_tool()]}
    message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    assert (message["content"], len(message["tool_calls"])) == ("Let me look.", 1)
    assert joined(await frames_of(http, **body)) == "Let me look."


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


async def test_reasoning_of_a_thinking_model_is_kept_apart(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """In a plain chat too."""
    ollama.queue(Reply(thinking="Hm, hm.", content="Yes."))
    frames = await frames_of(http, model="qwen3:8b@chat", reasoning_effort="high")
    assert (joined(frames, "reasoning_content"), joined(frames)) == ("Hm, hm.", "Yes.")
    assert ollama.chats[-1].body["think"] == "high"


async def test_an_answer_of_a_given_form_is_asked_for_under_its_schema(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """response_format json_schema becomes Ollama's format."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    ollama.queue(Reply(content='{"n": 1}'))
    answer = await client.chat.completions.create(model=MODEL, messages=HI, response_format=form)
    assert answer.choices[0].message.content == '{"n": 1}'
    assert ollama.chats[-1].body["format"] == schema


async def test_an_answer_that_is_not_json_is_not_passed_off_as_json(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """An explicit failure instead of broken JSON with a good end; cut short, it says length."""
    body = {"model": MODEL, "messages": HI, "response_format": {"type": "json_object"}}
    ollama.queue(Reply(content="Sure! Here it is"), Reply(content="Sure! Here it is"))
    answer = await http.post(CHAT, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_garbage")
    frames = await frames_of(http, **body)
    assert frames[-1]["error"]["code"] == "upstream_garbage"
    ollama.queue(Reply(content='{"a": ', done_reason="length"))
    cut = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert (cut["finish_reason"], cut["message"]["content"]) == ("length", '{"a": ')


async def test_null_and_unknown_fields_do_no_harm(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Clients send None for what they do not set, and fields of other servers."""
    names = [
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "seed",
        "n",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "modalities",
        "audio",
        "functions",
        "function_call",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "store",
        "metadata",
        "user",
        "stream",
        "stream_options",
        "service_tier",
        "agent_type",
        "session_id",
        "on_disconnect",
        "top_k",
        "min_p",
        "keep_alive",
        "prediction",
        "verbosity",
        "web_search_options",
        "prompt_cache_key",
        "safety_identifier",
    ]
    echoed = {
        "role": "assistant",
        "content": "x",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
        "reasoning_content": "y",
    }
    body = {"model": MODEL, "messages": [*HI, echoed, *HI], **dict.fromkeys(names)}
    body |= {"chat_template_kwargs": {"a": 1}, "top_k": 5, "logit_bias": {}}
    answer = await http.post(CHAT, json=body)
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["options"]["top_k"] == 5


async def test_the_models_are_listed_and_described(client: AsyncOpenAI) -> None:
    """Base names only; ids may hold colons, and a missing one is a 404 naming the field."""
    listed = [model.id async for model in await client.models.list()]
    assert {"builtin", "llama3.2:latest", "qwen3:8b"} <= set(listed)
    assert [name for name in listed if "@" in name] == []
    found = await client.models.retrieve("qwen3:8b")
    assert (found.id, found.object, found.owned_by) == ("qwen3:8b", "model", "library")


async def test_many_answers_at_once_do_not_mix(
    http: AsyncClient, ollama: OllamaDouble, server: LiveServer
) -> None:
    """Each stream carries its own words."""
    asked = [[{"role": "user", "content": f"Hello number {n}"}] for n in range(20)]
    found = await asyncio.gather(
        *(frames_of(http, model=f"{MODEL}@chat", messages=messages) for messages in asked)
    )
    assert [joined(frames) for frames in found] == [f"echo: Hello number {n}" for n in range(20)]
