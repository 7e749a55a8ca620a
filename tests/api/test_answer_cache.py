"""Answers that are given again: only to the very same request, of the same user, who wants that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.fakes.people import someone
from tests.fakes.upstreams import CHAT, Served, body, served

HEADER = "x-steward-cache"
CERTAIN: dict[str, Any] = {"temperature": 0}


async def asked(server: Served, **more: Any) -> tuple[str | None, dict[str, Any]]:
    answer = await server.http.post(CHAT, json=body(**{**CERTAIN, **more}))
    assert answer.status_code == 200, answer.text
    return answer.headers.get(HEADER), answer.json()


async def test_the_very_same_request_is_answered_without_the_model(tmp_path: Path) -> None:
    """The answer is the same, costs nothing, and says where it comes from; another question does not."""
    async with served(tmp_path, ANSWER_CACHE__MODE="all") as server:
        told, first = await asked(server)
        again, second = await asked(server)
        other, _ = await asked(server, text="hi others")
        calls = len(server.doubles[0].chats)
    assert (told, again, other, calls) == ("miss", "hit", "miss", 2)
    assert first["choices"][0]["message"]["content"] == second["choices"][0]["message"]["content"]
    assert (first["x_agent"]["cached"], second["x_agent"]["cached"]) == (False, True)
    assert first["usage"]["total_tokens"] > 0
    assert second["usage"]["total_tokens"] == 0


async def test_a_hit_counts_as_a_request_without_tokens(tmp_path: Path) -> None:
    """The books of a user grow by a run and by nothing else."""
    async with served(tmp_path, ANSWER_CACHE__MODE="all") as server:
        await asked(server)
        before = (await server.http.get("/api/usage")).json()["totals"]
        await asked(server)
        after = (await server.http.get("/api/usage")).json()["totals"]
    assert after["runs"] == before["runs"] + 1
    assert after["total_tokens"] == before["total_tokens"]


async def test_a_streamed_answer_is_given_again_as_a_stream(tmp_path: Path) -> None:
    """Piece by piece, with the header on both."""
    async with served(tmp_path, ANSWER_CACHE__MODE="all") as server:
        text = "a question of many words that are all said again by the model"
        _, whole = await asked(server, text=text)
        answer = await server.http.post(CHAT, json=body(text, stream=True, **CERTAIN))
    lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: {")]
    chunks = [orjson.loads(line) for line in lines]
    pieces = [it["choices"][0]["delta"].get("content") or "" for it in chunks if it["choices"]]
    assert answer.headers[HEADER] == "hit"
    assert "".join(pieces) == whole["choices"][0]["message"]["content"]
    assert len([one for one in pieces if one]) > 1
    assert chunks[-1]["x_agent"]["cached"] is True


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 0.7},
        {"temperature": None},
        {"x_cache": False},
        {"agent_type": "react"},
        {"logprobs": True},
    ],
)
async def test_what_depends_on_chance_or_on_the_world_is_asked_anew(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    """And who does not want it is not given it."""
    async with served(tmp_path, ANSWER_CACHE__MODE="all") as server:
        told = [(await asked(server, **more))[0] for _ in range(2)]
        calls = len(server.doubles[0].chats)
    assert told == [None, None]
    assert calls >= 2


@pytest.mark.parametrize("more", [{"seed": 7, "temperature": 0.9}, {"temperature": 0}])
async def test_a_seed_is_as_certain_as_no_temperature(tmp_path: Path, more: dict[str, Any]) -> None:
    """With the mode `asked`, for those who ask for it."""
    async with served(tmp_path, ANSWER_CACHE__MODE="asked") as server:
        told = [(await asked(server, **more))[0]]
        told += [(await asked(server, x_cache=True, **more))[0] for _ in range(2)]
    assert told == [None, "miss", "hit"]


async def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    """Asking for it changes nothing then."""
    async with served(tmp_path) as server:
        told = [(await asked(server, x_cache=True))[0] for _ in range(2)]
    assert told == [None, None]


@pytest.mark.parametrize(("shared", "told"), [("false", "miss"), ("true", "hit")])
async def test_answers_of_one_user_are_another_ones_only_where_that_is_set(
    tmp_path: Path, shared: str, told: str
) -> None:
    """By default nobody can tell what others asked."""
    settings = {"ANSWER_CACHE__MODE": "all", "ANSWER_CACHE__SHARED": shared}
    async with served(tmp_path, **settings) as server:
        await asked(server)
        other = await someone(server.live, server.http)
        async with server.live.http(other.token) as theirs:
            answer = await theirs.post(CHAT, json=body(**CERTAIN))
    assert answer.headers[HEADER] == told


async def test_a_shared_answer_is_erased_with_the_user_for_whom_it_was_made(
    tmp_path: Path,
) -> None:
    """Nobody is given the words of somebody who is gone; what others asked first stays."""
    settings = {"ANSWER_CACHE__MODE": "all", "ANSWER_CACHE__SHARED": "true"}
    async with served(tmp_path, **settings) as server:
        first = await someone(server.live, server.http)
        for words, client_token in (("theirs", first.token), ("mine", server.live.token)):
            async with server.live.http(client_token) as theirs:
                made = await theirs.post(CHAT, json=body(words, **CERTAIN))
            assert made.headers[HEADER] == "miss"
        assert (await server.http.delete(f"/api/users/{first.id}")).status_code == 204
        told = [
            (await server.http.post(CHAT, json=body(words, **CERTAIN))).headers[HEADER]
            for words in ("theirs", "mine")
        ]
    assert told == ["miss", "hit"]


async def test_every_wire_may_ask_for_it(tmp_path: Path) -> None:
    """Responses and Anthropic's messages too."""
    response = {"model": "llama3.2", "input": "hi", "agent_type": "chat", **CERTAIN}
    message = {**body(), "max_tokens": 50, **CERTAIN}
    wires = {"/v1/responses": response, "/v1/messages": message}
    async with served(tmp_path, ANSWER_CACHE__MODE="asked") as server:
        for path, sent in wires.items():
            answers = [
                await server.http.post(path, json={**sent, "x_cache": True}) for _ in range(2)
            ]
            assert [one.headers.get(HEADER) for one in answers] == ["miss", "hit"], path
