"""Rate limits and headers over all of /v1, and addresses that are none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI, RateLimitError

from backend.api.rate_limits import HEADER_NAMES
from backend.api.unoffered import UNOFFERED
from backend.kit.clocks import SteppedClock
from backend.storage.memory.rate_limits import MemoryRateLimiter
from tests.fakes.live_server import Failures, LiveServer
from tests.fakes.ollama.checks import FakeModel
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.people import Person, code
from tests.fakes.routes import EVERY_ROUTE

CHAT = {"model": "builtin", "messages": [{"role": "user", "content": "hi"}]}


@contextlib.contextmanager
def limited(server: LiveServer, *, requests: int = 0, tokens: int = 0) -> Iterator[SteppedClock]:
    """Let the server have other limits, on a clock that stands still."""
    kept = server.app.state.services
    clock = SteppedClock()
    limits = MemoryRateLimiter(clock, requests_per_minute=requests, tokens_per_minute=tokens)

    def spent(user_id: str, usage: Any) -> None:
        limits.spend(user_id, usage.prompt_tokens + usage.completion_tokens)

    before = kept.turns.ends._spent, kept.completions._spent
    kept.turns.ends._spent = kept.completions._spent = spent
    server.app.state.services = replace(kept, limits=limits)
    yield clock
    kept.turns.ends._spent, kept.completions._spent = before
    server.app.state.services = kept


def limits_of(answer: Any) -> dict[str, str]:
    return {name: answer.headers[name] for name in HEADER_NAMES if name in answer.headers}


async def test_every_answer_tells_what_is_left(
    server: LiveServer, mine: AsyncClient, ollama: OllamaDouble
) -> None:
    """Errors and streams too."""
    ollama.queue(Reply(content="Hi."))
    with limited(server, requests=60, tokens=6000):
        found = [
            await mine.get("/v1/models"),
            await mine.get("/v1/models/nobody"),
            await mine.post("/v1/chat/completions", json={**CHAT, "stream": True}),
            await mine.post("/v1/embeddings", json={}),
        ]
    assert [one.status_code for one in found] == [200, 404, 200, 400]
    assert [limits_of(one)["x-ratelimit-remaining-requests"] for one in found] == [
        "59",
        "58",
        "57",
        "56",
    ]
    assert limits_of(found[0]) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "6000",
        "x-ratelimit-reset-tokens": "0s",
    }


async def test_who_asks_too_much_is_told_when_to_come_back(
    server: LiveServer, person: Person, mine: AsyncClient, http: AsyncClient
) -> None:
    """In OpenAI's shape, which its client understands; others are served meanwhile."""
    with limited(server, requests=2) as clock:
        for _ in range(2):
            await mine.get("/v1/models")
        answer = await mine.post("/v1/chat/completions", json=CHAT)
        assert code(answer) == (429, "rate_limit_exceeded")
        assert (answer.headers["retry-after"], answer.headers["retry-after-ms"]) == ("30", "30000")
        assert limits_of(answer)["x-ratelimit-reset-requests"] == "1m0s"
        assert "30s" in answer.json()["error"]["message"]
        assert (await http.get("/v1/models")).status_code == 200
        async with server.openai(person.token) as client:
            with pytest.raises(RateLimitError):
                await client.models.list()
        clock.step(31)
        assert (await mine.get("/v1/models")).status_code == 200


async def test_other_addresses_are_not_limited(server: LiveServer, mine: AsyncClient) -> None:
    """The page and the files have limits of their own."""
    with limited(server, requests=1):
        await mine.get("/v1/models")
        answer = await mine.get("/api/conversations")
    assert (answer.status_code, limits_of(answer)) == (200, {})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", CHAT),
        ("/v1/completions", {"model": "builtin", "prompt": "hello"}),
        ("/v1/embeddings", {"model": "all-minilm-l6-v2", "input": "a b c d"}),
    ],
)
async def test_tokens_of_every_kind_of_answer_count(
    server: LiveServer, mine: AsyncClient, path: str, body: Any
) -> None:
    """What the usage says is taken from what was left."""
    with limited(server, tokens=100_000):
        used = (await mine.post(path, json=body)).json()["usage"]["total_tokens"]
        left = int(limits_of(await mine.get("/v1/models"))["x-ratelimit-remaining-tokens"])
    assert used > 0
    assert left == 100_000 - used


async def test_openai_s_headers_stand_on_v1_alone(anyone: AsyncClient, http: AsyncClient) -> None:
    """On refusals too."""
    for answer in (await anyone.get("/v1/models"), await http.get("/v1/nothing")):
        assert answer.headers["openai-version"] == "2020-10-01"
        assert answer.headers["x-request-id"].startswith("req_")
        assert int(answer.headers["openai-processing-ms"]) >= 0
    assert "openai-version" not in (await anyone.get("/health")).headers


async def test_a_server_has_a_generous_limit_by_default(http: AsyncClient) -> None:
    """Of requests, not of tokens."""
    found = limits_of(await http.get("/v1/models"))
    assert found["x-ratelimit-limit-requests"] == "30000"
    assert not any(name.endswith("tokens") for name in found)


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("POST", "/v1/audio/speech", "does not offer speech"),
        ("POST", "/v1/images/generations", "does not offer image generation"),
        ("GET", "/v1/fine_tuning/jobs", "does not offer fine-tuning"),
        ("POST", "/v1/moderations", "does not offer moderation"),
        ("POST", "/v1/content_provenance_checks", "does not offer content provenance"),
        ("GET", "/v1/engines", "use /v1/models"),
        ("GET", "/v1/nothing", "Invalid URL (GET /v1/nothing)."),
        ("GET", "/v1/", "Invalid URL (GET /v1)."),
        ("POST", "/v1/v1/chat/completions", "Invalid URL (POST /v1/v1/chat/completions)."),
    ],
)
async def test_what_is_not_offered_is_said(
    http: AsyncClient, method: str, path: str, told: str
) -> None:
    """404 in OpenAI's shape, whoever asks."""
    answer = await http.request(method, path)
    assert code(answer) == (404, "not_found")
    assert told in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions/", "/v1/completions/", "/v1/embeddings//"])
async def test_a_slash_at_the_end_is_no_other_address(http: AsyncClient, path: str) -> None:
    """No redirect, which would lose the body of some clients."""
    answer = await http.post(path, json={})
    assert answer.status_code == 400
    listed = await http.get("/v1/models/")
    assert (listed.status_code, listed.json()["object"]) == (200, "list")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT"])
async def test_other_methods_are_told_which_there_are(http: AsyncClient, method: str) -> None:
    """405 with Allow, never a 500."""
    answer = await http.request(method, "/v1/chat/completions")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


@pytest.fixture
def hub_model(ollama: OllamaDouble) -> Iterator[str]:
    """Give a model whose name has slashes and a colon."""
    name = "hf.co/us/Model-GGUF:Q4_K_M"
    ollama.catalogue.models[name] = FakeModel()
    yield name
    del ollama.catalogue.models[name]


async def test_ids_with_slashes_and_colons_are_found(
    client: AsyncOpenAI, http: AsyncClient, hub_model: str
) -> None:
    """Written out or percent-encoded, as clients do."""
    assert (await client.models.retrieve(hub_model)).id == hub_model
    for written in (hub_model, quote(hub_model, safe=""), quote(hub_model)):
        assert (await http.get(f"/v1/models/{written}")).json()["id"] == hub_model


async def test_models_are_not_deleted_here(
    http: AsyncClient, ollama: OllamaDouble, hub_model: str
) -> None:
    """What is there is not for deleting, and says how; what is not there is a 404."""
    answer = await http.delete(f"/v1/models/{hub_model}")
    assert code(answer) == (403, "permission_denied")
    assert f"ollama rm {hub_model}" in answer.json()["error"]["message"]
    assert code(await http.delete("/v1/models/nobody")) == (404, "model_not_found")
    assert code(await http.delete("/v1/models/builtin")) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "Authorization: Bearer"),
        ({"authorization": "Basic YTpi"}, "not 'Basic ...'"),
        ({"authorization": "Bearer"}, "Authorization: Bearer"),
        ({"authorization": "sk-123"}, "Authorization: Bearer"),
        ({"api-key": "sk-123"}, "'api-key' is not read"),
        ({"x-goog-api-key": "sk-123"}, "'x-goog-api-key' is not read"),
        ({"authorization": "Bearer sk-123"}, ""),
    ],
)
async def test_who_gives_no_good_key_is_told_how(
    anyone: AsyncClient, headers: dict[str, str], told: str
) -> None:
    """Always a 401 in OpenAI's shape; a key never comes back in an answer."""
    answer = await anyone.get("/v1/models", headers=headers)
    assert code(answer) == (401, "invalid_api_key")
    assert told in answer.json()["error"]["message"]
    assert "sk-123" not in answer.text


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_fault(
    server: LiveServer, no_trace_backs: Failures
) -> None:
    """Nothing stands in the log, and the next one is served."""
    host, port = server.url.removeprefix("http://").split(":")
    head = f"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.token}\r\n"
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + b"content-length: 99\r\nexpect: 100-continue\r\n\r\n{")
    await reader.readline()  # the server has begun to read the body
    writer.close()
    await writer.wait_closed()
    async with server.http(server.token) as http:
        assert (await http.get("/v1/models")).status_code == 200
    assert no_trace_backs.found == []


def test_nothing_that_is_offered_is_said_to_be_missing() -> None:
    """What was built later leaves the list of what there is not."""
    offered = {path.split("/")[2] for _, path in EVERY_ROUTE if path.startswith("/v1/")}
    assert offered.isdisjoint(UNOFFERED)
