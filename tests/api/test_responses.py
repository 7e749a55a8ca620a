"""`/v1/responses`: answers given at once, streamed, and read again, through a strict stock client."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI
from pydantic import BaseModel

from tests.fakes.completions import MODEL
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply
from tests.fakes.responses import RESPONSES, ask, events, events_in, refused, texts, types

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
TEXT = ["output_item.added", "content_part.added", "output_text.delta", "output_text.done"]
TEXT_DONE = ["content_part.done", "output_item.done"]


class Place(BaseModel):
    """What a structured answer holds."""

    city: str


async def test_an_answer_has_every_field_and_is_read_again(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """What OpenAI always tells is there and not null, the request is echoed."""
    ollama.queue(Reply(content="Fine."))
    made = await client.responses.create(
        model=MODEL, input="Hello, how are you?", instructions="Be kind.", metadata={"a": "1"}
    )
    assert (made.status, made.output_text) == ("completed", "Fine.")
    assert made.id.startswith("resp_")
    assert made.instructions == "Be kind."
    assert made.metadata == {"a": "1"}
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    told = made.model_dump()
    for name in ("temperature", "top_p", "tool_choice", "truncation", "background", "store"):
        assert told[name] is not None
    assert ollama.chats[-1].body["messages"][0] == {"role": "system", "content": "Be kind."}
    assert await client.responses.retrieve(made.id) == made


async def test_a_stream_tells_everything_in_order(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Numbered from 0, the item announced before its text, the whole response at the end."""
    ollama.queue(Reply(content="Fine."))
    found = await events(http)
    assert types(found) == ["created", "in_progress", *TEXT, *TEXT_DONE, "completed"]
    assert [one["sequence_number"] for one in found] == list(range(len(found)))
    whole = found[-1]["response"]
    assert (await http.get(f"{RESPONSES}/{whole['id']}")).json() == whole
    [message] = whole["output"]
    assert {one["item_id"] for one in found if "item_id" in one} == {message["id"]}
    assert found[0]["response"]["id"] == whole["id"]


async def test_the_stock_stream_helper_takes_it(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """It checks that ids and types do not change, and gathers the text."""
    ollama.queue(Reply(thinking="Let me see.", content="Fine."))
    async with client.responses.stream(
        model=MODEL, input="Hello", reasoning={"summary": "auto"}
    ) as stream:
        final = await stream.get_final_response()
    assert final.output_text == "Fine."
    reasoning = final.output[0]
    assert reasoning.type == "reasoning"
    assert [one.text for one in reasoning.summary] == ["Let me see."]


async def test_calls_are_handed_back_and_gone_on_from(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """By the earlier response's id, without its instructions."""
    ollama.queue(Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]))
    made = await client.responses.create(
        model=MODEL, input="Weather?", tools=[WEATHER], instructions="Be kind."
    )
    [call] = made.output
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Oslo"}')
    ollama.queue(Reply(content="Sunny."))
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "sun"}
    after = await client.responses.create(
        model=MODEL, input=[result], tools=[WEATHER], previous_response_id=made.id
    )
    assert (after.output_text, after.previous_response_id) == ("Sunny.", made.id)
    sent = ollama.chats[-1].body["messages"]
    assert [one["role"] for one in sent] == ["user", "assistant", "tool"]
    listed = [one async for one in client.responses.input_items.list(after.id)]
    assert [one.type for one in listed] == ["function_call_output"]


async def test_streamed_calls_keep_their_ids(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """Two calls of one tool are two items."""
    calls = [Call(name="get_weather", arguments={"city": name}) for name in ("Oslo", "Rome")]
    ollama.queue(Reply(calls=calls))
    async with client.responses.stream(model=MODEL, input="Hi", tools=[WEATHER]) as stream:
        final = await stream.get_final_response()
    assert [one.type for one in final.output] == ["function_call", "function_call"]
    assert len({one.id for one in final.output}) == 2


async def test_a_custom_tool_takes_plain_text(http: AsyncClient, ollama: OllamaDouble) -> None:
    """The model fills one text; the caller gets it bare, and gives its result under the call's id."""
    ollama.queue(Reply(calls=[Call(name="run", arguments={"input": "ls -l"})]))
    tool = {"type": "custom", "name": "run", "description": "Runs a command."}
    found = await events(http, "List it", tools=[tool])
    assert "custom_tool_call_input.done" in types(found)
    [call] = found[-1]["response"]["output"]
    assert (call["type"], call["name"], call["input"]) == ("custom_tool_call", "run", "ls -l")
    ollama.queue(Reply(content="Two files."))
    result = {"type": "custom_tool_call_output", "call_id": call["call_id"], "output": "a b"}
    previous = found[-1]["response"]["id"]
    after = await ask(http, [result], tools=[tool], previous_response_id=previous)
    assert texts(after) == "Two files."
    items = [{"role": "user", "content": "List it"}, {**call, "type": "custom_tool_call"}, result]
    ollama.queue(Reply(content="Two files."))
    assert texts(await ask(http, items, tools=[tool], store=False)) == "Two files."
    [told] = ollama.chats[-1].body["messages"][1]["tool_calls"]
    assert told["function"]["arguments"] == {"input": "ls -l"}


async def test_a_structured_answer_is_parsed(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """The schema stands flat in text.format and reaches the model."""
    ollama.queue(Reply(content='{"city": "Oslo"}'))
    made = await client.responses.parse(model=MODEL, input="Where?", text_format=Place)
    assert made.output_parsed == Place(city="Oslo")
    assert ollama.chats[-1].body["format"]["properties"]["city"]


@pytest.mark.parametrize(
    ("asked", "told"), [("auto", "default"), ("flex", "flex"), ("fast", "priority")]
)
async def test_a_service_tier_is_told_as_openai_tells_it(
    http: AsyncClient, asked: str, told: str
) -> None:
    """It changes nothing here."""
    assert (await ask(http, service_tier=asked))["service_tier"] == told


async def test_an_answer_cut_by_its_limit_is_incomplete(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The reason is told, in a stream by another last event."""
    ollama.queue(Reply(content="Once upon", done_reason="length"))
    made = await ask(http, max_output_tokens=16)
    assert (made["status"], made["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_output_tokens"},
    )
    ollama.queue(Reply(content="Once upon", done_reason="length"))
    assert types(await events(http, max_output_tokens=16))[-1] == "incomplete"


async def test_a_conversation_is_read_and_written(http: AsyncClient, ollama: OllamaDouble) -> None:
    """By its id or an object; instructions are not kept in it."""
    first = await http.post("/v1/chat/completions", json={
        "model": MODEL, "messages": [{"role": "user", "content": "I am Ann."}], "store": True,
    })  # fmt: skip
    session = first.headers["x-session-id"]
    ollama.queue(Reply(content="Ann."))
    made = await ask(http, "Who am I?", conversation={"id": session}, instructions="Be short.")
    assert (texts(made), made["conversation"]) == ("Ann.", {"id": session})
    sent = [one["content"] for one in ollama.chats[-1].body["messages"]]
    assert sent[0] == "Be short."
    assert "I am Ann." in sent
    kept = (await http.get(f"/api/conversations/{session}")).json()["messages"]
    assert [one["message"]["role"] for one in kept] == ["user", "assistant", "user", "assistant"]


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"previous_response_id": "resp_gone"}, 400, "previous_response_id"),
        ({"conversation": "conv_gone"}, 404, "conversation"),
        ({"conversation": "gone"}, 400, "conversation"),
        ({"max_output_tokens": 15}, 400, "max_output_tokens"),
        ({"service_tier": "first class"}, 400, "service_tier"),
        ({"previous_response_id": "a", "conversation": "b"}, 400, "previous_response_id"),
        ({"input": None}, 400, "input"),
        ({"input": []}, 400, "input"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": ""}]}, 400, "input"),
        ({"conversation": {}}, 400, "conversation.id"),
        ({"model": None}, 400, "model"),
        ({"input": [{"type": "nonsense"}]}, 400, "input[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "x"}]}]},
            400,
            "input[0].content[0].type",
        ),
        ({"input": [{"type": "item_reference", "id": "msg_x"}]}, 404, "input[0].id"),
        ({"tools": [{"type": "computer_use_preview"}]}, 400, "tools[0].type"),
        ({"tools": [{"type": "image_generation"}]}, 400, "tools[0].type"),
        (
            {"tools": [{"type": "custom", "name": "x", "format": {"type": "grammar"}}]},
            400,
            "tools[0].format",
        ),
        ({"tools": [{"type": "mcp", "server_label": "a"}]}, 400, "tools[0].server_url"),
        ({"tools": [{"type": "function", "name": "a b"}]}, 400, "tools[0].name"),
        ({"tools": [{"type": "file_search"}]}, 400, "tools[0].vector_store_ids"),
        (
            {"tools": [{"type": "file_search", "vector_store_ids": ["vs_x"]}]},
            404,
            "tools[0].vector_store_ids[0]",
        ),
        ({"tools": [WEATHER], "tool_choice": {"type": "file_search"}}, 400, "tool_choice"),
        ({"tool_choice": "required"}, 400, "tool_choice"),
        ({"text": {"format": {"type": "json_schema", "name": "a"}}}, 400, "text.format.schema"),
        ({"prompt": {"id": "pmpt_1"}}, 400, "prompt"),
        ({"include": ["everything"]}, 400, "include"),
        ({"background": True, "store": False}, 400, "background"),
        ({"temperature": 3}, 400, "temperature"),
        ({"stream_options": {"include_obfuscation": False}}, 400, "stream_options"),
        ({"model": "nobody-has-this"}, 404, "model"),
    ],
)
async def test_what_cannot_be_had_is_refused_by_its_name(
    http: AsyncClient, body: Any, status: int, param: str
) -> None:
    """Before anything runs, in OpenAI's shape."""
    assert (await refused(http, **body))[:2] == (status, param)


async def test_null_is_as_good_as_absent(http: AsyncClient, ollama: OllamaDouble) -> None:
    """For every optional field."""
    ollama.queue(Reply(content="Fine."))
    names = (await http.get("/openapi.json")).json()["components"]["schemas"]["ResponseRequest"]
    optional = dict.fromkeys(set(names["properties"]) - {"model", "input"})
    assert texts(await ask(http, **optional)) == "Fine."


async def test_a_response_that_is_not_stored_cannot_be_read(http: AsyncClient) -> None:
    """Nor gone on from."""
    made = await ask(http, store=False)
    assert (await http.get(f"{RESPONSES}/{made['id']}")).status_code == 404
    assert (await refused(http, previous_response_id=made["id"]))[0] == 400


async def test_somebody_elses_response_is_a_missing_one(
    http: AsyncClient, mine: AsyncClient
) -> None:
    """In every way of asking for it."""
    made = await ask(http)
    path = f"{RESPONSES}/{made['id']}"
    for answer in (
        await mine.get(path),
        await mine.delete(path),
        await mine.post(f"{path}/cancel"),
        await mine.get(f"{path}/input_items"),
        await mine.get(f"{path}?stream=true"),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "invalid_request_error"
    assert (await refused(mine, previous_response_id=made["id"]))[0] == 400
    assert (await http.get(path)).status_code == 200


async def test_a_deleted_response_is_gone(client: AsyncOpenAI, http: AsyncClient) -> None:
    """And says so."""
    made = await ask(http)
    await client.responses.delete(made["id"])
    assert (await http.get(f"{RESPONSES}/{made['id']}")).status_code == 404
    assert (await http.delete(f"{RESPONSES}/{made['id']}")).status_code == 404


async def test_a_chain_goes_on_past_a_response_that_was_deleted(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What was deleted is told to no model any more, and a result of its call neither."""
    first = await ask(http, "One")
    ollama.queue(Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]))
    second = await ask(http, "Two", tools=[WEATHER], previous_response_id=first["id"])
    result = {
        "type": "function_call_output",
        "call_id": second["output"][0]["call_id"],
        "output": "sun",
    }
    third = await ask(http, [result], tools=[WEATHER], previous_response_id=second["id"])
    assert (await http.delete(f"{RESPONSES}/{second['id']}")).status_code == 200
    await ask(http, "Four", previous_response_id=third["id"])
    sent = [one["content"] for one in ollama.chats[-1].body["messages"]]
    assert sent == ["One", texts(first), texts(third), "Four"]


async def test_items_are_referred_to_and_listed(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Items of the input have ids too, and pages go on behind one of them."""
    made = await ask(http, [{"role": "user", "content": f"Part {n}"} for n in range(3)])
    path = f"{RESPONSES}/{made['id']}/input_items"
    page = (await http.get(path, params={"order": "asc", "limit": 2})).json()
    assert [one["content"][0]["text"] for one in page["data"]] == ["Part 0", "Part 1"]
    assert page["has_more"] is True
    rest = (await http.get(path, params={"order": "asc", "after": page["last_id"]})).json()
    assert [one["content"][0]["text"] for one in rest["data"]] == ["Part 2"]
    assert rest["has_more"] is False
    ollama.queue(Reply(content="Yes."))
    named = [page["data"][1]["id"], made["output"][0]["id"]]
    await ask(http, [*({"type": "item_reference", "id": one} for one in named), {"role": "user", "content": "So?"}])  # fmt: skip
    sent = [one["content"] for one in ollama.chats[-1].body["messages"]]
    assert sent == ["Part 1", texts(made), "So?"]


async def test_tokens_are_counted_without_an_answer(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Tools and instructions count too."""
    bare = await client.responses.input_tokens.count(model=MODEL, input="Hello there")
    more = await client.responses.input_tokens.count(
        model=MODEL, input="Hello there", tools=[WEATHER], instructions="Be very kind to me."
    )
    assert 0 < bare.input_tokens < more.input_tokens
    assert ollama.chats == []


async def test_an_upstream_that_fails_is_a_status_before_the_first_event(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Streamed or not."""
    for stream in (False, True):
        ollama.queue(Reply(error="broken", status=500))
        answer = await http.post(
            RESPONSES, json={"model": MODEL, "input": "Hello", "stream": stream}
        )
        assert answer.status_code == 502
        assert answer.json()["error"]["type"] == "upstream_error"


async def test_a_failure_in_the_middle_is_an_event(http: AsyncClient, ollama: OllamaDouble) -> None:
    """What was said stays, the response has failed, and is kept so."""
    ollama.queue(Reply(content="One two three", fault=Fault(kind="cut", after=2)))
    found = await events(http)
    whole = found[-1]["response"]
    assert types(found)[-1] == "failed"
    assert (whole["status"], whole["error"]["code"]) == ("failed", "server_error")
    assert (await http.get(f"{RESPONSES}/{whole['id']}")).json() == whole


async def test_a_kept_stream_is_told_again(http: AsyncClient) -> None:
    """Its text in one piece."""
    made = await ask(http)
    again = await http.get(f"{RESPONSES}/{made['id']}", params={"stream": True})
    found = events_in(again.text)
    assert types(found) == ["created", "in_progress", *TEXT, *TEXT_DONE, "completed"]
    assert found[-1]["response"] == made
