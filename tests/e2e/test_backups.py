"""A backup is made while a server works, and what is restored from it elsewhere answers as before."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from tests.fakes.belongings import belongings
from tests.fakes.completions import CHAT, HI, MODEL
from tests.fakes.live_server import LiveServer, live_server
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.operated import (
    PASSWORD,
    all_rows,
    command,
    done,
    environ_of,
    files_below,
    loose_ends,
    sqlite_of,
)
from tests.fakes.people import SECRET, someone
from tests.fakes.uploads import upload, uploaded

WHALES = b"Blue whales are the largest animals that have ever lived. They eat krill."


@contextlib.asynccontextmanager
async def busy(server: LiveServer, token: str) -> AsyncIterator[list[int]]:
    """Have somebody chat, upload and delete as fast as it goes, until the block ends."""
    rounds = [0]
    stopped = asyncio.Event()

    async def chat() -> None:
        async with server.http(token) as http:
            while not stopped.is_set():
                body = {"model": MODEL, "messages": HI, "store": True}
                assert (await http.post(CHAT, json=body)).status_code == 200
                rounds[0] += 1

    async def store() -> None:
        async with server.http(token) as http:
            while not stopped.is_set():
                text = f"Text {rounds[0]}."
                made = await upload(http, f"{text}txt", text.encode(), params={"wait": 0})
                assert made.is_success, made.text
                if rounds[0] % 2:
                    await http.delete(f"/api/files/documents/{made.json()['file_id']}")
                rounds[0] += 1

    working = [asyncio.create_task(one()) for one in (chat, store)]
    try:
        yield rounds
    finally:
        stopped.set()
        await asyncio.gather(*working)


async def seen(server: LiveServer, token: str, made: dict[str, str]) -> dict[str, object]:
    """Give what a user sees of what is theirs."""
    async with server.http(token) as http:
        found = await http.post("/api/files/search", json={"query": "What do whales eat?"})
        hits = found.json()["results"]
        paths = [
            f"/api/conversations/{made['session']}",
            f"/v1/responses/{made['response']}",
            f"/v1/chat/completions/{made['completion']}",
            f"/v1/vector_stores/{made['store']}/files",
            "/api/conversations",
            "/api/files/documents",
            "/v1/files",
            f"/api/runs/{made['run']}",
            f"/v1/files/{made['file']}/content",
            f"/v1/files/{made['image']}/content",
            *(f"/api/citations/{one['citation_id']}" for one in hits),
        ]
        answers = {path: await http.get(path) for path in paths}
    assert {path: one.status_code for path, one in answers.items()} == dict.fromkeys(paths, 200)
    return {"hits": hits, **{path: one.content for path, one in answers.items()}}


async def test_what_is_restored_elsewhere_is_what_was_there(tmp_path):
    """Answers, log-ins, files, sessions and citations, though others wrote all the time."""
    old, new, archive = tmp_path / "old", tmp_path / "new", tmp_path / "steward.backup"
    old.mkdir()
    new.mkdir()
    async with OllamaDouble() as ollama:
        more = {"OLLAMA_HOST": ollama.url}
        async with live_server(old, **more) as server:
            token = await server.log_in()
            async with server.http(token) as http:
                made = await belongings(http)
                await uploaded(http, "krill.txt", WHALES)
                other = await someone(server, http)
                mine = (await http.get("/api/auth/me")).json()["id"]
            before = await seen(server, token, made)
            rows_before = all_rows(sqlite_of(old))
            async with busy(server, other.token) as rounds:
                await _backed_up(archive, environ_of(old, **more), rounds, server)
        done("restore", str(archive), environ=environ_of(new, **more))
        rows = all_rows(sqlite_of(new))
        _same_of(mine, rows_before, rows)
        assert loose_ends(new) == [("ok",)]
        _files_are_whole(new / "data", rows)
        async with live_server(new, **more) as server:
            assert await seen(server, token, made) == before
            assert await server.log_in("admin", PASSWORD)
            assert await server.log_in(other.name, SECRET)


async def _backed_up(archive, environ, rounds, server) -> None:
    """Make a backup once the others are at work."""
    while rounds[0] < 5:
        await server.log_in()
    ended = await asyncio.to_thread(done, "backup", "--with-keys", str(archive), environ=environ)
    assert rounds[0] > 5
    assert b"with the keys secret.key" in ended.stdout
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def _same_of(user_id, before, after) -> None:
    """Compare the rows of one user, who did nothing meanwhile."""
    for table, rows in before.items():
        kept = [row for row in rows if row.get("user_id") == user_id and table != "refresh_tokens"]
        assert [row for row in kept if row not in after[table]] == [], table
    assert len(before["messages"]) > 2


def _files_are_whole(data: Path, rows) -> None:
    """Every row of a file has its bytes, and there are no others."""
    sums = {row["id"]: row["sha256"] for row in rows["documents"]}
    wanted = {f"{row['user_id']}/{row['id']}": sums[row["document_id"]] for row in rows["files"]}
    found = files_below(data / "uploads")
    assert {name: hashlib.sha256(it).hexdigest() for name, it in found.items()} == wanted
    assert wanted


def test_a_pipe_will_do(tmp_path):
    """Standard output holds the archive and nothing else; restored, the rows are the same."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    environ = environ_of(old)
    done("create-user", "ann", "--admin", environ=environ, given=PASSWORD.encode())
    piped = done("backup", "-", environ=environ)
    assert b"without keys" in piped.stderr
    said = done("restore", "-", "--json", environ=environ_of(new), given=piped.stdout)
    assert orjson.loads(said.stdout)["counts"]["users"] == 1
    assert all_rows(sqlite_of(new)) == all_rows(sqlite_of(old))
    assert not (new / "data" / "secret.key").exists()
    cut = command("restore", "-", "--replace", environ=environ_of(new), given=piped.stdout[:-9])
    assert cut.returncode == 1
    assert cut.stderr.startswith(b"steward: the archive is not used: ")
