"""What many turns with large results of tools leave on the disk, on the real server."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import Call, Reply
from tests.fakes.sql_databases import empty_postgres, postgres_copy

SESSIONS, TURNS = 8, 25
MODEL = "llama3.2@react"
LARGE = '[{"import": "tests.fakes.large_tool:look", "touches": ["computes"]}]'
WORDS = "The answer, in as many words as it takes. " * 20


def answers(body: dict[str, Any]) -> Reply:
    """Look once at each question, then answer."""
    if body["messages"][-1]["role"] == "tool":
        return Reply(content=WORDS)
    return Reply(calls=[Call(name="look", arguments={"at": "it"})])


async def test_two_hundred_turns_with_large_results_stay_under_five_times_their_messages(
    doubles: Doubles, tmp_path: Path
) -> None:
    """Messages are what the model was sent and said; counted is by how much all that is kept has grown."""
    environ = large(doubles)
    async with live_server(tmp_path, **environ) as server:
        empty = on_disk(tmp_path / "data")
        kept = await everybody_talks(server)
    doubles.ollama.reset()
    held = on_disk(tmp_path / "data") - empty
    assert held < 5 * kept, (held, kept)


async def test_they_do_on_postgresql_too(doubles: Doubles, tmp_path: Path) -> None:
    """Rows that are dead, and the work space of the agents' steps, included."""
    with empty_postgres() as postgres, postgres_copy(postgres) as url:
        environ = {**large(doubles), "DATABASE_URL": url}
        async with live_server(tmp_path, **environ) as server:
            empty = in_database(url) + on_disk(tmp_path / "data")
            kept = await everybody_talks(server)
            doubles.ollama.reset()
            held = in_database(url) + on_disk(tmp_path / "data") - empty
    assert held < 5 * kept, (held, kept)


def large(doubles: Doubles) -> dict[str, str]:
    """Have a tool whose results are large, and a model that uses it."""
    doubles.ollama.reset()
    doubles.ollama.script(answers)
    return {**doubles.environ(), "TOOLS__COMMUNITY__IMPORTS": LARGE}


async def everybody_talks(server: LiveServer) -> int:
    """Have all sessions talk at the same time; give the bytes of their messages."""
    async with server.http(await server.log_in()) as http:
        kept = sum(await asyncio.gather(*(talk(http) for _ in range(SESSIONS))))
    assert kept > SESSIONS * TURNS * len(WORDS)
    return kept


async def talk(http: httpx.AsyncClient) -> int:
    """Ask again and again in one session; give the bytes of its messages, results of tools included."""
    session: dict[str, Any] = {"store": True}
    said = 0
    for number in range(TURNS):
        question = {"role": "user", "content": f"Look at it, for the {number}. time."}
        body = {"model": MODEL, "messages": [question], **session}
        answer = await http.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        session = {"session_id": answer.headers["x-session-id"]}
        run = (await http.get(f"/api/runs/{answer.headers['x-run-id']}")).json()
        transcript = run["trace"]["transcript"]
        assert [one["role"] for one in transcript] == ["assistant", "tool"]
        messages = [question, *transcript, answer.json()["choices"][0]["message"]]
        said += sum(len(str(one["content"] or "").encode()) for one in messages)
    return said


def on_disk(folder: Path) -> int:
    """Count the bytes of all files, write-ahead logs written back."""
    for path in folder.rglob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def in_database(url: str) -> int:
    """Count the bytes of all tables with their indexes."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
