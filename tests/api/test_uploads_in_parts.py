"""OpenAI's uploads in parts: they become one file, or leave nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient
from openai import AsyncOpenAI, BadRequestError, NotFoundError, RateLimitError

from backend.api.pending_uploads import PendingUploads
from backend.errors import Conflict, InvalidRequest, NotFound
from backend.kit.clocks import SteppedClock
from backend.ports.documents import Upload
from tests.fakes.live_server import LiveServer
from tests.fakes.people import Person

UPLOADS = "/v1/uploads"
WHOLE = b"Bees dance to tell each other where flowers are. " * 40


@pytest_asyncio.fixture(loop_scope="session")
async def openai(server: LiveServer, person: Person) -> AsyncIterator[AsyncOpenAI]:
    """Speak through a strict stock client as somebody who keeps no files yet."""
    async with server.openai(person.token, _strict_response_validation=True) as made:
        yield made


async def begun(openai: AsyncOpenAI, size: int = len(WHOLE), **more: Any) -> str:
    """Begin an upload of so many bytes."""
    asked = {"purpose": "assistants", "filename": "bees.txt", "mime_type": "text/plain", **more}
    return (await openai.uploads.create(bytes=size, **asked)).id


async def test_a_file_is_uploaded_in_chunks_by_the_stock_client(
    openai: AsyncOpenAI, server: LiveServer
) -> None:
    """It is a file like any other, whole, and the folder of arriving bytes is empty."""
    done = await openai.uploads.upload_file_chunked(
        file=WHOLE,
        filename="bees.txt",
        bytes=len(WHOLE),
        mime_type="text/plain",
        purpose="assistants",
        part_size=500,
        md5=hashlib.md5(WHOLE, usedforsecurity=False).hexdigest(),
    )
    assert (done.status, done.file is not None) == ("completed", True)
    assert done.file is not None
    assert (await openai.files.content(done.file.id)).content == WHOLE
    assert (await openai.files.wait_for_processing(done.file.id, poll_interval=0.1)).status == (
        "processed"
    )
    assert server.incoming == []


async def test_a_part_may_be_larger_than_other_requests(openai: AsyncOpenAI) -> None:
    """The client's own pieces have 64 MiB."""
    size = 13 * 1024 * 1024
    upload_id = await begun(openai, size, purpose="batch")
    part = await openai.uploads.parts.create(upload_id, data=bytes(size))
    done = await openai.uploads.complete(upload_id, part_ids=[part.id])
    assert done.file is not None
    assert (done.file.bytes, done.file.purpose) == (size, "batch")


async def test_what_is_cancelled_is_gone(openai: AsyncOpenAI, server: LiveServer) -> None:
    """Its parts with it; it cannot go on."""
    upload_id = await begun(openai)
    part = await openai.uploads.parts.create(upload_id, data=WHOLE)
    assert len(server.incoming) == 1
    assert (await openai.uploads.cancel(upload_id)).status == "cancelled"
    assert server.incoming == []
    with pytest.raises(BadRequestError, match="cancelled"):
        await openai.uploads.complete(upload_id, part_ids=[part.id])


async def test_what_does_not_fit_together_is_refused(
    openai: AsyncOpenAI, server: LiveServer
) -> None:
    """Too many bytes, too few, unknown and repeated parts, another digest; it may be tried again."""
    upload_id = await begun(openai)
    with pytest.raises(BadRequestError, match="larger"):
        await openai.uploads.parts.create(upload_id, data=WHOLE + b"x")
    first = await openai.uploads.parts.create(upload_id, data=WHOLE[:100])
    rest = await openai.uploads.parts.create(upload_id, data=WHOLE[100:])
    for ids, said in [
        ([first.id], "announced"),
        ([first.id, first.id], "twice"),
        ([first.id, "part_x"], "no part"),
    ]:
        with pytest.raises(BadRequestError, match=said) as refused:
            await openai.uploads.complete(upload_id, part_ids=ids)
        assert refused.value.param == "part_ids"
    with pytest.raises(BadRequestError, match="MD5"):
        await openai.uploads.complete(upload_id, part_ids=[first.id, rest.id], md5="0" * 32)
    done = await openai.uploads.complete(upload_id, part_ids=[first.id, rest.id])
    assert (done.status, server.incoming) == ("completed", [])


async def test_nobody_has_endlessly_many_pending(openai: AsyncOpenAI) -> None:
    """Five; ended ones do not count."""
    made = [await begun(openai, 1) for _ in range(5)]
    with pytest.raises(RateLimitError, match="pending"):
        await begun(openai, 1)
    await openai.uploads.cancel(made[0])
    made[0] = await begun(openai, 1)
    for one in made:
        await openai.uploads.cancel(one)


async def test_anothers_upload_answers_like_a_missing_one(
    openai: AsyncOpenAI, client: AsyncOpenAI
) -> None:
    """Whatever is asked of it."""
    upload_id = await begun(openai)
    for wanted in (upload_id, "upload_x"):
        with pytest.raises(NotFoundError):
            await client.uploads.cancel(wanted)
        with pytest.raises(NotFoundError):
            await client.uploads.parts.create(wanted, data=b"x")
        with pytest.raises(NotFoundError):
            await client.uploads.complete(wanted, part_ids=["part_x"])
    await openai.uploads.cancel(upload_id)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"bytes": 0}, "bytes"),
        ({"bytes": 1 << 50}, "bytes"),
        ({"purpose": "notes"}, "purpose"),
        ({"filename": "../.."}, "filename"),
        ({"expires_after": {"anchor": "created_at", "seconds": 1}}, "expires_after.seconds"),
    ],
)
async def test_a_faulty_beginning_is_refused_with_the_field(
    mine: AsyncClient, change: dict[str, Any], param: str
) -> None:
    """Before any byte is sent."""
    body = {"filename": "a.txt", "purpose": "batch", "bytes": 1, "mime_type": "text/plain"}
    answer = await mine.post(UPLOADS, json={**body, **change})
    assert answer.status_code in {400, 413}
    assert answer.json()["error"]["param"] == param


async def test_an_upload_is_given_up_after_an_hour(tmp_path: Any) -> None:
    """With its parts; an hour later nobody knows it."""
    clock = SteppedClock()
    uploads = PendingUploads(tmp_path, clock)
    wanted = Upload(path=tmp_path, filename="a", size_bytes=4, sha256="")
    made = await uploads.begin("u", wanted)
    (tmp_path / "arrived").write_bytes(b"byte")
    part = await uploads.add_part(made, tmp_path / "arrived")
    clock.step(3599)
    assert (await uploads.get("u", made.id)).id == made.id
    clock.step(1)
    with pytest.raises(InvalidRequest, match="expired"):
        await uploads.get("u", made.id)
    assert not part.path.exists()
    clock.step(3600)
    with pytest.raises(NotFound):
        await uploads.get("u", made.id)


async def test_a_file_that_was_just_made_is_not_cancelled(tmp_path: Any) -> None:
    """Who cancels waits for who completes, and is told that it came too late."""
    uploads = PendingUploads(tmp_path, SteppedClock())
    wanted = Upload(path=tmp_path, filename="a.txt", size_bytes=3, sha256="")
    made = await uploads.begin("user_ann", wanted)
    async with made.busy:
        cancelling = asyncio.create_task(uploads.cancel(made))
        await asyncio.wait([cancelling], timeout=0)
        await uploads.end(made, "completed")
    with pytest.raises(InvalidRequest) as refused:
        await cancelling
    assert (made.status, refused.value.error_code) == ("completed", "upload_completed")


async def test_parts_are_added_completed_and_cancelled_on_any_server(tmp_path: Any) -> None:
    """Whoever completes at the same moment: one does, the others are told so; strangers find nothing."""
    one, other = (PendingUploads(tmp_path, SteppedClock()) for _ in range(2))
    wanted = Upload(path=tmp_path, filename="a.txt", size_bytes=4, sha256="", purpose="batch")
    made = await one.begin("user_ann", wanted)
    parts: list[str] = []
    for side, data in ((one, b"by"), (other, b"te")):
        (tmp_path / "arrived").write_bytes(data)
        found = await side.get("user_ann", made.id)
        parts.append((await side.add_part(found, tmp_path / "arrived")).id)
    (tmp_path / "arrived").write_bytes(b"x")
    with pytest.raises(InvalidRequest, match="larger"):
        await one.add_part(made, tmp_path / "arrived")
    with pytest.raises(NotFound):
        await other.get("user_bob", made.id)
    found = await other.get("user_ann", made.id)
    async with other.completing(found):  # it fails: nothing ends it
        with pytest.raises(Conflict):
            await one.cancel(made)
        with pytest.raises(Conflict):
            await one.get("user_ann", made.id)
    async with other.completing(found):
        whole = await other.join(found, parts, "")
        assert whole.path.read_bytes() == b"byte"
        assert (whole.filename, whole.purpose) == ("a.txt", "batch")
        await other.end(found, "completed")
    with pytest.raises(InvalidRequest, match="completed"):
        await one.cancel(made)
    assert [it for it in tmp_path.iterdir() if it.is_file()] == [whole.path]


async def test_a_user_who_is_erased_leaves_nothing_on_any_server(tmp_path: Any) -> None:
    """Neither parts nor names of files."""
    one, other = (PendingUploads(tmp_path, SteppedClock()) for _ in range(2))
    wanted = Upload(path=tmp_path, filename="a.txt", size_bytes=4, sha256="")
    made = await one.begin("user_ann", wanted)
    kept = await one.begin("user_bob", wanted)
    (tmp_path / "arrived").write_bytes(b"byte")
    await one.add_part(made, tmp_path / "arrived")
    await other.forget_user("user_ann")
    with pytest.raises(NotFound):
        await one.get("user_ann", made.id)
    assert (await one.get("user_bob", kept.id)).id == kept.id
    assert len([it for it in tmp_path.rglob("*") if it.is_file()]) == 1
