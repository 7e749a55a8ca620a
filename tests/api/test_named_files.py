"""Chats narrowed to some of the caller's files with `file_ids`, through the whole server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fakes.attaching import refused
from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import a_key
from tests.fakes.uploads import DOCUMENTS, uploaded

SESSION = "session"
LEASE = b"Either party may end the lease with a notice of 90 days."
GYM = b"The gym contract may be ended with a notice of 30 days."
QUESTION: list[Any] = [{"role": "user", "content": "What notice ends the contract?"}]
NAMED: list[tuple[list[str] | None, set[bytes]]] = [
    (["a"], {LEASE}),
    (["b", "b"], {GYM}),
    ([], set()),
    (None, {LEASE, GYM}),
]
SEARCH = Call(name="rag_retrieval", arguments={"query": "notice that ends the contract"})


@pytest_asyncio.fixture(loop_scope=SESSION)
async def files(mine: httpx.AsyncClient) -> dict[str, str]:
    """Give somebody two files; their ids by name."""
    return {name: await uploaded(mine, name, text) for name, text in (("a", LEASE), ("b", GYM))}


def searches(body: dict[str, Any]) -> Reply:
    """Play a model that searches once, then answers."""
    seen = any(message["role"] == "tool" for message in body["messages"])
    return Reply(content="So many days.") if seen else Reply(calls=[SEARCH])


def asked(file_ids: list[str] | None, **more: Any) -> dict[str, Any]:
    """Make a request that names files."""
    return {"model": f"{MODEL}@react", "messages": QUESTION, "file_ids": file_ids, **more}


@pytest.mark.parametrize(("named", "found"), NAMED)
async def test_a_tool_finds_only_the_files_that_were_named(
    mine: httpx.AsyncClient,
    ollama: OllamaDouble,
    files: dict[str, str],
    named: list[str] | None,
    found: set[bytes],
) -> None:
    """Twice is once, an empty list is none of them, and without a list all are at hand."""
    ollama.script(searches)
    ids = None if named is None else [files[one] for one in named]
    answer = await mine.post(CHAT, json=asked(ids))
    assert answer.status_code == 200, answer.text
    told = str(ollama.chats[-1].body["messages"])
    assert {one for one in (LEASE, GYM) if one.decode() in told} == found


async def test_a_foreign_file_is_named_like_a_missing_one_before_anything_is_asked(
    http: httpx.AsyncClient, mine: httpx.AsyncClient, ollama: OllamaDouble, files: dict[str, str]
) -> None:
    """Also a file that was deleted; nothing is stored of such a request."""
    theirs = await uploaded(http, "secret.txt", b"The vault opens at nine.")
    await mine.delete(f"{DOCUMENTS}/{files['b']}")
    for wrong in (theirs, files["b"], "file-nothing"):
        answer = await mine.post(CHAT, json=asked([files["a"], wrong], store=True, stream=True))
        assert refused(answer) == (404, "not_found", "file_ids")
        assert answer.json()["error"]["message"] == f"There is no file '{wrong}'"
    assert ollama.chats == []
    assert (await mine.get("/api/conversations")).json()["conversations"] == []


@pytest.mark.parametrize("wrong", [["x"] * 101, [""], ["x" * 101], "file-x", [7], {"file-x": True}])
async def test_a_wrong_list_is_refused_by_name(mine: httpx.AsyncClient, wrong: Any) -> None:
    """Too many, too long, or no list of ids at all."""
    status, _, param = refused(await mine.post(CHAT, json=asked(wrong)))
    assert status == 400
    assert param.startswith("file_ids")


async def test_a_key_that_is_bound_to_other_tools_learns_of_no_file(
    server: LiveServer, mine: httpx.AsyncClient, files: dict[str, str]
) -> None:
    """Its own files answer it like those that do not exist."""
    key = await a_key(mine, "chat", "tools:math_calc")
    async with server.http(key) as bound:
        for one in (files["a"], "file-nothing"):
            answer = await bound.post(CHAT, json=asked([one]))
            assert (answer.status_code, refused(answer)[2]) == (403, "file_ids")
