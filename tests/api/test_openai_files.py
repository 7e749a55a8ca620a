"""OpenAI's Files through its stock client: the same documents as everywhere, one id for both doors."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from httpx import AsyncClient
from openai import AsyncOpenAI, NotFoundError

from tests.fakes.live_server import LiveServer
from tests.fakes.people import Person
from tests.fakes.uploads import DOCUMENTS, TEXT, UPLOAD

PICTURE = b"GIF89a" + bytes(range(256))


@pytest_asyncio.fixture(loop_scope="session")
async def openai(server: LiveServer, person: Person) -> AsyncIterator[AsyncOpenAI]:
    """Speak through a strict stock client as somebody who keeps no files yet."""
    async with server.openai(person.token, _strict_response_validation=True) as made:
        yield made


async def test_a_file_comes_and_goes_through_the_stock_client(
    openai: AsyncOpenAI, mine: AsyncClient
) -> None:
    """Both doors show it under one id; gone from one, it is gone from the other."""
    made = await openai.files.create(file=("terms.txt", TEXT), purpose="assistants")
    assert (made.bytes, made.filename, made.purpose) == (len(TEXT), "terms.txt", "assistants")
    assert made.status in {"uploaded", "processed"}
    done = await openai.files.wait_for_processing(made.id, poll_interval=0.1)
    assert (done.status, done.expires_at, done.status_details) == ("processed", None, None)
    assert (await mine.get(f"{DOCUMENTS}/{made.id}")).json()["state"] == "ready"
    assert (await openai.files.content(made.id)).content == TEXT
    gone = await openai.files.delete(made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    assert (await mine.get(f"{DOCUMENTS}/{made.id}")).status_code == 404
    with pytest.raises(NotFoundError):
        await openai.files.retrieve(made.id)


async def test_what_came_by_the_other_door_is_listed(
    openai: AsyncOpenAI, mine: AsyncClient
) -> None:
    """With a purpose that OpenAI knows."""
    form = {"purpose": "notes"}
    answer = await mine.post(UPLOAD, files={"file": ("a.txt", b"Words")}, data=form)
    (one,) = (await openai.files.list()).data
    assert (one.id, one.purpose, one.status) == (answer.json()["file_id"], "user_data", "processed")
