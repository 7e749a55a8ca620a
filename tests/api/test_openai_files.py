"""OpenAI's Files through its stock client: the same documents as everywhere, one id for both doors."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient
from openai import AsyncOpenAI, NotFoundError

from tests.fakes.live_server import LiveServer
from tests.fakes.people import Person
from tests.fakes.uploads import DOCUMENTS, TEXT, UPLOAD

FILES = "/v1/files"
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


@pytest.mark.parametrize("purpose", ["vision", "batch", "fine-tune"])
async def test_bytes_that_are_not_to_be_read_are_kept_as_they_came(
    openai: AsyncOpenAI, purpose: Any
) -> None:
    """Whatever they are; nothing is read, nothing waits, and searches pass them by."""
    made = await openai.files.create(file=("picture.gif", PICTURE), purpose=purpose)
    assert (made.status, made.purpose, made.bytes) == ("processed", purpose, len(PICTURE))
    assert (await openai.files.content(made.id)).content == PICTURE


async def test_what_no_reader_takes_is_kept_and_says_why(
    openai: AsyncOpenAI, mine: AsyncClient
) -> None:
    """As an input file it may be of use all the same; the other door refuses it."""
    made = await openai.files.create(file=("picture.gif", PICTURE), purpose="user_data")
    assert (made.status, made.status_details) == (
        "error",
        "Images of this kind cannot be read; save it as PNG or JPEG.",
    )
    assert (await openai.files.content(made.id)).content == PICTURE
    assert (await mine.post(UPLOAD, files={"file": ("b.gif", PICTURE)})).status_code == 415


async def test_bytes_kept_for_another_purpose_are_read_once_they_are_to_be(
    openai: AsyncOpenAI,
) -> None:
    """The same bytes and name are the same file; its purpose is the last one."""
    kept = await openai.files.create(file=("terms.txt", TEXT), purpose="batch")
    read = await openai.files.create(file=("terms.txt", TEXT), purpose="assistants")
    assert (read.id, read.purpose) == (kept.id, "assistants")
    assert (await openai.files.wait_for_processing(read.id, poll_interval=0.1)).status == (
        "processed"
    )


async def test_files_are_listed_page_by_page(openai: AsyncOpenAI) -> None:
    """Newest first or oldest first, of one purpose, on to the end by the client itself."""
    names = [f"{n}.txt" for n in range(5)]
    for at, name in enumerate(names):
        purpose = "batch" if at == 2 else "vision"
        await openai.files.create(file=(name, name.encode()), purpose=purpose)
    first = await openai.files.list(limit=2)
    assert ([one.filename for one in first.data], first.has_more) == (["4.txt", "3.txt"], True)
    assert [one.filename async for one in openai.files.list(limit=2)] == names[::-1]
    assert [one.filename async for one in openai.files.list(limit=2, order="asc")] == names
    (batch,) = (await openai.files.list(purpose="batch")).data
    assert batch.filename == "2.txt"


async def test_files_can_be_deleted_while_they_are_listed(openai: AsyncOpenAI) -> None:
    """The page after a file that is gone begins where it stood."""
    for number in range(5):
        await openai.files.create(file=(f"{number}.txt", b"%d" % number), purpose="vision")
    async for one in openai.files.list(limit=2):
        await openai.files.delete(one.id)
    assert (await openai.files.list()).data == []


async def test_a_file_expires_when_the_client_said_so(
    openai: AsyncOpenAI, server: LiveServer
) -> None:
    """Its time over, it is gone everywhere at once, then for good, with its bytes."""
    policy: Any = {"anchor": "created_at", "seconds": 3600}
    made = await openai.files.create(
        file=("terms.txt", TEXT), purpose="vision", expires_after=policy
    )
    assert made.expires_at == made.created_at + 3600
    _set_back(server, made.id)
    with pytest.raises(NotFoundError):
        await openai.files.retrieve(made.id)
    assert (await openai.files.list()).data == []
    assert _bytes_of(server, made.id)
    await server.app.state.services.documents.erase_expired()
    assert not _bytes_of(server, made.id)
    again = await openai.files.create(file=("terms.txt", TEXT), purpose="vision")
    assert (again.id != made.id, again.expires_at) == (True, None)


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({}, "purpose"),
        ({"purpose": "notes"}, "purpose"),
        ({"purpose": "batch", "expires_after[anchor]": "now"}, "expires_after.anchor"),
        ({"purpose": "batch", "expires_after[seconds]": "4000"}, "expires_after.anchor"),
        (
            {
                "purpose": "batch",
                "expires_after[anchor]": "created_at",
                "expires_after[seconds]": "3599",
            },
            "expires_after.seconds",
        ),
        (
            {
                "purpose": "batch",
                "expires_after[anchor]": "created_at",
                "expires_after[seconds]": "soon",
            },
            "expires_after.seconds",
        ),
    ],
)
async def test_a_faulty_form_is_refused_with_the_field(
    mine: AsyncClient, server: LiveServer, form: dict[str, str], param: str
) -> None:
    """And nothing of it is kept."""
    answer = await mine.post(FILES, files={"file": ("a.txt", b"x")}, data=form)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert server.incoming == []
    assert (await mine.get(FILES)).json() == {
        "object": "list",
        "data": [],
        "first_id": "",
        "last_id": "",
        "has_more": False,
    }


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "order=up", "after=file-nobody-made"])
async def test_a_faulty_listing_is_refused_with_the_field(mine: AsyncClient, query: str) -> None:
    """By the name of the parameter."""
    answer = await mine.get(f"{FILES}?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.split("=")[0])


async def test_one_request_brings_one_file(mine: AsyncClient) -> None:
    """As at OpenAI."""
    files = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    answer = await mine.post(FILES, files=files, data={"purpose": "batch"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")


async def test_anothers_file_answers_like_a_missing_one(
    openai: AsyncOpenAI, client: AsyncOpenAI
) -> None:
    """For reading, downloading and deleting."""
    made = await openai.files.create(file=("terms.txt", TEXT), purpose="batch")
    for ask in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(NotFoundError) as foreign:
            await ask(made.id)
        with pytest.raises(NotFoundError) as missing:
            await ask("file-x")
        assert foreign.value.message.replace(made.id, "file-x") == missing.value.message


def _set_back(server: LiveServer, file_id: str) -> None:
    """Let a file's time be over, without waiting for it."""
    incoming: Path = server.app.state.services.options.incoming
    with closing(sqlite3.connect(incoming.parents[1] / "steward.db", timeout=5)) as database:
        database.execute("UPDATE files SET expires_at_ms = 1 WHERE id = ?", (file_id,))
        database.commit()


def _bytes_of(server: LiveServer, file_id: str) -> list[Path]:
    """Find what lies on the disk of a file."""
    incoming: Path = server.app.state.services.options.incoming
    return list(incoming.parent.glob(f"*/{file_id}"))
