"""Responses as openai-python sees them, plain, streamed and through its stream helper."""

from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel

from tests.fakes.capable_model import capable
from tests.fakes.completions import MODEL
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.sdk_responses import FUNCTION, QUESTION, Respond, joined

OSLO = Call(name="get_weather", arguments={"city": "Oslo"})
ROME = Call(name="get_weather", arguments={"city": "Rome"})
OSLO_TEXT = '{"city":"Oslo"}'
ADA = '{"name": "Ada", "age": 36}'


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def test_the_text_is_the_models(respond: Respond, ollama: OllamaDouble) -> None:
    """With the requested model, an id, a time and the upstream's counters."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    given = respond()
    whole = given.whole
    assert (given.text, whole.status, whole.model) == ("I am well.", "completed", MODEL)
    usage = whole.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (7, 3, 10)
    assert (whole.id[:5], whole.created_at > 1_700_000_000) == ("resp_", True)
    assert (whole.error, whole.incomplete_details) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 世界 🎉",
        'quotes " and \\ and\nlines\t',
        "data: [DONE]\n\nevent: x",
        "</s> <b>&amp;</b>",
    ],
    ids=["unicode", "escapes", "looks like an event", "markup"],
)
def test_text_arrives_as_it_was_written(respond: Respond, ollama: OllamaDouble, text: str) -> None:
    """Nothing is trimmed, escaped twice or cut; the deltas join to it."""
    ollama.queue(Reply(content=text))
    given = respond(model="llama3.2@chat")
    assert given.text == text
    if given.events:
        assert joined(given.events, "output_text") == text


def test_an_empty_answer_is_a_message_nevertheless(respond: Respond, ollama: OllamaDouble) -> None:
    """Clients look at the text of the first message blindly."""
    ollama.queue(Reply(content=""))
    given = respond(model="llama3.2@chat")
    assert (given.text, given.kinds, given.whole.status) == ("", ["message"], "completed")


def test_an_answer_cut_by_its_limit_is_incomplete(respond: Respond, ollama: OllamaDouble) -> None:
    """With the reason; the stream's last event is named for it."""
    ollama.queue(Reply(content="Half a", done_reason="length"))
    if respond.way == "helper":
        with pytest.raises(RuntimeError):  # the helper waits for response.completed alone
            respond(max_output_tokens=16)
        return
    given = respond(max_output_tokens=16)
    assert (given.text, given.whole.status) == ("Half a", "incomplete")
    assert given.whole.incomplete_details.reason == "max_output_tokens"
    assert given.told[-1:] == (["incomplete"] if given.events else [])


def test_reasoning_stands_before_the_answer(respond: Respond, ollama: OllamaDouble) -> None:
    """As an item of its own, with a summary when one was asked for."""
    ollama.queue(Reply(thinking="Hm, hm.", content="Yes."))
    given = respond(model="qwen3:8b@chat", reasoning={"effort": "high", "summary": "auto"})
    assert (given.kinds, given.text) == (["reasoning", "message"], "Yes.")
    assert "".join(part.text for part in given.whole.output[0].summary) == "Hm, hm."
    assert ollama.chats[-1].body["think"] == "high"


def test_instructions_are_the_system_message(respond: Respond, ollama: OllamaDouble) -> None:
    """And are echoed."""
    given = respond(instructions="Be brief.")
    assert given.whole.instructions == "Be brief."
    system = [one for one in ollama.chats[-1].body["messages"] if one["role"] == "system"]
    assert any("Be brief." in one["content"] for one in system)


def test_a_conversation_may_be_given_as_items(respond: Respond, ollama: OllamaDouble) -> None:
    """Messages in every role, with texts or parts, and answers as they came."""
    ollama.queue(Reply(content="Fine."))
    said: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
        },
        {"role": "user", "content": "How are you?"},
    ]
    assert respond(said).text == "Fine."
    sent = ollama.chats[-1].body["messages"]
    assert [one["content"] for one in sent[-3:]] == ["Hello", "Hi.", "How are you?"]


def test_an_image_reaches_a_model_that_sees(respond: Respond, ollama: OllamaDouble) -> None:
    """As base64, without the data URI around it."""
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{pixel}", "detail": "low"}
    ollama.queue(Reply(content="A dot."))
    said = [{"role": "user", "content": [{"type": "input_text", "text": "What is it?"}, image]}]
    assert respond(said, model="llava@chat").text == "A dot."
    assert ollama.chats[-1].body["messages"][-1]["images"] == [pixel]


def test_a_call_is_handed_to_the_caller(respond: Respond, ollama: OllamaDouble) -> None:
    """With ids of its own, a name, and arguments as one JSON text."""
    ollama.queue(Reply(calls=[OSLO]))
    given = respond(tools=[FUNCTION])
    assert (given.calls, given.whole.status) == ([("get_weather", OSLO_TEXT)], "completed")
    [item] = given.whole.output
    assert (item.call_id[:5], item.id[:3], item.status) == ("call_", "fc_", "completed")
    if given.events:
        assert joined(given.events, "function_call_arguments") == OSLO_TEXT


@pytest.mark.parametrize("form", [{}, {"calls_in_done_line": True}, {"call_ids": False}], ids=str)
def test_parallel_calls_stay_apart(
    respond: Respond, ollama: OllamaDouble, form: dict[str, bool]
) -> None:
    """However the upstream writes them, each has an id and a place of its own."""
    ollama.queue(Reply(calls=[OSLO, ROME], **form))
    given = respond(tools=[FUNCTION])
    assert [text for _, text in given.calls] == [OSLO_TEXT, '{"city":"Rome"}']
    assert len({one.call_id for one in given.whole.output}) == 2


def test_one_call_at_most_when_asked_so(respond: Respond, ollama: OllamaDouble) -> None:
    """Ollama has no such switch."""
    ollama.queue(Reply(calls=[OSLO, ROME]))
    given = respond(tools=[FUNCTION], parallel_tool_calls=False)
    assert given.calls == [("get_weather", OSLO_TEXT)]


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "name": "get_weather"},
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "get_weather"}],
        },
    ],
    ids=["required", "named", "allowed"],
)
def test_a_demanded_call_is_made(respond: Respond, ollama: OllamaDouble, choice: Any) -> None:
    """Though Ollama has no tool_choice, and nobody spoke of tools."""
    ollama.script(capable)
    given = respond("Hello!", tools=[FUNCTION], tool_choice=choice)
    assert [name for name, _ in given.calls] == ["get_weather"]


def test_no_tool_is_called_when_none_may_be(respond: Respond, ollama: OllamaDouble) -> None:
    """Not even one that the model would like to call."""
    ollama.script(capable)
    given = respond("Use the tool get_weather", tools=[FUNCTION], tool_choice="none")
    assert (given.calls, given.kinds) == ([], ["message"])


def test_a_turn_goes_on_with_the_result(respond: Respond, ollama: OllamaDouble) -> None:
    """By the id of the response that called."""
    ollama.queue(Reply(calls=[OSLO]), Reply(content="Mild."))
    [call] = respond(tools=[FUNCTION]).whole.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "mild"}
    again = respond([result], tools=[FUNCTION], previous_response_id=_of(respond))
    assert again.text == "Mild."
    sent = ollama.chats[-1].body["messages"]
    assert [one["content"] for one in sent if one["role"] == "tool"] == ["mild"]


def _of(respond: Respond) -> str:
    """Give the response that was asked for last, as the client would read its id."""
    assert respond.last is not None
    return respond.last.id


def test_a_turn_goes_on_without_the_server_keeping_it(
    respond: Respond, ollama: OllamaDouble
) -> None:
    """The output items are sent back as they came."""
    ollama.queue(Reply(calls=[OSLO]), Reply(content="Mild."))
    said: list[Any] = [{"role": "user", "content": "Weather in Oslo?"}]
    first = respond(said, tools=[FUNCTION], store=False).whole
    said += [
        item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output
    ]
    said.append({
        "type": "function_call_output",
        "call_id": first.output[0].call_id,
        "output": "mild",
    })
    assert respond(said, tools=[FUNCTION], store=False).text == "Mild."


@pytest.mark.parametrize("strict", [True, False])
def test_a_schema_reaches_the_model(
    respond: Respond, ollama: OllamaDouble, *, strict: bool
) -> None:
    """As Ollama's `format`; what was not said of it is not echoed as null."""
    ollama.queue(Reply(content=ADA))
    form = {
        "type": "json_schema",
        "name": "person",
        "schema": {**Person.model_json_schema(), "additionalProperties": False},
        "strict": strict,
    }
    given = respond(text={"format": form})
    assert Person.model_validate_json(given.text) == Person(name="Ada", age=36)
    assert set(ollama.chats[-1].body["format"]["properties"]) == {"name", "age"}
    assert "description" not in given.whole.text.format.model_fields_set


def test_a_json_object_is_json(respond: Respond, ollama: OllamaDouble) -> None:
    """Ollama's own JSON mode."""
    ollama.queue(Reply(content=ADA))
    given = respond("Give me JSON", text={"format": {"type": "json_object"}})
    assert Person.model_validate_json(given.text).name == "Ada"
    assert ollama.chats[-1].body["format"] == "json"


def test_parse_gives_the_model(client: OpenAI, ollama: OllamaDouble) -> None:
    """From the answer's text."""
    ollama.queue(Reply(content=ADA))
    parsed = client.responses.parse(model=MODEL, input=QUESTION, text_format=Person)
    assert parsed.output_parsed == Person(name="Ada", age=36)


def test_the_stream_helper_parses_at_the_end(client: OpenAI, ollama: OllamaDouble) -> None:
    """With the same model."""
    ollama.queue(Reply(content=ADA))
    with client.responses.stream(model=MODEL, input=QUESTION, text_format=Person) as stream:
        stream.until_done()
        assert stream.get_final_response().output_parsed == Person(name="Ada", age=36)


@pytest.mark.parametrize(
    ("field", "value", "option"),
    [
        ("temperature", 0.25, "temperature"),
        ("temperature", 0, "temperature"),
        ("top_p", 0.5, "top_p"),
        ("max_output_tokens", 17, "num_predict"),
    ],
)
def test_sampling_reaches_the_model_and_is_echoed(
    respond: Respond, ollama: OllamaDouble, field: str, value: Any, option: str
) -> None:
    """Under Ollama's name, and under OpenAI's."""
    given = respond(**{field: value})
    assert ollama.chats[-1].body["options"][option] == value
    assert getattr(given.whole, field) == value


def test_what_was_asked_is_echoed(respond: Respond) -> None:
    """Every field that answers of OpenAI have, also those without effect."""
    given = respond(
        metadata={"a": "b"},
        tools=[FUNCTION],
        service_tier="default",
        truncation="auto",
        user="ada",
        safety_identifier="ada",
        prompt_cache_key="k",
        max_tool_calls=3,
    ).whole
    assert (given.metadata, given.truncation, given.max_tool_calls) == ({"a": "b"}, "auto", 3)
    assert [one.name for one in given.tools] == ["get_weather"]
    assert (given.parallel_tool_calls, given.tool_choice) == (True, "auto")
    assert (given.user, given.safety_identifier, given.prompt_cache_key) == ("ada", "ada", "k")


def test_events_are_numbered_and_in_order(client: OpenAI, ollama: OllamaDouble) -> None:
    """Created, in progress, item, part, text, and all of them closed again."""
    ollama.queue(Reply(content=["One ", "two."]))
    events = Respond(client, "streamed")().events
    assert [event.sequence_number for event in events] == list(range(len(events)))
    told = [event.type.removeprefix("response.") for event in events]
    deltas = [one for one in told if one != "output_text.delta"]
    assert deltas == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert {one.response.id for one in (events[0], events[1], events[-1])} == {
        events[-1].response.id
    }


def test_log_probabilities_come_when_asked_for(respond: Respond, ollama: OllamaDouble) -> None:
    """With as many others as were wanted."""
    ollama.queue(Reply(content=["One ", "two."]))
    given = respond(top_logprobs=2, include=["message.output_text.logprobs"])
    probabilities = given.whole.output[0].content[0].logprobs
    assert "".join(one.token for one in probabilities) == "One two."
    assert {len(one.top_logprobs) for one in probabilities} == {2}


async def test_the_asynchronous_client_asks_and_streams(
    aclient: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The same."""
    ollama.queue(Reply(content="Fine."), Reply(content=["One ", "two."]))
    plain = await aclient.responses.create(model=MODEL, input=QUESTION)
    assert plain.output_text == "Fine."
    stream = await aclient.responses.create(model=MODEL, input=QUESTION, stream=True)
    assert joined([event async for event in stream], "output_text") == "One two."


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"tools": [{"type": "function", "name": "a b"}]}, "tools[0].name"),
        ({"tools": [{"type": "teleport"}]}, "tools[0].type"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format.type"),
        ({"include": ["everything"]}, "include"),
        ({"background": True, "store": False}, "background"),
        ({"metadata": {"a": "x" * 513}}, "metadata.a"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_what_is_wrong_is_named(client: OpenAI, body: Any, param: str, *, stream: bool) -> None:
    """As a status, before any event."""
    asked: Any = {"model": MODEL, "input": QUESTION, "stream": stream, **body}
    with pytest.raises(BadRequestError) as refused:
        client.responses.create(**asked)
    assert refused.value.param == param


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    "body",
    [
        {"model": "none"},
        {"previous_response_id": "resp_none"},
        {"conversation": "conv_none"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_is_missing_is_not_found(client: OpenAI, body: Any, *, stream: bool) -> None:
    """A model, a response, a conversation."""
    asked: Any = {"model": MODEL, "input": QUESTION, "stream": stream, **body}
    with pytest.raises((NotFoundError, BadRequestError)) as missing:
        client.responses.create(**asked)
    assert missing.value.param == next(iter(body))
