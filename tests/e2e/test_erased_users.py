"""What is left of a user who was erased by a command while the server ran: nothing, anywhere."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from backend.storage.postgres_checkpoints import CheckpointTables
from tests.fakes.belongings import belongings
from tests.fakes.completions import CHAT, HI, MODEL
from tests.fakes.live_server import live_server
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.operated import all_rows, command, done, environ_of, files_below, sqlite_of
from tests.fakes.people import a_key, someone
from tests.fakes.sql_databases import empty_postgres, postgres_copy
from tests.fakes.uploads import SEARCH, uploaded


async def _made(server, http) -> tuple[Any, dict[str, str]]:
    """Give somebody one of everything, and an index."""
    person = await someone(server, http)
    async with server.http(person.token) as theirs:
        made = await belongings(theirs)
        await a_key(theirs)
        await uploaded(theirs, "tea.txt", b"Tea is grown in Assam.")
        assert (await theirs.post(SEARCH, json={"query": "tea"})).json()["results"]
        for agent in ("react", "chat"):
            body = {"model": f"{MODEL}@{agent}", "messages": HI, "store": True}
            assert (await theirs.post(CHAT, json=body)).status_code == 200
    async with server.http() as anyone:
        wrong = {"username": person.name, "password": "not the password"}
        await anyone.post("/api/auth/login", json=wrong)
        right = {"username": person.name, "password": "a longer secret"}
        await anyone.post("/api/auth/login", json=right, headers={"origin": server.url})
    return person, made


def _names(value: Any, words: set[str]) -> bool:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return any(word in text for word in words)


def _standing(rows, words: set[str]) -> dict[str, int]:
    """Count the rows in which any of the words stands, by table."""
    found = {
        table: sum(any(_names(it, words) for it in row.values()) for row in some)
        for table, some in rows.items()
    }
    return {table: number for table, number in found.items() if number}


async def test_nothing_is_left_of_an_erased_user(tmp_path):
    """No row, no file, no index, no checkpoint; all of somebody else's is there.

    `tests/conformance/stores/test_erased_users.py` does it for every table there is.
    """
    async with OllamaDouble() as ollama, live_server(tmp_path, OLLAMA_HOST=ollama.url) as server:
        token = await server.log_in()
        async with server.http(token) as http:
            gone, made = await _made(server, http)
            stays, _ = await _made(server, http)
        before = all_rows(sqlite_of(tmp_path))
        words = {gone.id, *made.values(), f"account:{gone.name}"}
        erased = await asyncio.to_thread(
            done, "delete-user", gone.name, "--yes", environ=environ_of(tmp_path)
        )
        assert gone.id in erased.stdout.decode()
        async with server.http(gone.token) as theirs:
            await _refused_within_a_second(theirs)
        await _forgotten(tmp_path, gone.id)
        after = all_rows(sqlite_of(tmp_path))
        assert _standing(after, words) == {}
        assert _of(after, stays.id) == _of(before, stays.id)
        async with server.http(stays.token) as theirs:
            assert (await theirs.post(SEARCH, json={"query": "tea"})).json()["results"]
    assert [one for one in files_below(tmp_path / "data") if gone.id in one] == []


def _of(rows, user_id: str) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [row for row in some if row.get("user_id") == user_id]
        for table, some in rows.items()
    }


async def _refused_within_a_second(http) -> None:
    """Wait for the row to be read again."""
    async with asyncio.timeout(3):
        while (await http.get("/api/conversations")).status_code != 401:
            pass


async def _forgotten(folder, user_id: str) -> None:
    """Wait until the server has let go of what it had loaded."""
    async with asyncio.timeout(5):
        while [one for one in files_below(folder / "data") if user_id in one]:
            await asyncio.to_thread(len, "")


async def test_steps_of_runs_on_postgresql_are_erased_by_the_command(tmp_path):
    """Of runs that wait, and of those that a crash has left; somebody else's stay."""
    (tmp_path / "data").mkdir(mode=0o700)
    with empty_postgres() as server, postgres_copy(server) as url:
        environ = environ_of(tmp_path, DATABASE_URL=url)
        for name, *more in (("admin", "--admin"), ("ann",)):
            words = ("create-user", name, *more, "--generate", "--json")
            made = await asyncio.to_thread(done, *words, environ=environ)
        user_id = json.loads(made.stdout)["id"]
        checkpoints = CheckpointTables(url, connections=1)
        saver = await checkpoints.saver()
        for thread in (f"{user_id}:run_1", f"{user_id}:run_2", f"{user_id}0:run_3"):
            config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
            config = await saver.aput(config, empty_checkpoint(), {}, {})
            await saver.aput_writes(config, [("text", "a secret")], "task")
        await checkpoints.aclose()
        await asyncio.to_thread(done, "delete-user", "ann", "--yes", environ=environ)
        with psycopg.connect(url) as connection:
            for table in ("checkpoints", "checkpoint_writes"):
                rows = connection.execute(f"SELECT thread_id FROM {table}").fetchall()
                assert rows == [(f"{user_id}0:run_3",)], table


@pytest.mark.parametrize("how", ["by its name", "by its id"])
async def test_the_last_administrator_stays(tmp_path, how):
    """By whichever name it is called."""
    environ = environ_of(tmp_path)
    made = await asyncio.to_thread(
        done, "create-user", "ann", "--admin", "--generate", "--json", environ=environ
    )
    name = "ANN" if how == "by its name" else made.stdout.decode().split('"id": "')[1][:37]
    refused = await asyncio.to_thread(command, "delete-user", name, "--yes", environ=environ)
    assert refused.returncode == 2
    assert b"last enabled administrator" in refused.stderr
