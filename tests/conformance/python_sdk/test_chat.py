"""Chat completions as openai-python sees them, plain, streamed and through its stream helper."""

from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncOpenAI, LengthFinishReasonError, OpenAI

from tests.fakes.completions import HI, MODEL
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.sdk_chat import Chat


def options(ollama: OllamaDouble) -> dict[str, Any]:
    return ollama.chats[-1].body["options"]


def test_the_text_is_the_models(chat: Chat, ollama: OllamaDouble) -> None:
    """With the requested model, an id, a time and the upstream's counters."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    said = chat()
    assert (said.content, said.finish, said.model) == ("I am well.", "stop", MODEL)
    assert said.tokens == (7, 3, 10)
    assert (said.id[:9], said.created > 1_700_000_000) == ("chatcmpl-", True)


@pytest.mark.parametrize(
    "text",
    ["Grüße, 世界 🎉", 'quotes " and \\ and\nlines\t', "data: [DONE]\n\n", "</s> <b>&amp;</b>"],
    ids=["unicode", "escapes", "looks like an event", "markup"],
)
def test_text_arrives_as_it_was_written(chat: Chat, ollama: OllamaDouble, text: str) -> None:
    """Nothing is trimmed, escaped twice or cut."""
    ollama.queue(Reply(content=text))
    assert chat(model="llama3.2@chat").content == text


def test_an_answer_cut_by_its_limit_says_so(chat: Chat, ollama: OllamaDouble) -> None:
    """finish_reason length, which the helper turns into an error of its own; the newer limit wins."""
    ollama.queue(Reply(content="Half a", done_reason="length"))
    if chat.way == "helper":
        with pytest.raises(LengthFinishReasonError) as cut:
            chat(max_completion_tokens=5)
        assert cut.value.completion.choices[0].message.content == "Half a"
    else:
        said = chat(max_completion_tokens=5, max_tokens=9)
        assert (said.content, said.finish) == ("Half a", "length")
    assert options(ollama)["num_predict"] == 5


def test_reasoning_stands_beside_the_answer(chat: Chat, ollama: OllamaDouble) -> None:
    """Under the name that clients read, never inside the text."""
    ollama.queue(Reply(thinking="Hm, hm.", content="Yes."))
    said = chat(model="qwen3:8b@chat", reasoning_effort="high")
    assert (said.reasoning, said.content) == ("Hm, hm.", "Yes.")
    assert ollama.chats[-1].body["think"] == "high"


@pytest.mark.parametrize(
    ("effort", "think"), [("none", False), ("minimal", "low"), ("xhigh", "max")]
)
def test_efforts_that_ollama_lacks_are_translated(
    client: OpenAI, ollama: OllamaDouble, effort: Any, think: Any
) -> None:
    """To the nearest that it has."""
    client.chat.completions.create(model="qwen3:8b@chat", messages=HI, reasoning_effort=effort)
    assert ollama.chats[-1].body["think"] == think


@pytest.mark.parametrize(
    ("field", "value", "option", "seen"),
    [
        ("temperature", 0.25, "temperature", 0.25),
        ("temperature", 0, "temperature", 0),
        ("top_p", 0.5, "top_p", 0.5),
        ("presence_penalty", -1.5, "presence_penalty", -1.5),
        ("frequency_penalty", 1.5, "frequency_penalty", 1.5),
        ("seed", 42, "seed", 42),
        ("stop", "END", "stop", ["END"]),
        ("stop", ["a", "b", "c", "d"], "stop", ["a", "b", "c", "d"]),
        ("max_tokens", 17, "num_predict", 17),
    ],
)
def test_sampling_reaches_the_model(
    client: OpenAI, ollama: OllamaDouble, field: str, value: Any, option: str, seen: Any
) -> None:
    """Under Ollama's names."""
    given: Any = {field: value}
    client.chat.completions.create(model=MODEL, messages=HI, **given)
    assert options(ollama)[option] == seen


@pytest.mark.parametrize(
    "name",
    ["temperature", "top_p", "stop", "seed", "n", "max_tokens", "max_completion_tokens", "tools",
     "tool_choice", "response_format", "logprobs", "top_logprobs", "logit_bias", "metadata", "user",
     "presence_penalty", "frequency_penalty", "parallel_tool_calls", "reasoning_effort", "store",
     "service_tier", "modalities", "audio", "prediction", "functions", "function_call"],
)  # fmt: skip
def test_null_is_as_good_as_nothing(client: OpenAI, ollama: OllamaDouble, name: str) -> None:
    """Python dictionaries often carry None."""
    ollama.queue(Reply(content="Fine."))
    answer = client.chat.completions.create(model=MODEL, messages=HI, extra_body={name: None})
    assert answer.choices[0].message.content == "Fine."


def test_every_role_of_a_conversation_is_taken(chat: Chat, ollama: OllamaDouble) -> None:
    """developer is system; what earlier answers carried is tolerated."""
    ollama.queue(Reply(content="Fine."))
    messages: list[Any] = [
        {"role": "developer", "content": "Be brief.", "name": "dev"},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": "Hi.", "refusal": None, "annotations": [], "audio": None},
        {"role": "assistant", "content": None, "function_call": None, "reasoning_content": "Hm."},
        {"role": "user", "content": "How are you?", "name": "ada"},
    ]
    assert chat(messages=messages).content == "Fine."
    sent = ollama.chats[-1].body["messages"]
    assert (sent[0]["role"], sent[-1]["content"]) == ("system", "How are you?")


def test_an_answer_can_be_sent_back_as_it_is(client: OpenAI, ollama: OllamaDouble) -> None:
    """Clients append the message object that they got."""
    ollama.queue(Reply(content="I am well."), Reply(content="Bye."))
    first = client.chat.completions.create(model=MODEL, messages=HI)
    messages: list[Any] = [*HI, first.choices[0].message, {"role": "user", "content": "Bye"}]
    second = client.chat.completions.create(model=MODEL, messages=messages)
    assert second.choices[0].message.content == "Bye."
    assert ollama.chats[-1].body["messages"][-2]["content"] == "I am well."


def test_an_image_reaches_a_model_that_sees(chat: Chat, ollama: OllamaDouble) -> None:
    """As base64, without the data URI around it."""
    ollama.queue(Reply(content="A dot."))
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    parts = [
        {"type": "text", "text": "What is it?"},
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{pixel}", "detail": "low"},
        },
    ]
    assert (
        chat(model="llava@chat", messages=[{"role": "user", "content": parts}]).content == "A dot."
    )
    assert ollama.chats[-1].body["messages"][-1]["images"] == [pixel]


async def test_the_asynchronous_client_asks_plainly(
    aclient: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The same object."""
    ollama.queue(Reply(content="I am well."))
    answer = await aclient.chat.completions.create(model=MODEL, messages=HI)
    assert answer.choices[0].message.content == "I am well."


async def test_the_asynchronous_client_streams(aclient: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """Piece by piece."""
    ollama.queue(Reply(content=["One ", "two ", "three."]))
    stream = await aclient.chat.completions.create(model=MODEL, messages=HI, stream=True)
    pieces = [chunk.choices[0].delta.content async for chunk in stream]
    assert "".join(piece or "" for piece in pieces) == "One two three."


async def test_the_asynchronous_helper_reports_events(
    aclient: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Chunks, content deltas, and the content when it is done."""
    ollama.queue(Reply(content=["One ", "two."]))
    async with aclient.chat.completions.stream(model=MODEL, messages=HI) as stream:
        events = [event async for event in stream]
    deltas = [event.delta for event in events if event.type == "content.delta"]
    done = [event.content for event in events if event.type == "content.done"]
    assert ("".join(deltas), done) == ("One two.", ["One two."])


def test_a_stream_without_usage_has_a_choice_in_every_chunk(
    client: OpenAI, ollama: OllamaDouble
) -> None:
    """Many clients look at choices[0] blindly."""
    ollama.queue(Reply(content="One two."))
    chunks = list(client.chat.completions.create(model=MODEL, messages=HI, stream=True))
    assert [chunk for chunk in chunks if not chunk.choices or chunk.usage is not None] == []
    assert len({(chunk.id, chunk.created, chunk.object) for chunk in chunks}) == 1


def test_a_stream_can_be_left_early(client: OpenAI, ollama: OllamaDouble) -> None:
    """The connection serves the next request."""
    ollama.queue(Reply(content=["word "] * 50), Reply(content="Next."))
    with client.chat.completions.create(model=MODEL, messages=HI, stream=True) as stream:
        next(iter(stream))
    answer = client.chat.completions.create(model=MODEL, messages=HI)
    assert answer.choices[0].message.content == "Next."


def test_two_conversations_at_once_stay_apart(client: OpenAI, ollama: OllamaDouble) -> None:
    """Chunks of one never reach the other."""
    streams = [
        client.chat.completions.create(
            model="llama3.2@chat",
            messages=[{"role": "user", "content": f"say {name} {name}"}],
            stream=True,
        )
        for name in ("left", "right")
    ]
    texts = ["", ""]
    for pair in zip(*streams, strict=True):
        for at, chunk in enumerate(pair):
            texts[at] += chunk.choices[0].delta.content or ""
    assert texts == ["echo: say left left", "echo: say right right"]
