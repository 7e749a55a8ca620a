"""A deleted file leaves nothing on the disk, wherever its text has been."""

from __future__ import annotations

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
