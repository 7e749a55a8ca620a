"""A deleted file leaves nothing on the disk, wherever its text has been."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from httpx import AsyncClient

from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.uploads import DOCUMENTS, SEARCH, uploaded

SECRET = "xylographer"
TEXT = f"The {SECRET} of the harbour is paid every second Tuesday.\n\n" + "Other things. " * 400


def holding(folder: Path, word: str) -> list[str]:
    """List the files of the data folder in which a word stands."""
    needle = word.encode()
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()
    )


def reads_and_answers(body: dict[str, Any]) -> Reply | None:
    """Play a model that looks the secret up and keeps it to itself."""
    seen = any(message["role"] == "tool" for message in body["messages"])
    call = Call(name="rag_retrieval", arguments={"query": f"{SECRET} of the harbour"})
    return Reply(content="They are paid [1].") if seen else Reply(calls=[call])


async def test_after_deleting_no_file_of_the_server_holds_the_text(
    mine: AsyncClient, server: LiveServer, ollama: OllamaDouble
) -> None:
    """Not the database, not its log, not the indexes, not the traces and checkpoints of agents that read it."""
    data = server.app.state.services.options.incoming.parents[1]
    file_id = await uploaded(mine, "pay.txt", TEXT.encode())
    found = (await mine.post(SEARCH, json={"query": f"{SECRET} of the harbour"})).json()
    assert SECRET in found["results"][0]["text"]
    ollama.script(reads_and_answers)
    body = {"model": f"{MODEL}@react", "messages": [{"role": "user", "content": "Who is paid?"}]}
    answer = (await mine.post(CHAT, json={**body, "store": True})).json()
    run = f"/api/runs/{answer['x_agent']['run_id']}"
    assert SECRET in (await mine.get(run)).text
    assert "steward.db-wal" in holding(data, SECRET)

    assert (await mine.delete(f"{DOCUMENTS}/{file_id}")).status_code == 204
    trace = (await mine.get(run)).text
    assert "paid every second Tuesday" not in trace
    assert "They are paid [1]." in trace
    assert holding(data, "paid every second Tuesday") == []


async def test_a_kept_response_loses_what_it_quotes_of_a_deleted_file(
    mine: AsyncClient, server: LiveServer, ollama: OllamaDouble
) -> None:
    """Its results, its sources and its replay; what the model said stays."""
    data = server.app.state.services.options.incoming.parents[1]
    file_id = await uploaded(mine, "pay.txt", TEXT.encode())
    store = (await mine.post("/v1/vector_stores", json={"file_ids": [file_id]})).json()["id"]
    ollama.script(reads_and_answers)
    search = {"type": "file_search", "vector_store_ids": [store]}
    body: dict[str, Any] = {"model": MODEL, "input": "Who is paid?", "tools": [search]}
    made = (await mine.post("/v1/responses", json=body)).json()
    where = f"/v1/responses/{made['id']}"
    whole = {"include": "file_search_call.results"}
    assert "paid every second Tuesday" in (await mine.get(where, params=whole)).text

    assert (await mine.delete(f"/v1/files/{file_id}")).status_code == 200
    left = await mine.get(where, params=whole)
    assert "paid every second Tuesday" not in left.text
    assert left.json()["output"][-1]["content"][0]["text"] == "They are paid [1]."
    assert set(left.json()) == set(made)
    again = await mine.get(where, params={**whole, "stream": "true"})
    assert "paid every second Tuesday" not in again.text
    assert holding(data, "paid every second Tuesday") == []


async def test_a_response_in_the_background_quotes_no_file_that_was_deleted_meanwhile(
    mine: AsyncClient, server: LiveServer, ollama: OllamaDouble
) -> None:
    """The search was made before, the response is kept later."""
    data = server.app.state.services.options.incoming.parents[1]
    file_id = await uploaded(mine, "pay.txt", TEXT.encode())
    store = (await mine.post("/v1/vector_stores", json={"file_ids": [file_id]})).json()["id"]
    gate = asyncio.Event()

    def reads_then_waits(body: dict[str, Any]) -> Reply | None:
        reply = reads_and_answers(body)
        return reply if reply is None or reply.calls else replace(reply, hold=gate)

    ollama.script(reads_then_waits)
    search = {"type": "file_search", "vector_store_ids": [store]}
    body: dict[str, Any] = {"model": MODEL, "input": "Who is paid?", "tools": [search]}
    made = (await mine.post("/v1/responses", json={**body, "background": True})).json()
    where = f"/v1/responses/{made['id']}"
    async with asyncio.timeout(30):
        while len(ollama.chats) < 2:
            await mine.get(where)
    assert (await mine.delete(f"/v1/files/{file_id}")).status_code == 200
    gate.set()
    async with asyncio.timeout(30):
        while (found := (await mine.get(where)).json())["status"] == "in_progress":
            pass
    assert found["status"] == "completed"
    whole = {"include": "file_search_call.results"}
    assert "paid every second Tuesday" not in (await mine.get(where, params=whole)).text
    async with asyncio.timeout(30):
        while any(
            name.startswith("steward.db") for name in holding(data, "paid every second Tuesday")
        ):  # while somebody reads the write-ahead log it stays, and is emptied the next time
            await server.app.state.services.documents._parts.forget()
