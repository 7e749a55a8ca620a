"""OpenAI's vector stores through its strict stock client, over our real indexing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from openai import AsyncOpenAI

from tests.fakes.live_server import LiveServer
from tests.fakes.people import Person

NOTES = {
    "returns.txt": b"Returns are taken within 30 days after delivery.",
    "shipping.txt": b"Shipping is free above 50 euros; parcels leave on Mondays.",
    "bees.txt": b"Bees dance to tell each other where flowers are.",
}


@pytest_asyncio.fixture(loop_scope="session")
async def openai(server: LiveServer, person: Person) -> AsyncIterator[AsyncOpenAI]:
    """Speak through a strict stock client as somebody who keeps no files yet."""
    async with server.openai(person.token, _strict_response_validation=True) as made:
        yield made


async def filled(openai: AsyncOpenAI, **more: Any) -> tuple[str, dict[str, str]]:
    """Make a store with all the notes in it, read; give its id and the files' ids by name."""
    store = await openai.vector_stores.create(name="shop", **more)
    batch = await openai.vector_stores.file_batches.upload_and_poll(
        store.id, files=list(NOTES.items())
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 3)
    files = await openai.files.list()
    return store.id, {one.filename: one.id for one in files.data}


async def test_files_are_uploaded_awaited_and_searched(openai: AsyncOpenAI) -> None:
    """The whole way of the quick start, with nothing but the stock client."""
    store_id, ids = await filled(openai, metadata={"team": "shop"})
    store = await openai.vector_stores.retrieve(store_id)
    assert (store.status, store.file_counts.total, store.metadata) == (
        "completed",
        3,
        {"team": "shop"},
    )
    assert store.usage_bytes == sum(map(len, NOTES.values()))
    found = await openai.vector_stores.search(store_id, query="How long can I return something?")
    best = found.data[0]
    assert (best.file_id, best.filename) == (ids["returns.txt"], "returns.txt")
    assert best.content[0].text == NOTES["returns.txt"].decode()
    assert 0 < best.score <= 1
    assert [one.score for one in found.data] == sorted(
        (one.score for one in found.data), reverse=True
    )
