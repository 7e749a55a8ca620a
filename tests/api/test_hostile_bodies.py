"""Bodies that are JSON but mean harm: too deep, too many, of types nobody expects. Never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.completions import CHAT, HI, MODEL
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.refusals import JSON, error_of

DEEP = b'{"properties":{"a":' * 120 + b"{}" + b"}}" * 120
TOO_DEEP = {
    CHAT: b'{"model":"llama3.2","messages":[{"role":"user","content":"Hi"}],"tools":'
    b'[{"type":"function","function":{"name":"f","parameters":%s}}]}',
    "/v1/responses": b'{"model":"llama3.2","input":"Hi","tools":'
    b'[{"type":"function","name":"f","parameters":%s}]}',
    "/v1/responses/input_tokens": b'{"model":"llama3.2","input":"Hi","tools":'
    b'[{"type":"function","name":"f","parameters":%s}]}',
    "/v1/conversations": b'{"items":[{"type":"message","role":"user","content":"x","y":%s}]}',
    "/v1/vector_stores": b'{"name":"x","x_more":%s}',
}


@pytest.mark.parametrize("path", TOO_DEEP)
async def test_what_is_nested_too_deep_to_be_written_again_is_a_400(
    http: AsyncClient, ollama: OllamaDouble, path: str
) -> None:
    """It could be read; passing it on or keeping it would fail."""
    answer = await http.post(path, content=TOO_DEEP[path] % DEEP, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert "levels deep" in error_of(answer)["message"]


async def test_a_hundred_levels_are_not_too_deep(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Nobody's schema has more."""
    schema = b'{"properties":{"a":' * 45 + b"{}" + b"}}" * 45
    answer = await http.post(CHAT, content=TOO_DEEP[CHAT] % schema, headers=JSON)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("value", ["x", [], {}, {"a": None}, [[1]]])
async def test_counting_tokens_passes_over_fields_it_does_not_have(
    http: AsyncClient, ollama: OllamaDouble, value: Any
) -> None:
    """Whatever is in them."""
    body = {"model": MODEL, "input": "Hi", "top_k": value, "metadata": value, "store": value}
    answer = await http.post("/v1/responses/input_tokens", json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("kind", [[], {}, 5, None, True])
async def test_a_block_of_an_impossible_type_is_a_400(
    http: AsyncClient, ollama: OllamaDouble, kind: Any
) -> None:
    """In Anthropic's messages."""
    messages = [{"role": "user", "content": [{"type": kind}]}]
    body = {"model": MODEL, "max_tokens": 5, "messages": messages}
    assert (await http.post("/v1/messages", json=body)).status_code == 400


@pytest.mark.parametrize(
    ("path", "name", "body"),
    [
        (CHAT, "messages", {"messages": HI * 5_000}),
        ("/v1/responses", "input", {"input": HI * 10_000}),
        ("/v1/completions", "prompt", {"prompt": ["x"] * 10_000}),
        ("/v1/embeddings", "input", {"input": ["x"] * 10_000}),
    ],
)
async def test_too_many_of_something_is_told_as_too_many(
    http: AsyncClient, ollama: OllamaDouble, path: str, name: str, body: Any
) -> None:
    """And not as being of another type."""
    answer = await http.post(path, json={"model": MODEL, **body})
    error = error_of(answer)
    assert (answer.status_code, error["param"]) == (400, name)
    assert "at most" in error["message"]
