"""`/v1/embeddings` over a socket: the embedded model, Ollama's, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI
from openai.types import CreateEmbeddingResponse
from pydantic import SecretStr

from backend.api.token_input import TokenInput
from backend.kit.token_text import Decode, NoVocabulary, TokenReader
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.people import code

OWN = "all-minilm-l6-v2"
PATH = "/v1/embeddings"


@contextlib.contextmanager
def reading(server: LiveServer, load: Callable[[], Decode]) -> Iterator[None]:
    """Let the server read token numbers in another way."""
    kept = server.app.state.services
    server.app.state.services = replace(kept, token_input=TokenInput(TokenReader(load)))
    yield
    server.app.state.services = kept


async def ask(http: AsyncClient, given: Any, model: str = OWN, **more: Any) -> Any:
    answer = await http.post(PATH, json={"model": model, "input": given, **more})
    return answer.json()


async def test_a_strict_client_gets_numbers(client: AsyncOpenAI) -> None:
    """Every field of OpenAI's answer, and vectors of unit length."""
    made = await client.embeddings.create(model=OWN, input="hello world", encoding_format="float")
    assert isinstance(made, CreateEmbeddingResponse)
    assert (made.object, made.model, made.usage.prompt_tokens) == ("list", OWN, 2)
    assert np.linalg.norm(made.data[0].embedding) == pytest.approx(1, abs=1e-5)


async def test_a_stock_client_reads_base64(streaming: AsyncOpenAI, http: AsyncClient) -> None:
    """The SDK asks for it by itself; it is the same vector to the last bit."""
    made = await streaming.embeddings.create(model=OWN, input=["a cat", "a dog"])
    plain = await ask(http, ["a cat", "a dog"])
    for one, other in zip(made.data, plain["data"], strict=True):
        assert np.float32(one.embedding).tolist() == np.float32(other["embedding"]).tolist()
    raw = (await ask(http, "a cat", encoding_format="base64"))["data"][0]["embedding"]
    assert struct.unpack("<384f", base64.b64decode(raw))[0] == pytest.approx(
        made.data[0].embedding[0]
    )


async def test_the_order_is_that_of_the_input(http: AsyncClient) -> None:
    """Whatever the lengths, and however many."""
    texts = [("word " * (n % 40 + 1)) + str(n) for n in range(150)]
    made = await ask(http, texts)
    assert [row["index"] for row in made["data"]] == list(range(150))
    (alone,) = (await ask(http, texts[77]))["data"]
    assert made["data"][77]["embedding"] == alone["embedding"]


async def test_a_long_text_counts_to_its_end(http: AsyncClient) -> None:
    """The model reads 256 tokens at a time; what comes later still changes the vector."""
    start = "The committee met in spring. " * 60
    one, two = (await ask(http, [start + "A whale sang.", start + "Taxes rose again."]))["data"]
    assert one["embedding"] != two["embedding"]
    assert np.linalg.norm(one["embedding"]) == pytest.approx(1, abs=1e-5)


async def test_a_text_without_end_is_refused(http: AsyncClient) -> None:
    """As by OpenAI's models, above 8,192 tokens; the field and the place are named."""
    body = {"model": OWN, "input": ["short", "word " * 9000]}
    answer = await http.post(PATH, json=body)
    assert code(answer) == (400, "context_length_exceeded")
    assert answer.json()["error"]["param"] == "input"
    assert answer.json()["error"]["message"].startswith("input[1] has 9000 tokens")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": [[]]}, "input"),
        ({"input": [1, -2]}, "input"),
        ({"input": None}, "input"),
        ({"input": {"a": 1}}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": 100}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"model": ""}, "model"),
        ({"model": "builtin"}, "model"),
        ({"model": "llama3.2"}, "model"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    http: AsyncClient, ollama: OllamaDouble, change: dict[str, Any], param: str
) -> None:
    """400, and `param` is the field."""
    answer = await http.post(PATH, json={"model": OWN, "input": "x", **change})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith(param)
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]]])
async def test_token_numbers_are_read_where_there_is_a_vocabulary(
    server: LiveServer, http: AsyncClient, given: list[Any]
) -> None:
    """One list of numbers is one text; the vector is that of the text."""
    with reading(server, lambda: lambda tokens: " ".join(f"word{token}" for token in tokens)):
        made = await ask(http, given)
    texts = ["word1 word2 word3"] if given[0] == 1 else ["word1 word2", "word3"]
    assert made["data"] == (await ask(http, texts))["data"]


async def test_without_a_vocabulary_the_way_out_is_told(
    server: LiveServer, http: AsyncClient
) -> None:
    """What to install, and how LangChain is told to send text."""

    def nothing() -> Decode:
        raise NoVocabulary("install it")

    with reading(server, nothing):
        answer = await http.post(PATH, json={"model": OWN, "input": [1, 2]})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "input")
    assert error["message"].startswith("install it")
    assert "check_embedding_ctx_length=False" in error["message"]


async def test_numbers_of_another_vocabulary_are_refused(
    server: LiveServer, http: AsyncClient
) -> None:
    """They would be read as noise otherwise."""
    with reading(server, lambda: lambda tokens: {1: "one"}[tokens[0]]):
        answer = await http.post(PATH, json={"model": OWN, "input": [[1], [2]]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input")


async def test_null_is_as_good_as_left_out(http: AsyncClient) -> None:
    """For every optional field; an unknown one is no harm."""
    more = {"encoding_format": None, "dimensions": None, "user": None, "x": 1}
    assert len((await ask(http, "x", **more))["data"]) == 1
    assert len((await ask(http, "x", dimensions=384, user="me"))["data"]) == 1


async def test_an_unknown_model_is_a_404(http: AsyncClient, ollama: OllamaDouble) -> None:
    """As for chats."""
    answer = await http.post(PATH, json={"model": "text-embedding-3-small", "input": "x"})
    assert code(answer) == (404, "model_not_found")


async def test_ollama_embeds_and_counts(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Texts go out as they stand, in small batches, and the upstream's counts are summed."""
    texts = [f"text number {n}" for n in range(70)]
    made = await ask(http, texts, model="all-minilm")
    sent = ollama.at("/api/embed")
    assert [len(one.body["input"]) for one in sent] == [32, 32, 6]
    assert sent[0].body["truncate"] is False
    assert (len(made["data"]), made["model"], made["usage"]["total_tokens"]) == (
        70,
        "all-minilm",
        210,
    )


async def test_ollamas_window_is_told(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Ollama would cut the text; here it is refused."""
    answer = await http.post(PATH, json={"model": "all-minilm", "input": "word " * 600})
    assert code(answer) == (400, "context_length_exceeded")
    assert answer.json()["error"]["param"] == "input"


async def test_a_client_that_leaves_frees_ollama(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Within a second."""
    ollama.fail("/api/embed", Reply(hold=asyncio.Event()))
    task = asyncio.create_task(ask(http, "x", model="all-minilm"))
    received = await ollama.arrived(1, "/api/embed")
    task.cancel()
    async with asyncio.timeout(1):
        await received.cancelled.wait()


@pytest.mark.parametrize(("status", "wanted"), [(500, 502), (503, 503), (404, 404)])
async def test_ollamas_failures_are_told(
    http: AsyncClient, ollama: OllamaDouble, status: int, wanted: int
) -> None:
    """With the status a client acts on."""
    ollama.fail("/api/embed", Reply(status=status, error="it is so"))
    answer = await http.post(PATH, json={"model": "all-minilm", "input": "x"})
    assert answer.status_code == wanted


async def test_embedding_models_are_listed(http: AsyncClient, ollama: OllamaDouble) -> None:
    """With what they are for, and never as the default model of chats."""
    listed = {one["id"]: one for one in (await http.get("/v1/models")).json()["data"]}
    able = [name for name, one in listed.items() if "embedding" in one["x_capabilities"]]
    assert sorted(able) == ["all-minilm-l6-v2", "all-minilm:latest", "nomic-embed-text:latest"]
    assert (await http.get(f"/v1/models/{OWN}")).json() == listed[OWN]


async def test_a_chat_with_an_embedding_model_is_refused(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Naming the model."""
    body = {"model": OWN, "messages": [{"role": "user", "content": "hi"}]}
    answer = await http.post("/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")


async def test_langchain_embeds_documents_and_questions(server: LiveServer) -> None:
    """Told to send text; otherwise it sends token numbers, which need a vocabulary."""
    from langchain_openai import OpenAIEmbeddings  # noqa: PLC0415 - takes a second

    made = OpenAIEmbeddings(
        model=OWN,
        base_url=f"{server.url}/v1",
        api_key=SecretStr(server.token),
        check_embedding_ctx_length=False,
    )
    texts = ["Cats sleep all day.", "Taxes are due in spring.", "word " * 2000]
    rows = np.array(await made.aembed_documents(texts))
    question = np.array(await made.aembed_query("When must taxes be paid?"))
    await made.async_client._client.close()
    assert int(np.argmax(rows @ question)) == 1


async def test_a_big_batch_does_not_hold_up_others(http: AsyncClient) -> None:
    """A small request that came later is answered before it."""
    ended: list[str] = []

    async def embed(name: str, texts: list[str]) -> None:
        await ask(http, texts)
        ended.append(name)

    big = asyncio.create_task(embed("big", ["word " * 200] * 100))
    await embed("small", ["word"])
    await big
    assert ended == ["small", "big"]


async def test_dimensions_are_those_of_models_that_can_be_shortened(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """By Ollama's own means."""
    made = await ask(http, "x", model="nomic-embed-text", dimensions=128)
    assert len(made["data"][0]["embedding"]) == 128
    assert ollama.at("/api/embed")[0].body["dimensions"] == 128
