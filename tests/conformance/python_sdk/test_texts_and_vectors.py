"""Embeddings and completions of text through openai-python."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fakes.completions import HI, MODEL
from tests.fakes.ollama_double import OllamaDouble, Reply

GENERATE = "/api/generate"


@pytest.mark.parametrize("given", ["Hello", ["Hello"], ["Hello", "Good day", "Hello"]], ids=str)
@pytest.mark.parametrize("form", ["float", "base64"])
def test_texts_become_vectors(lenient: OpenAI, given: Any, form: Any) -> None:
    """In their order, as floats in the end whichever way they travel."""
    made = lenient.embeddings.create(model="all-minilm", input=given, encoding_format=form)
    assert [one.index for one in made.data] == list(range(1 if given == "Hello" else len(given)))
    assert made.data[0].embedding == made.data[-1].embedding or form == "base64"
    assert made.usage.total_tokens == made.usage.prompt_tokens > 0


def test_the_default_is_the_same_vector(lenient: OpenAI, client: OpenAI) -> None:
    """The client decodes what it asked for by itself."""
    packed = lenient.embeddings.create(model="all-minilm", input="Hello")
    plain = client.embeddings.create(model="all-minilm", input="Hello", encoding_format="float")
    pairs = zip(packed.data[0].embedding, plain.data[0].embedding, strict=True)
    assert max(abs(one - other) for one, other in pairs) < 1e-6


def test_a_model_may_be_asked_for_fewer_dimensions(client: OpenAI) -> None:
    """When it was trained for it; another refuses by name."""
    asked: Any = {"input": "Hello", "encoding_format": "float", "dimensions": 128}
    made = client.embeddings.create(model="nomic-embed-text", **asked)
    assert len(made.data[0].embedding) == 128
    with pytest.raises(BadRequestError) as refused:
        client.embeddings.create(model="all-minilm", **asked)
    assert refused.value.param == "dimensions"


@pytest.mark.parametrize(
    ("body", "param", "error"),
    [
        ({"input": []}, "input", BadRequestError),
        ({"input": ""}, "input", BadRequestError),
        ({"model": "none"}, "model", NotFoundError),
        ({"model": MODEL}, "model", BadRequestError),
    ],
    ids=["nothing", "an empty text", "an unknown model", "a chat model"],
)
def test_what_cannot_be_embedded_is_named(
    client: OpenAI, body: Any, param: str, error: type[Exception]
) -> None:
    """In OpenAI's shape."""
    asked: Any = {"model": "all-minilm", "input": "x", "encoding_format": "float", **body}
    with pytest.raises(error) as failed:
        client.embeddings.create(**asked)
    assert getattr(failed.value, "param", None) == param


def complete(client: OpenAI, *, stream: bool, **body: Any) -> Any:
    """Complete a text; give the texts by index, the last reason, and the usage."""
    asked: Any = {"model": MODEL, "prompt": "Once", **body}
    if not stream:
        made = client.completions.create(**asked)
        texts = [one.text for one in made.choices]
        return texts, made.choices[0].finish_reason, made.usage
    texts_by: dict[int, str] = {}
    reason = usage = None
    options = {"include_usage": True}
    for chunk in client.completions.create(**asked, stream=True, stream_options=options):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts_by[choice.index] = texts_by.get(choice.index, "") + choice.text
            reason = choice.finish_reason or reason
    return [texts_by[at] for at in sorted(texts_by)], reason, usage


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Ask at once and as a stream; chunks lack a reason until the end, so that a stream is read leniently."""
    return request.param


def test_a_text_is_gone_on_from(lenient: OpenAI, ollama: OllamaDouble, *, stream: bool) -> None:
    """Without a template around it."""
    ollama.queue(Reply(content=" upon a time", prompt_tokens=1, output_tokens=3))
    texts, reason, usage = complete(lenient, stream=stream)
    assert (texts, reason, usage.total_tokens) == ([" upon a time"], "stop", 4)
    assert (ollama.at(GENERATE)[-1].body["prompt"], ollama.at(GENERATE)[-1].body["raw"]) == (
        "Once",
        True,
    )


def test_several_texts_and_several_answers(
    lenient: OpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """Counted through: the answers of the first text come first."""
    ollama.script(lambda body: Reply(content=body["prompt"] + "!"))
    texts, _, _ = complete(lenient, stream=stream, prompt=["One", "Two"], n=2)
    assert texts == ["One!", "One!", "Two!", "Two!"]


def test_a_text_is_echoed(lenient: OpenAI, ollama: OllamaDouble, *, stream: bool) -> None:
    """Before what follows it."""
    ollama.queue(Reply(content=" upon a time"))
    texts, _, _ = complete(lenient, stream=stream, echo=True)
    assert texts == ["Once upon a time"]


def test_a_text_ends_at_its_limit(lenient: OpenAI, ollama: OllamaDouble, *, stream: bool) -> None:
    """With the reason length."""
    ollama.queue(Reply(content=" upon", done_reason="length"))
    _, reason, _ = complete(lenient, stream=stream, max_tokens=1)
    assert reason == "length"
    assert ollama.at(GENERATE)[-1].body["options"]["num_predict"] == 1


def test_a_gap_is_filled(client: OpenAI, ollama: OllamaDouble) -> None:
    """By a model that can."""
    ollama.queue(Reply(content=" + b"))
    made = client.completions.create(
        model="qwen2.5-coder:1.5b", prompt="return a", suffix="\n\nprint()"
    )
    assert made.choices[0].text == " + b"
    assert ollama.at(GENERATE)[-1].body["suffix"] == "\n\nprint()"


def test_tokens_have_probabilities(client: OpenAI, ollama: OllamaDouble) -> None:
    """With offsets into the text."""
    ollama.queue(Reply(content=["a ", "b"]))
    probabilities = client.completions.create(model=MODEL, prompt="Once", logprobs=2).choices[0]
    assert probabilities.logprobs is not None
    assert probabilities.logprobs.tokens == ["a ", "b"]
    assert probabilities.logprobs.text_offset == [4, 6]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"echo": True, "logprobs": 1}, "echo"),
        ({"best_of": 2, "n": 3}, "best_of"),
        ({"model": "none"}, "model"),
        ({"temperature": 3}, "temperature"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_completed_is_named(client: OpenAI, body: Any, param: str) -> None:
    """In OpenAI's shape."""
    asked: Any = {"model": MODEL, "prompt": "Once", **body}
    with pytest.raises((BadRequestError, NotFoundError)) as refused:
        client.completions.create(**asked)
    assert refused.value.param == param


def test_n_answers_of_a_chat_are_told_apart(client: OpenAI, ollama: OllamaDouble) -> None:
    """Though Ollama gives one at a time."""
    ollama.queue(Reply(content="One."), Reply(content="Two."))
    made = client.chat.completions.create(model=MODEL, messages=HI, n=2)
    assert [one.index for one in made.choices] == [0, 1]
    assert {one.message.content for one in made.choices} == {"One.", "Two."}
