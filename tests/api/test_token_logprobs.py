"""Log probabilities of tokens, streamed and not."""

from __future__ import annotations

from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import HI, MODEL, choices, frames_of
from tests.fakes.ollama_double import OllamaDouble, Reply


async def test_each_token_has_its_log_probability(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """And as many others as were asked for; the SDK validates the shape."""
    ollama.queue(Reply(content=["I ", "am ", "well."], logprobs=True))
    answer = await client.chat.completions.create(
        model=MODEL, messages=HI, logprobs=True, top_logprobs=2
    )
    told = answer.choices[0].logprobs
    assert told is not None
    tokens = told.content or []
    assert "".join(one.token for one in tokens) == answer.choices[0].message.content == "I am well."
    assert [len(one.top_logprobs) for one in tokens] == [2] * len(tokens)
    assert all(bytes(one.bytes or ()).decode() == one.token for one in tokens)


async def test_streamed_text_brings_its_log_probabilities_along(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The tokens of a chunk are those of its text."""
    ollama.queue(Reply(content=["I ", "am ", "well."], logprobs=True))
    *chunks, _ = await frames_of(http, logprobs=True)
    said = [one for chunk in chunks for one in choices(chunk) if one["delta"].get("content")]
    assert said != []
    for one in said:
        tokens = one["logprobs"]["content"]
        assert "".join(token["token"] for token in tokens) == one["delta"]["content"]
