"""What every adapter of the DocumentStore port gives to searches."""

from __future__ import annotations

import pytest

from backend.errors import InvalidRequest
from backend.ports.document_stores import FoundChunk
from backend.ports.documents import FileFilter
from tests.fakes.papers import SPACE, a_reading, add, make_ready

PAGES = ("First page. ", "", "Third page. ", "Fourth.")
TEXT = "".join(PAGES)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 5),
        (3, 12),
        (5, 15),
        (12, 24),
        (0, 31),
        (11, 13),
        (23, 25),
        (24, 24),
        (20, 99),
        (99, 120),
    ],
)
async def test_slices_are_of_the_text_whatever_pages_they_touch(stores, start, end):
    """Cut at the text's end."""
    await make_ready(stores, 1, *PAGES)
    assert await stores.documents.slices("user_bob", [("doc_001", start, end)]) == [TEXT[start:end]]


async def test_slices_are_cut_at_the_texts_beginning(stores):
    """And one that ends before it begins is empty."""
    await make_ready(stores, 1, *PAGES)
    spans = [("doc_001", -5, 5), ("doc_001", 9, 3), ("doc_001", -9, -2)]
    assert await stores.documents.slices("user_bob", spans) == ["First", "", ""]


async def test_slices_of_what_is_gone_or_anothers_are_none(stores):
    """In the order asked for."""
    await make_ready(stores, 1, *PAGES)
    await make_ready(stores, 2, "hers", user_id="user_ann")
    await add(stores, 3)
    spans = [(f"doc_00{at}", 0, 5) for at in (1, 2, 3, 4, 1)]
    told = await stores.documents.slices("user_bob", spans)
    assert told == ["First", None, None, None, "First"]


async def test_found_chunks_are_the_users_searchable_ones(stores):
    """Each with what is needed to grow it; unknown ids are passed over."""
    await make_ready(stores, 1, *PAGES)
    await make_ready(stores, 2, "hers", user_id="user_ann")
    await add(stores, 3)
    await stores.documents.keep_text("doc_003", a_reading(["unfinished"]), now_ms=1)
    found = await stores.documents.found("user_bob", list(range(1000)))
    assert sorted(found, key=lambda it: it.id) == [
        FoundChunk(
            id=ordinal + 1,
            document_id="doc_001",
            ordinal=ordinal,
            start=start,
            end=min(start + 10, 31),
            heading=f"Part {start}",
            page=1,
            kind="text",
        )
        for ordinal, start in enumerate((0, 10, 20, 30))
    ]
    assert await stores.documents.found("user_bob", []) == []


async def test_neighbours_are_chunks_by_place(stores):
    """Those that there are, in order; none of what is anothers."""
    await make_ready(stores, 1, *PAGES)
    await make_ready(stores, 2, "hers", user_id="user_ann")
    spans = [("doc_001", 1, 2), ("doc_001", -3, 0), ("doc_001", 3, 99), ("doc_002", 0, 9)]
    told = await stores.documents.neighbours("user_bob", spans)
    assert [[it.start for it in chunks] for chunks in told] == [[10, 20], [0], [30], []]


async def _three(stores) -> None:
    await make_ready(stores, 1, "one", filename="Report.PDF", created_at_ms=10)
    await make_ready(stores, 2, "two", filename="notes.txt", created_at_ms=20)
    await add(stores, 3, sha256=f"{1:064}", filename="copy.txt", created_at_ms=30)
    await add(stores, 4, filename="report-unread.pdf")
    await make_ready(stores, 5, "hers", user_id="user_ann")
    await stores.documents.keep_text("doc_002", a_reading(["two"], kind="md"), now_ms=1)
    await stores.documents.finish("doc_002", now_ms=1)


@pytest.mark.parametrize(
    ("within", "found"),
    [
        (FileFilter(), ["doc_001", "doc_002"]),
        (FileFilter(file_ids=("file-003",)), ["doc_001"]),
        (FileFilter(file_ids=("file-001", "file-003", "file-004", "file-005", "x")), ["doc_001"]),
        (FileFilter(file_ids=tuple(f"file-{at:03}" for at in range(2000))), ["doc_001", "doc_002"]),
        (FileFilter(kinds=("md", "pdf")), ["doc_002"]),
        (FileFilter(name_contains="REPORT"), ["doc_001"]),
        (FileFilter(name_contains=".txt"), ["doc_001", "doc_002"]),
        (FileFilter(created_from_ms=20), ["doc_001", "doc_002"]),
        (FileFilter(created_to_ms=10), ["doc_001"]),
        (FileFilter(created_from_ms=11, created_to_ms=29), ["doc_002"]),
        (FileFilter(name_contains="report", created_from_ms=20), []),
        (FileFilter(kinds=("md",), file_ids=("file-001",)), []),
    ],
)
async def test_a_filter_chooses_among_the_searchable_documents(stores, within, found):
    """One file of a document has to fit every part of it."""
    await _three(stores)
    assert sorted(await stores.documents.searchable("user_bob", within)) == found


async def test_a_filter_by_an_endless_name_is_a_bad_request(stores):
    """At most 500 characters."""
    with pytest.raises(InvalidRequest):
        await stores.documents.searchable("user_bob", FileFilter(name_contains="x" * 501))


async def test_a_document_that_is_read_anew_stays_searchable(stores):
    """From the moment it is queued."""
    await make_ready(stores, 1, "one")
    await stores.documents.mark("doc_001", state="queued", now_ms=99)
    assert list(await stores.documents.searchable("user_bob", FileFilter())) == ["doc_001"]
    assert len(await stores.documents.indexed_chunks("user_bob", "doc_001", SPACE)) == 1
