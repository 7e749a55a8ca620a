"""Bodies that are JSON but mean harm: too deep, too many, of types nobody expects. Never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from backend.api.responses_lookup import MOST_STORES
from tests.fakes.belongings import RESPONSES, STORES
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


async def test_so_many_vector_stores_are_searched_and_no_more(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Each costs a look at the database; one that is named again does not."""
    ids = [(await http.post(STORES, json={})).json()["id"] for _ in range(MOST_STORES + 1)]
    often = {"type": "file_search", "vector_store_ids": ids[:1] * 3_000}
    made = await http.post(RESPONSES, json={"model": MODEL, "input": "Hi", "tools": [often]})
    assert made.status_code == 200, made.text
    many = {"type": "file_search", "vector_store_ids": ids}
    refused = await http.post(RESPONSES, json={"model": MODEL, "input": "Hi", "tools": [many]})
    place = f"tools[0].vector_store_ids[{MOST_STORES}]"
    assert (refused.status_code, error_of(refused)["param"]) == (400, place)


async def test_an_item_is_named_as_often_as_one_likes(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Its response is read once."""
    made = (await http.post(RESPONSES, json={"model": MODEL, "input": "Hi"})).json()
    named = {"type": "item_reference", "id": made["output"][-1]["id"]}
    answer = await http.post(RESPONSES, json={"model": MODEL, "input": [*[named] * 300, *HI]})
    assert answer.status_code == 200, answer.text
    assert len(ollama.chats[-1].body["messages"]) >= 300


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/embeddings", {"model": "m", "input": "x", "encoding_format": "x"}, "encoding_format"),
        ("/v1/embeddings", {"model": "m", "input": [[]]}, "input[0]"),
    ],
)
async def test_a_field_is_named_as_the_client_knows_it(
    http: AsyncClient, path: str, body: Any, param: str
) -> None:
    """Without the names that the types have in here."""
    assert error_of(await http.post(path, json=body))["param"] == param


@pytest.mark.parametrize("path", ["/v1/uploads/upload_x", "/v1/messages/x"])
async def test_what_is_offered_is_not_said_to_be_missing(http: AsyncClient, path: str) -> None:
    """An address beside those that there are."""
    answer = await http.get(path)
    assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")
    assert "does not offer" not in error_of(answer)["message"]
