"""`n`: several answers to one request, streamed and not."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI, BadRequestError

from tests.fakes.completions import CHAT, HI, MODEL, choices, frames_of
from tests.fakes.ollama_double import OllamaDouble, Reply, failing


async def test_several_answers_come_as_choices_of_one_completion(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Each is asked for by itself, with a seed of its own; usage counts all of them."""
    ollama.queue(*(Reply(content=text, prompt_tokens=7, output_tokens=3) for text in "ABC"))
    answer = await client.chat.completions.create(model=MODEL, messages=HI, n=3, seed=5)
    assert [one.index for one in answer.choices] == [0, 1, 2]
    assert {one.message.content for one in answer.choices} == {"A", "B", "C"}
    assert {one.finish_reason for one in answer.choices} == {"stop"}
    assert {one.body["options"]["seed"] for one in ollama.chats} == {5, 6, 7}
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (21, 9)


async def test_several_answers_share_one_stream(http: AsyncClient, ollama: OllamaDouble) -> None:
    """One id; each answer has its role once and first, its text in order and its own end."""
    ollama.queue(Reply(content="one two three"), Reply(content="four five six"))
    *chunks, done = await frames_of(http, n=2, stream_options={"include_usage": True})
    assert done == "[DONE]"
    assert len({one["id"] for one in chunks}) == 1
    *answers, usage = chunks
    assert (usage["choices"], usage["usage"]["total_tokens"] > 0) == ([], True)
    by_index: dict[int, list[Any]] = defaultdict(list)
    for chunk in answers:
        [choice] = choices(chunk)
        by_index[choice["index"]].append(choice)
    texts = {
        index: "".join(one["delta"].get("content", "") for one in parts)
        for index, parts in by_index.items()
    }
    assert sorted(texts.values()) == ["four five six", "one two three"]
    for parts in by_index.values():
        assert [at for at, one in enumerate(parts) if "role" in one["delta"]] == [0]
        assert [one["finish_reason"] for one in parts if one["finish_reason"]] == ["stop"]


async def test_one_answer_that_fails_fails_them_all(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """An upstream error is a status, as with one answer; the others are given up."""
    ollama.queue(Reply(content="fine"), failing(500, "model runner has unexpectedly stopped"))
    answer = await http.post(CHAT, json={"model": MODEL, "messages": HI, "n": 2})
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "upstream_error")


@pytest.mark.parametrize("n", [0, 129])
async def test_a_number_of_answers_nobody_gives_is_refused(client: AsyncOpenAI, n: int) -> None:
    """OpenAI gives 1 to 128."""
    with pytest.raises(BadRequestError) as refused:
        await client.chat.completions.create(model=MODEL, messages=HI, n=n)
    assert refused.value.param == "n"


async def test_sizes_on_the_network_can_be_hidden(http: AsyncClient, ollama: OllamaDouble) -> None:
    """With include_obfuscation, chunks of short and long words have the same size."""
    ollama.queue(Reply(content=["I ", "unquestionably ", "am"]))
    *chunks, _ = await frames_of(http, stream_options={"include_obfuscation": True})
    said = [one for one in chunks if choices(one)[0]["delta"].get("content")]
    sizes = {len(one["choices"][0]["delta"]["content"]) + len(one["obfuscation"]) for one in said}
    assert said != []
    assert len(sizes) == 1
