"""Damaged files are told as such however they come, and nothing of them is found by a search."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fakes import damaged_files as damaged
from tests.fakes import sample_files as sample
from tests.fakes.attaching import asks, b64, file, refused, text
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.people import Person
from tests.fakes.refusals import error_of
from tests.fakes.uploads import DOCUMENTS, SEARCH, upload

ROWS = [("item", "price"), *((f"item {number}", number * 1.37) for number in range(500))]
DAMAGED = {
    "photo.png": (damaged.zeroed(damaged.noise_picture("PNG")), "not a PNG image"),
    "stock.xlsx": (damaged.zeroed(sample.xlsx({"Stock": ROWS})), "not an Excel workbook"),
    "half.docx": (damaged.half(sample.docx()), "cannot be unpacked"),
    "half.png": (damaged.half(damaged.noise_picture("PNG")), "cannot be opened as an image"),
}


@pytest.mark.parametrize("name", sorted(DAMAGED))
async def test_a_damaged_upload_has_failed_and_is_not_found(
    mine: httpx.AsyncClient, name: str
) -> None:
    """The answer, the list and the search agree."""
    content, words = DAMAGED[name]
    body = (await upload(mine, name, content)).json()
    assert body["state"] == "failed"
    assert words in body["reason"]
    [listed] = (await mine.get(DOCUMENTS)).json()["documents"]
    assert (listed["state"], listed["reason"]) == ("failed", body["reason"])
    found = await mine.post(SEARCH, json={"query": name})
    assert found.json()["results"] == []


@pytest.mark.parametrize("name", sorted(DAMAGED))
async def test_a_damaged_file_of_a_vector_store_has_failed(
    server: LiveServer, person: Person, name: str
) -> None:
    """A stock client sees why."""
    content, words = DAMAGED[name]
    async with server.openai(person.token, _strict_response_validation=True) as openai:
        store = await openai.vector_stores.create()
        given = await openai.files.create(file=(name, content), purpose="assistants")
        made = await openai.vector_stores.files.create_and_poll(given.id, vector_store_id=store.id)
    assert made.status == "failed"
    assert made.last_error is not None
    assert words in made.last_error.message


@pytest.mark.parametrize("name", sorted(DAMAGED))
async def test_a_damaged_file_in_a_message_is_refused(
    mine: httpx.AsyncClient, ollama: OllamaDouble, name: str
) -> None:
    """Before a model is asked."""
    content, words = DAMAGED[name]
    part: dict[str, Any] = file(file_data=b64(content), filename=name)
    answer = await mine.post("/v1/chat/completions", json=asks(part, text("What is in it?")))
    assert refused(answer)[:2] == (400, "file_unreadable")
    assert words in error_of(answer)["message"]
    assert ollama.chats == []
