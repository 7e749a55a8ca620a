"""What one used, and what is left of one's limits, from outside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient

from backend.errors import NotFound
from backend.ports.usage import DAY_MS, Used
from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.people import Person, bearer, code, someone
from tests.fakes.uploads import uploaded

USAGE = "/api/usage"
HI = [{"role": "user", "content": "hi"}]
CHAT_BODY = {"model": MODEL, "messages": HI, "mode": "chat"}
WIRES: list[tuple[str, Any, str, str]] = [
    (CHAT, CHAT_BODY, MODEL, "chat"),
    (CHAT, {**CHAT_BODY, "store": True}, MODEL, "chat"),
    (CHAT, {**CHAT_BODY, "stream": True}, MODEL, "chat"),
    ("/v1/responses", {"model": MODEL, "input": "hi"}, MODEL, "chat"),
    ("/v1/messages", {"model": MODEL, "max_tokens": 99, "messages": HI}, MODEL, "chat"),
    ("/v1/completions", {"model": "builtin", "prompt": "hi"}, "builtin", "completion"),
    (
        "/v1/embeddings",
        {"model": "all-minilm-l6-v2", "input": "a b c"},
        "all-minilm-l6-v2",
        "embedding",
    ),
]


async def rows_of(http: AsyncClient, **params: Any) -> list[Any]:
    answer = await http.get(USAGE, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


@pytest.mark.parametrize(("path", "body", "model", "route"), WIRES)
async def test_every_wire_counts(
    mine: AsyncClient, ollama: OllamaDouble, path: str, body: Any, model: str, route: str
) -> None:
    """One row for what was asked, with the tokens that the answer told."""
    ollama.queue(Reply(content="Hello."))
    answer = await mine.post(path, json=body)
    assert answer.status_code == 200, answer.text
    [row] = await rows_of(mine)
    today = datetime.now(UTC).date().isoformat()
    assert (row["day"], row["model"], row["route"], row["runs"]) == (today, model, route, 1)
    assert row["total_tokens"] == row["prompt_tokens"] + row["completion_tokens"] > 0
    if not body.get("stream"):
        told = answer.json()["usage"]
        assert row["prompt_tokens"] in {told.get("prompt_tokens"), told.get("input_tokens")}


async def test_what_was_used_is_summed_up(mine: AsyncClient, ollama: OllamaDouble) -> None:
    """Several answers of one request each count."""
    ollama.queue(*[Reply(content="Hello.")] * 3)
    await mine.post(CHAT, json=CHAT_BODY)
    await mine.post(CHAT, json={**CHAT_BODY, "n": 2})
    await mine.post("/v1/completions", json={"model": "builtin", "prompt": "hi"})
    told = (await mine.get(USAGE)).json()
    assert [(one["route"], one["runs"]) for one in told["rows"]] == [("completion", 1), ("chat", 3)]
    for name in ("runs", "prompt_tokens", "completion_tokens", "total_tokens"):
        assert told["totals"][name] == sum(one[name] for one in told["rows"])
    assert [one["model"] for one in told["models"]] == [MODEL, "builtin"]
    assert [one["total_tokens"] for one in told["days"]] == [told["totals"]["total_tokens"]]
    assert sum(one["total_tokens"] for one in told["models"]) == told["totals"]["total_tokens"]
    assert told["until"] == datetime.now(UTC).date().isoformat()


async def test_a_failed_and_a_cancelled_answer_count_as_well(
    mine: AsyncClient, ollama: OllamaDouble
) -> None:
    """With what they used up to then."""
    ollama.queue(Reply(status=500))
    assert (await mine.post(CHAT, json=CHAT_BODY)).status_code >= 500
    [row] = await rows_of(mine)
    assert (row["runs"], row["completion_tokens"]) == (1, 0)
    ollama.queue(Reply(content="Never at an end of all.", fault=Fault(kind="hang", after=5)))
    async with mine.stream("POST", CHAT, json={**CHAT_BODY, "stream": True}) as answer:
        run_id = answer.headers["x-run-id"]
        pieces = answer.aiter_text()
        while "end" not in await anext(pieces):
            pass
        assert (await mine.post(f"/api/runs/{run_id}/cancel")).status_code < 300
        async for _ in pieces:
            pass
    [after] = await rows_of(mine)
    assert after["runs"] == 2
    assert after["prompt_tokens"] > row["prompt_tokens"]
    assert after["completion_tokens"] > 0


async def test_usage_outlives_conversations_and_goes_with_the_account(
    server: LiveServer, http: AsyncClient, ollama: OllamaDouble
) -> None:
    """An administrator who asks for one who is gone is told that there is no such user."""
    person = await someone(server, http)
    ollama.queue(Reply(content="Hello."))
    async with server.http(person.token) as mine:
        kept = await mine.post(CHAT, json={**CHAT_BODY, "store": True})
        before = await rows_of(mine)
        conversation = kept.json()["x_session_id"]
        assert (await mine.delete(f"/api/conversations/{conversation}")).status_code == 204
        assert await rows_of(mine) == before != []
    assert await rows_of(http, user=person.id) == before
    users = (await http.get(f"{USAGE}/users")).json()["users"]
    [sums] = [one for one in users if one["user_id"] == person.id]
    assert (sums["username"], sums["runs"]) == (person.name, 1)
    assert [one["total_tokens"] for one in users] == sorted(
        (one["total_tokens"] for one in users), reverse=True
    )
    await http.delete(f"/api/users/{person.id}")
    assert code(await http.get(USAGE, params={"user": person.id})) == (404, NotFound.code)
    users = (await http.get(f"{USAGE}/users")).json()["users"]
    assert person.id not in {one["user_id"] for one in users}


async def test_others_are_for_administrators(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """Whether there is such a user or not; oneself may be named."""
    other = await someone(server, http)
    for path in (f"{USAGE}?user={other.id}", f"{USAGE}?user=user_x", f"{USAGE}/users"):
        assert code(await mine.get(path)) == (403, "permission_denied")
    assert (await mine.get(USAGE, params={"user": person.id})).status_code == 200
    answer = await http.get(USAGE, params={"user": other.id}, headers=bearer(server.token))
    assert answer.json()["user_id"] == other.id


async def test_the_limits_tell_what_is_left(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """Of requests by the minute, and of files and their bytes; looking costs none."""
    await uploaded(mine, "a.txt", b"twelve bytes")
    told = {one["name"]: one for one in (await mine.get(USAGE)).json()["limits"]}
    assert list(told) == ["requests_per_minute", "files", "file_bytes", "waiting_files"]
    assert (told["files"]["used"], told["file_bytes"]["used"]) == (1, 12)
    assert told["files"]["resets_in_s"] is None
    requests = told["requests_per_minute"]
    assert requests["used"] == 0
    assert requests["limit"] == 30_000
    for one in told.values():
        assert one["remaining"] == one["limit"] - one["used"]
    [of_theirs] = [
        one
        for one in (await http.get(USAGE, params={"user": person.id})).json()["limits"]
        if one["name"] == "files"
    ]
    assert of_theirs["used"] == 1


async def test_only_as_many_days_as_are_asked_for(
    server: LiveServer, person: Person, mine: AsyncClient
) -> None:
    """Today is the last of them."""
    store = server.app.state.services.usage._store
    today = server.app.state.services.clock.now_ms() // DAY_MS
    await store.add([
        Used(user_id=person.id, day=today - back, model="m", route="chat")
        for back in (0, 6, 7, 365)
    ])
    for days, count in ((1, 1), (7, 2), (8, 3), (366, 4)):
        assert len(await rows_of(mine, days=days)) == count
    assert len(await rows_of(mine)) == 3
