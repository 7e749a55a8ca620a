"""The double's second door is proven against the real `openai` client."""

from __future__ import annotations

import openai
import pytest

from tests.fakes.ollama_double import OllamaDouble, Reply, failing

ASKED = [{"role": "user", "content": "good morning"}]


@pytest.fixture
async def double():
    async with OllamaDouble() as running:
        yield running


@pytest.fixture
async def client(double):
    async with openai.AsyncOpenAI(
        base_url=f"{double.url}/v1", api_key="none", max_retries=0
    ) as made:
        yield made


async def streamed(client, **more):
    made = await client.chat.completions.create(
        model="llama3.2", messages=ASKED, stream=True, **more
    )
    return [chunk async for chunk in made]


async def test_a_streamed_answer_ends_with_its_reason(client):
    """The words come one by one, then why there are no more."""
    chunks = [chunk.choices[0] for chunk in await streamed(client)]
    assert "".join(choice.delta.content for choice in chunks) == "echo: good morning"
    assert [choice.finish_reason for choice in chunks] == [None, None, None, "stop"]


async def test_the_cheap_path_sends_the_tokens_asked_for(client, double):
    """N tokens at R per second, and how many they were if that is asked."""
    double.script(lambda body: Reply(count=body["options"]["num_predict"]))
    chunks = await streamed(client, max_tokens=20, stream_options={"include_usage": True})
    text = "".join(chunk.choices[0].delta.content for chunk in chunks if chunk.choices)
    assert (text, chunks[-1].usage.completion_tokens) == ("word " * 20, 20)
    assert double.open_streams == 0


async def test_an_answer_may_come_whole(client):
    """Without `stream` there is one answer, with what it used."""
    made = await client.chat.completions.create(model="llama3.2", messages=ASKED)
    assert (made.choices[0].message.content, made.usage.total_tokens) == ("echo: good morning", 14)


async def test_a_failure_is_told_as_openai_tells_it(client, double):
    """The status and the text reach the client's own error."""
    double.queue(failing(500, "out of memory"))
    with pytest.raises(openai.InternalServerError, match="out of memory"):
        await streamed(client)


async def test_its_models_are_listed(client, double):
    """The same models stand behind both doors."""
    assert [one.id async for one in client.models.list()] == list(double.catalogue.models)
