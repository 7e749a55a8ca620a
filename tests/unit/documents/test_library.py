"""The library where several things happen at once; its plain ways are tested over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest

from backend.documents.embedding.shelf import EmbedderShelf
from backend.documents.index.user_index import UserIndexes
from backend.documents.library import ERASE_EVERY_S, LOOK_AGAIN_S, Library, LibraryParts
from backend.documents.news import DocumentNews
from backend.documents.search import Searcher, SearchStores
from backend.errors import Unavailable
from backend.ports.documents import Upload
from tests.fakes.ingest_parts import ANN, LIMITS, Workshop


async def _nothing():
    """Stores in memory leave nothing to overwrite."""


def library_over(shop, root, *, forget=_nothing):
    stores = shop.stores
    indexes = UserIndexes(root / "indexes", stores.documents, memory_bytes=10**6)
    shelf = EmbedderShelf(shop.embedder, target_id="test-one", older=shop.older.get)
    searched = SearchStores(documents=stores.documents, files=stores.files, spaces=stores.spaces)
    return Library(
        LibraryParts(
            files=stores.files,
            documents=stores.documents,
            jobs=stores.jobs,
            folder=shop.folder,
            searcher=Searcher(searched, indexes, shelf),
            indexes=indexes,
            news=DocumentNews(shop.clock),
            wake=lambda: None,
            forget=forget,
            clock=shop.clock,
            limits=LIMITS,
            ocr=False,
        )
    )


@pytest.fixture
async def shop(tmp_path):
    shop = Workshop(tmp_path)
    await shop.stores.users.add(ANN)
    return shop


@pytest.fixture
def library(shop, tmp_path):
    return library_over(shop, tmp_path)


@pytest.fixture
def received(tmp_path):
    def receive(content=b"some text", filename="a.txt"):
        path = tmp_path / "received"
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return Upload(path=path, filename=filename, size_bytes=len(content), sha256=digest)

    return receive


def held_bytes(shop):
    return sorted(path.name for path in shop.folder.held() if path.parent.name == ANN.id)


async def test_an_upload_during_the_first_look_is_known_afterwards(shop, library, received):
    """Whoever asked a moment too early does not hide the first file from every later question."""
    count, added = shop.stores.documents.count_by_state, []

    async def overtaken(user_id):
        states = await count(user_id)
        if not added:
            added.append(await library.add(ANN.id, received()))
        return states

    shop.stores.documents.count_by_state = overtaken
    assert not await library.has_any(ANN.id)
    assert await library.has_any(ANN.id)


async def test_bytes_stay_when_an_upload_is_cancelled_as_its_row_is_written(
    shop, library, received
):
    """The server stops in the middle: a row without bytes could never be read."""
    add, written = shop.stores.files.add, asyncio.Event()

    async def slow(file, *, limits, job):
        await add(file, limits=limits, job=job)
        written.set()
        await asyncio.Event().wait()

    shop.stores.files.add = slow
    adding = asyncio.ensure_future(library.add(ANN.id, received()))
    await written.wait()
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    await shop.work()
    assert (await shop.stores.documents.count_by_state(ANN.id)) == {"ready": 1}


async def test_an_upload_that_is_refused_leaves_no_bytes(shop, library, received):
    """What has no row has no room either."""

    async def refuse(_file, **_):
        raise Unavailable("locked")

    shop.stores.files.add = refuse
    with pytest.raises(Unavailable):
        await library.add(ANN.id, received())
    assert held_bytes(shop) == []


async def test_a_file_erased_while_it_is_uploaded_again_leaves_no_bytes(shop, library, received):
    """The bytes that came again would otherwise lie there, of a file nobody can see."""
    first = await library.add(ANN.id, received())
    add = shop.stores.files.add

    async def erased_meanwhile(file, *, limits, job):
        kept = await add(file, limits=limits, job=job)
        await library.delete(ANN.id, first.id)
        return kept

    shop.stores.files.add = erased_meanwhile
    assert (await library.add(ANN.id, received())).id == first.id
    assert held_bytes(shop) == []


async def test_bytes_that_had_gone_come_back_with_the_same_upload(shop, library, received):
    """Uploading it again mends a file whose bytes somebody removed."""
    first = await library.add(ANN.id, received())
    shop.folder.remove(ANN.id, first.id)
    assert (await library.add(ANN.id, received())).id == first.id
    assert held_bytes(shop) == [first.id]


async def test_whoever_waits_for_a_document_is_let_go_when_the_server_stops(
    shop, library, received
):
    """Its embedder may be away for hours; a stop does not take as long as it may."""
    file = await library.add(ANN.id, received())
    seen = [0]

    async def follow():
        async for _ in library.watch(ANN.id, file.id):
            seen[0] += 1

    following = asyncio.ensure_future(follow())
    settling = asyncio.ensure_future(library.settled(ANN.id, file.id, wait_s=3_600))
    await shop.clock.until_asked(LOOK_AGAIN_S)
    library.let_go()
    async with asyncio.timeout(30):
        await following
        settled = await settling
    assert (settled.document.state, seen) == ("queued", [1])
    async with asyncio.timeout(30):
        await follow()
    assert seen == [2]


async def test_what_is_erased_is_made_unreadable_with_a_file_and_with_an_account(
    shop, tmp_path, received
):
    """Whoever holds a trace of it hears of both."""
    told = []

    async def forget():
        told.append("forget")

    library = library_over(shop, tmp_path, forget=forget)
    kept = await library.add(ANN.id, received())
    await library.delete(ANN.id, kept.id)
    assert told == ["forget"]
    await library.forget_user(ANN.id)
    assert told == ["forget", "forget"]


async def test_what_has_expired_is_erased_now_and_every_few_minutes(shop, library, received):
    """With its bytes; before that, whoever holds a part of it is told."""
    told = []

    async def tell(user_id, file_id):
        told.append((user_id, file_id, held_bytes(shop)))

    library.before_erasing = tell
    stays = await library.add(ANN.id, received(b"this one stays", "b.txt"))
    file = await library.add(ANN.id, replace(received(), expires_after_s=3600))
    assert file.expires_at_ms == shop.clock.now_ms() + 3_600_000
    keeping = asyncio.create_task(library.keep_erasing())
    try:
        await shop.clock.until_asked(ERASE_EVERY_S)
        assert held_bytes(shop) == sorted([file.id, stays.id])
        shop.clock.asked.clear()
        shop.clock.step(3600)
        await shop.clock.until_asked(ERASE_EVERY_S)
    finally:
        keeping.cancel()
    assert told == [(ANN.id, file.id, sorted([file.id, stays.id]))]
    assert held_bytes(shop) == [stays.id]


async def test_a_sweep_that_fails_is_tried_again(shop, library, received):
    """A database that is busy for a moment does not end it."""
    asked = []

    async def busy(*, limit):
        asked.append(limit)
        raise Unavailable

    shop.stores.files.expired = busy
    keeping = asyncio.create_task(library.keep_erasing())
    try:
        await shop.clock.until_asked(ERASE_EVERY_S)
        shop.clock.asked.clear()
        shop.clock.step(ERASE_EVERY_S)
        await shop.clock.until_asked(ERASE_EVERY_S)
    finally:
        keeping.cancel()
    assert len(asked) == 2


async def test_an_upload_sweeps_what_has_expired_first(shop, library, received):
    """The same bytes and name are a new file then, and the old one takes no room."""
    old = await library.add(ANN.id, replace(received(), expires_after_s=3600))
    shop.clock.step(3600)
    new = await library.add(ANN.id, received())
    assert (new.id != old.id, new.expires_at_ms) == (True, None)
    assert held_bytes(shop) == [new.id]
