"""What every adapter of the DocumentStore port does while a document is read and embedded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.ports.document_stores import Chunk
from tests.fakes.papers import SPACE, a_reading, a_vector, add, embed, make_ready, read_anew

PAGES = ("First page. ", "", "Third page, ü ascii no more.")
TEXT = "".join(PAGES)


async def test_a_document_is_marked_as_it_goes_on(stores):
    """State, progress and reason are those of the last mark."""
    file = await add(stores, 1)
    assert await stores.documents.mark("doc_001", state="ocr", progress=0.5, now_ms=77)
    document = await stores.documents.get("user_bob", "doc_001")
    assert document == replace(file.document, state="ocr", progress=0.5, updated_at_ms=77)
    assert await stores.documents.mark("doc_001", state="failed", reason="why\x00", now_ms=78)
    document = await stores.documents.get("user_bob", "doc_001")
    assert (document.state, document.progress, document.reason) == ("failed", 0.0, "why")


async def test_what_was_read_is_told_of_the_document(stores):
    """It is being embedded then, and no search sees it."""
    file = await add(stores, 1)
    read = a_reading(PAGES, title="T\x00", language="de", note="n", details={"authors": ["A"]})
    assert await stores.documents.keep_text("doc_001", read, now_ms=44)
    document = await stores.documents.get("user_bob", "doc_001")
    assert document == replace(
        file.document,
        kind="txt",
        title="T",
        language="de",
        note="n",
        details={"authors": ["A"]},
        pages=3,
        chars=len(TEXT),
        chunks=4,
        state="embedding",
        updated_at_ms=44,
    )
    assert await stores.documents.revisions("user_bob") == {}
    assert await stores.documents.library_version("user_bob") == 0
    assert await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE) == []
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 4)]) == [None]


async def test_the_text_of_a_first_reading_can_be_looked_at_at_once(stores):
    """Whole or by page, by its owner only."""
    await add(stores, 1)
    read = a_reading(PAGES)
    await stores.documents.keep_text("doc_001", read, now_ms=44)
    assert list(await stores.documents.pages("user_bob", "doc_001")) == list(read.pages)
    assert list(await stores.documents.pages("user_bob", "doc_001", number=3)) == [read.pages[2]]
    assert list(await stores.documents.pages("user_bob", "doc_001", number=4)) == []
    assert list(await stores.documents.pages("user_ann", "doc_001")) == []


async def test_chunks_wait_for_vectors_in_order_each_with_its_text(stores):
    """Batch by batch, and what has one is not given again."""
    await add(stores, 1)
    read = a_reading(PAGES)
    await stores.documents.keep_text("doc_001", read, now_ms=44)
    first = await stores.documents.unembedded("doc_001", SPACE, limit=3)
    assert [replace(chunk, id=0) for chunk, _ in first] == list(read.chunks[:3])
    assert [text for _, text in first] == [TEXT[0:10], TEXT[10:20], TEXT[20:30]]
    done = {chunk.id: a_vector("v") for chunk, _ in first[:2]}
    assert await stores.documents.keep_vectors("doc_001", SPACE, done, progress=0.5, now_ms=45)
    rest = await stores.documents.unembedded("doc_001", SPACE, limit=9)
    assert [text for _, text in rest] == [TEXT[20:30], TEXT[30:]]
    assert len(await stores.documents.unembedded("doc_001", "other", limit=9)) == 4
    document = await stores.documents.get("user_bob", "doc_001")
    assert (document.progress, document.updated_at_ms) == (0.5, 45)


async def test_a_finished_document_is_ready_and_raises_the_version(stores):
    """Its chunks go into an index with their vectors."""
    await make_ready(stores, 1, *PAGES)
    document = await stores.documents.get("user_bob", "doc_001")
    assert (document.state, document.progress, document.revision) == ("ready", 1.0, 1)
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}
    assert await stores.documents.library_version("user_bob") == 1
    assert await stores.documents.library_version("user_ann") == 0
    chunks = await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)
    assert [(it.lexemes, it.heading, it.vector) for it in chunks] == [
        (f"word{at}", f"Part {at}", a_vector(TEXT[at : at + 10])) for at in (0, 10, 20, 30)
    ]
    assert await stores.documents.indexed_chunks("user_ann", "doc_001", SPACE) == []
    other = await stores.documents.indexed_chunks("user_bob", "doc_001", "other")
    assert [it.vector for it in other] == [None] * 4


async def test_the_old_reading_answers_until_the_new_one_is_finished(stores):
    """Chunks, text and citations are of one reading at any time."""
    await make_ready(stores, 1, "the old text")
    (old,) = (await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE))[:1]
    read = a_reading(["a new text"], title="New")
    await stores.documents.keep_text("doc_001", read, now_ms=70)
    await embed(stores, "doc_001")
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}
    assert await stores.documents.library_version("user_bob") == 1
    assert [it.id for it in await stores.documents.found("user_bob", [old.id])] == [old.id]
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 7)]) == ["the old"]
    (page,) = await stores.documents.pages("user_bob", "doc_001")
    assert page.text == "the old text"
    assert (await stores.documents.get("user_bob", "doc_001")).title == "New"

    assert await stores.documents.finish("doc_001", now_ms=80)
    assert await stores.documents.revisions("user_bob") == {"doc_001": 2}
    assert await stores.documents.library_version("user_bob") == 2
    assert await stores.documents.found("user_bob", [old.id]) == []
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 7)]) == ["a new t"]
    (new,) = await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)
    assert new.vector == a_vector("a new text")
    assert new.id > old.id


async def test_a_reading_that_fails_leaves_the_old_one(stores):
    """What had been kept of the new one goes."""
    await make_ready(stores, 1, "the old text")
    await stores.documents.keep_text("doc_001", a_reading(["a new text"]), now_ms=70)
    await stores.documents.mark("doc_001", state="failed", reason="no", now_ms=71)
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 7)]) == ["the old"]
    assert list(await stores.documents.unembedded("doc_001", SPACE, limit=9)) == []
    document = await stores.documents.get("user_bob", "doc_001")
    assert (document.pages, document.chars, document.chunks) == (1, 12, 2)
    assert await stores.documents.finish("doc_001", now_ms=72)
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}


async def test_a_first_reading_that_fails_leaves_nothing(stores):
    """There is no text to look at."""
    await add(stores, 1)
    await stores.documents.keep_text("doc_001", a_reading(["text"]), now_ms=70)
    await stores.documents.mark("doc_001", state="failed", reason="no", now_ms=71)
    assert list(await stores.documents.pages("user_bob", "doc_001")) == []
    document = await stores.documents.get("user_bob", "doc_001")
    assert (document.pages, document.chars, document.chunks) == (0, 0, 0)
    assert not await stores.documents.finish("doc_001", now_ms=72)


async def test_reading_again_before_the_end_starts_over(stores):
    """The unfinished reading is replaced, its vectors too; no chunk id comes back."""
    await add(stores, 1)
    await stores.documents.keep_text("doc_001", a_reading(["first try"]), now_ms=70)
    await embed(stores, "doc_001")
    await stores.documents.keep_text("doc_001", a_reading(["second try"]), now_ms=71)
    ((chunk, text),) = await stores.documents.unembedded("doc_001", SPACE, limit=9)
    assert text == "second try"
    assert chunk.id == 2
    assert await stores.documents.finish("doc_001", now_ms=72)
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}


async def test_finishing_again_changes_nothing_but_the_version(stores):
    """A worker that died behind `finish` does it twice."""
    await make_ready(stores, 1, "text")
    before = await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)
    assert await stores.documents.finish("doc_001", now_ms=99)
    assert await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE) == before
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}


async def test_a_document_without_a_reading_cannot_be_finished(stores):
    """It would be ready with nothing in it."""
    await add(stores, 1)
    assert not await stores.documents.finish("doc_001", now_ms=99)
    assert (await stores.documents.get("user_bob", "doc_001")).state == "queued"


async def test_an_empty_document_can_be_finished(stores):
    """No pages and no chunks are a reading too."""
    await add(stores, 1)
    assert await stores.documents.keep_text("doc_001", a_reading([]), now_ms=70)
    assert await stores.documents.finish("doc_001", now_ms=71)
    assert await stores.documents.revisions("user_bob") == {"doc_001": 1}
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 5)]) == [""]


async def test_nothing_of_an_erased_document_comes_back(stores):
    """Whatever the worker that had it in hand still writes."""
    file = await make_ready(stores, 1, "text")
    await stores.documents.keep_text("doc_001", a_reading(["more text"]), now_ms=70)
    ((chunk, _),) = await stores.documents.unembedded("doc_001", SPACE, limit=9)
    await stores.files.delete("user_bob", file.id)
    made = {chunk.id: a_vector("v")}
    assert not await stores.documents.mark("doc_001", state="parsing", now_ms=1)
    assert not await stores.documents.keep_text("doc_001", a_reading(["text"]), now_ms=1)
    assert list(await stores.documents.unembedded("doc_001", SPACE, limit=9)) == []
    assert not await stores.documents.keep_vectors("doc_001", SPACE, made, progress=1, now_ms=1)
    assert not await stores.documents.finish("doc_001", now_ms=1)
    assert await stores.documents.count_by_state("user_bob") == {}


async def test_vectors_of_chunks_that_are_gone_are_dropped(stores):
    """The rest is kept; those of another document are none of its chunks."""
    await make_ready(stores, 1, "text")
    await add(stores, 2)
    await stores.documents.keep_text("doc_002", a_reading(["more text"]), now_ms=70)
    ((mine, _),) = await stores.documents.unembedded("doc_002", SPACE, limit=9)
    (foreign,) = await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)
    vectors = {mine.id: a_vector("mine"), foreign.id: a_vector("wrong"), 999: a_vector("gone")}
    assert await stores.documents.keep_vectors("doc_002", SPACE, vectors, progress=1, now_ms=71)
    await stores.documents.finish("doc_002", now_ms=72)
    (kept,) = await stores.documents.indexed_chunks("user_bob", "doc_002", SPACE)
    assert kept.vector == a_vector("mine")
    (same,) = await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)
    assert same.vector == a_vector("text")


async def test_embedding_a_ready_document_anew_does_not_touch_its_progress(stores):
    """It answers all the while."""
    await make_ready(stores, 1, "text")
    ((chunk, _),) = await stores.documents.unembedded("doc_001", "other", limit=9)
    vectors = {chunk.id: a_vector("v")}
    assert await stores.documents.keep_vectors("doc_001", "other", vectors, progress=0.2, now_ms=9)
    document = await stores.documents.get("user_bob", "doc_001")
    assert (document.state, document.progress) == ("ready", 1.0)


async def test_documents_are_counted_by_state(stores):
    """Those of the user alone."""
    await make_ready(stores, 1, "text")
    await add(stores, 2)
    await add(stores, 3)
    await add(stores, 4, user_id="user_ann")
    assert await stores.documents.count_by_state("user_bob") == {"ready": 1, "queued": 2}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda page: replace(page, start=page.start + 1, text=page.text[1:]),
        lambda page: replace(page, end=page.end + 1),
        lambda page: replace(page, number=7),
        lambda page: replace(page, text="\x00" + page.text[1:]),
    ],
)
async def test_pages_that_do_not_tile_a_clean_text_are_refused(stores, spoil):
    """Every offset behind them would be wrong."""
    await add(stores, 1)
    read = a_reading(PAGES)
    spoilt = replace(read, pages=[*read.pages[:2], spoil(read.pages[2])])
    with pytest.raises(ValueError, match="clean"):
        await stores.documents.keep_text("doc_001", spoilt, now_ms=1)


async def test_a_long_document_is_kept_whole(stores):
    """Whatever number of transactions that takes."""
    pages = [f"{number:04}" * 5_000 for number in range(60)]
    await add(stores, 1)
    read = a_reading(pages, chunk_chars=1000)
    await stores.documents.keep_text("doc_001", read, now_ms=70)
    seen: list[tuple[Chunk, str]] = []
    while some := await stores.documents.unembedded("doc_001", SPACE, limit=256):
        seen += some
        vectors = {chunk.id: a_vector("v") for chunk, _ in some}
        await stores.documents.keep_vectors("doc_001", SPACE, vectors, progress=0, now_ms=71)
    assert [replace(chunk, id=0) for chunk, _ in seen] == list(read.chunks)
    whole = "".join(pages)
    assert all(text == whole[chunk.start : chunk.end] for chunk, text in seen)
    await stores.documents.finish("doc_001", now_ms=72)
    assert await stores.documents.slices("user_bob", [("doc_001", 0, len(whole))]) == [whole]
    await read_anew(stores, await stores.files.get("user_bob", "file-001"), "short")
    assert len(await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)) == 1
