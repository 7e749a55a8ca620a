"""Two users and every id of one used by the other, everywhere it can stand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response

from tests.fakes.belongings import EVERY_PLACE, Place, belongings, filled, like
from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.people import Person, a_key, someone
from tests.fakes.uploads import uploaded

NAMELESS = frozenset({"date", "x-request-id", "openai-processing-ms", "content-length"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two(server: LiveServer) -> AsyncIterator[tuple[AsyncClient, AsyncClient, Any, Any]]:
    """Make two users who have one of everything."""
    async with server.http(server.token) as admin:
        ann, bob = [await someone(server, admin) for _ in range(2)]
    async with server.http(ann.token) as hers, server.http(bob.token) as his:
        owned = await belongings(hers), await belongings(his)
        yield hers, his, *owned
        for http, own in zip((hers, his), owned, strict=True):
            await http.post(
                f"/v1/uploads/{own['upload']}/cancel"
            )  # its part lies among the incoming


def _seen(answer: Response, used: str) -> Any:
    headers = {name: it for name, it in answer.headers.items() if name not in NAMELESS}
    headers = {name: it for name, it in headers.items() if not name.startswith("x-ratelimit")}
    return answer.status_code, answer.text.replace(used, "#"), headers


@EVERY_PLACE
async def test_somebody_elses_id_answers_exactly_like_a_missing_one(
    two: tuple[AsyncClient, AsyncClient, dict[str, str], dict[str, str]], place: Place
) -> None:
    """Status, body and headers; nobody learns that it is there."""
    _, his, hers_are, his_are = two

    async def ask(used: str) -> Response:
        path, body = filled(place.path, used), filled(place.body, used)
        for mark, things in (("@", hers_are), ("~", his_are)):
            for name, it in things.items():
                path = path.replace(f"{mark}{name}", it)
                body = _replaced(body, f"{mark}{name}", it)
        sent = {} if body is None else {"json": body}
        return await his.request(place.method, path, **sent)

    theirs = hers_are[place.whose]
    found = await ask(theirs)
    assert _seen(found, theirs) == _seen(await ask(like(theirs)), like(theirs))
    if "after=" not in place.path:
        assert found.status_code in {400, 404}, found.text


def _named_after(user_id: str, folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if user_id in one.name]


def _replaced(value: Any, mark: str, made: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(it, mark, made) for key, it in value.items()}
    if isinstance(value, list):
        return [_replaced(it, mark, made) for it in value]
    return value.replace(mark, made) if isinstance(value, str) else value


async def test_what_somebody_else_tried_changed_nothing(
    two: tuple[AsyncClient, AsyncClient, dict[str, str], dict[str, str]],
) -> None:
    """All of it is there still."""
    hers, _, are, _ = two
    for where in (
        f"/v1/responses/{are['response']}",
        f"/v1/conversations/{are['conversation']}/items/{are['item']}",
        f"{CHAT}/{are['completion']}",
        f"/v1/files/{are['file']}/content",
        f"/v1/vector_stores/{are['store']}/files/{are['file']}",
        f"/v1/vector_stores/{are['store']}/file_batches/{are['batch']}",
        f"/api/runs/{are['run']}",
    ):
        assert (await hers.get(where)).status_code == 200, where
    done = {"part_ids": [are["part"]]}
    assert (await hers.post(f"/v1/uploads/{are['upload']}/complete", json=done)).status_code == 200


@pytest.mark.parametrize("scopes", [("chat", "tools:math_calc")])
async def test_a_key_bound_to_other_tools_names_no_file_in_a_message(
    server: LiveServer, http: AsyncClient, ollama: OllamaDouble, scopes: tuple[str, ...]
) -> None:
    """Neither in a chat nor in a response."""
    file = await uploaded(http, "whales.txt", b"Whales are blue.")
    part = {"type": "input_file", "file_id": file}
    chat = {"type": "file", "file": {"file_id": file}}
    async with server.http(await a_key(http, *scopes)) as bound:
        said = [{"role": "user", "content": [chat]}]
        refused = await bound.post(CHAT, json={"model": MODEL, "messages": said})
        said = [{"role": "user", "content": [part]}]
        again = await bound.post("/v1/responses", json={"model": MODEL, "input": said})
    assert (refused.status_code, again.status_code) == (403, 403)
    assert not ollama.chats


async def test_a_deleted_account_leaves_no_row_and_no_byte(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Of answers, stores, files, and parts that were still arriving."""
    async with server.http(person.token) as theirs:
        await belongings(theirs)
    data: Path = server.app.state.services.options.incoming.parents[1]
    before = server.incoming
    assert before
    assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
    assert len(server.incoming) == len(before) - 1
    with closing(sqlite3.connect(f"file:{data / 'steward.db'}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
        for table in ("answers", "vector_stores", "vector_store_files", "vector_store_batches"):
            assert table in tables
            rows = database.execute(f"SELECT COUNT(*) FROM {table} WHERE user_id = ?", [person.id])
            assert rows.fetchone() == (0,), table
    assert _named_after(person.id, data) == []
