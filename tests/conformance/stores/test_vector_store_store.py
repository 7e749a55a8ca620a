"""What every adapter of the VectorStoreStore port does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import NotFound, QuotaExceeded
from backend.ports.vector_stores import FileBatch, NewMember, VectorStore
from tests.fakes.papers import add, make_ready


def a_store(number: int, *, user_id: str = "user_bob", **fields) -> VectorStore:
    """Make the store number so."""
    times = {"created_at_ms": number, "last_active_at_ms": number}
    return VectorStore(id=f"vs_{number:03}", user_id=user_id, **{**times, **fields})


async def put(stores, *numbers: int, store_id: str = "vs_001", **fields) -> None:
    """Put the files with these numbers into a store."""
    members = [NewMember(file_id=f"file-{one:03}", **fields) for one in numbers]
    await stores.vector_stores.put_files("user_bob", store_id, members, at_ms=numbers[0])


async def test_a_store_comes_back_whole_to_its_owner_only(stores):
    """Another user's id answers like one that never was."""
    store = a_store(1, name="n", description="d", metadata={"a": "b"}, expires_after_days=2)
    await stores.vector_stores.save(store)
    assert await stores.vector_stores.get("user_bob", "vs_001") == store
    assert await stores.vector_stores.get("user_ann", "vs_001") is None
    await stores.vector_stores.save(replace(store, name="new"))
    assert (await stores.vector_stores.get("user_bob", "vs_001")).name == "new"


async def test_a_user_has_so_many_stores_and_no_more(stores):
    """Other users still may; what is there can be changed, and deleting one makes room."""
    vector_stores = stores.vector_stores
    vector_stores.most_per_user = 2
    await vector_stores.save(a_store(1))
    await vector_stores.save(a_store(2))
    with pytest.raises(QuotaExceeded, match="at most 2 vector stores"):
        await vector_stores.save(a_store(3))
    await vector_stores.save(a_store(4, user_id="user_ann"))
    await vector_stores.save(a_store(2, name="new"))
    await vector_stores.delete("user_bob", "vs_001")
    await vector_stores.save(a_store(5))
    assert [one for one in (1, 2, 3, 5) if await vector_stores.get("user_bob", f"vs_{one:03}")] == [2, 5]  # fmt: skip


async def test_nobody_touches_a_foreign_store(stores):
    """Neither by saving, using, filling, emptying nor deleting it."""
    vector_stores = stores.vector_stores
    await vector_stores.save(a_store(1))
    await add(stores, 1)
    await put(stores, 1)
    await vector_stores.save(a_store(1, user_id="user_ann", name="hers"))
    await vector_stores.touch("user_ann", ["vs_001"], 99)
    with pytest.raises(NotFound):
        await vector_stores.put_files("user_ann", "vs_001", [], at_ms=1)
    assert not await vector_stores.remove_file("user_ann", "vs_001", "file-001")
    assert not await vector_stores.delete("user_ann", "vs_001")
    assert await vector_stores.files("user_ann", "vs_001") == []
    assert await vector_stores.file("user_ann", "vs_001", "file-001") is None
    assert await vector_stores.counts("user_ann", ["vs_001"]) == []
    assert await vector_stores.get("user_bob", "vs_001") == a_store(1)
    assert len(await vector_stores.files("user_bob", "vs_001")) == 1


@pytest.mark.parametrize("descending", [False, True])
async def test_stores_are_listed_between_two_ids(stores, descending):
    """An id of a store that is gone keeps its place; the last id tells that there is more."""
    for number in (1, 2, 3, 4, 5):
        await stores.vector_stores.save(a_store(number))
    await stores.vector_stores.save(a_store(6, user_id="user_ann"))
    await stores.vector_stores.delete("user_bob", "vs_003")

    async def listed(limit: int, after: str | None = None, before: str | None = None):
        page = await stores.vector_stores.list(
            "user_bob", after=after, before=before, limit=limit, descending=descending
        )
        numbers = [int(one.id[-1]) for one in page.items]
        return (numbers if not descending else [6 - one for one in numbers]), page.next_cursor

    assert await listed(9) == ([1, 2, 4, 5], None)
    first, more = await listed(2)
    assert first == [1, 2]
    assert await listed(9, after=more) == ([4, 5], None)
    assert await listed(9, after="vs_003") == ([4, 5], None)
    assert await listed(9, before="vs_003") == ([1, 2], None)
    ends = {False: ("vs_001", "vs_005"), True: ("vs_005", "vs_001")}[descending]
    assert await listed(9, after=ends[0], before=ends[1]) == ([2, 4], None)
    assert (await listed(1, before=ends[1]))[0] == [4]


async def test_files_are_added_all_or_none(stores):
    """A file that is not the user's spoils the whole, and leaves no batch."""
    await stores.vector_stores.save(a_store(1))
    await add(stores, 1)
    await add(stores, 2, user_id="user_ann")
    batch = FileBatch(
        id="vsfb_1", user_id="user_bob", store_id="vs_001", file_ids=("file-001", "file-002")
    )
    members = [NewMember(file_id=one) for one in batch.file_ids]
    with pytest.raises(NotFound) as missing:
        await stores.vector_stores.put_files("user_bob", "vs_001", members, at_ms=1, batch=batch)
    assert missing.value.param == "file_id"
    assert await stores.vector_stores.files("user_bob", "vs_001") == []
    assert await stores.vector_stores.batch("user_bob", "vs_001", "vsfb_1") is None


async def test_a_file_added_again_is_said_anew(stores):
    """It is in the store once."""
    await stores.vector_stores.save(a_store(1))
    await add(stores, 1)
    await put(stores, 1, attributes={"a": 1}, chunking={"b": 2}, cancelled=True)
    (old,) = await stores.vector_stores.files("user_bob", "vs_001")
    assert (old.attributes, old.chunking, old.status) == ({"a": 1}, {"b": 2}, "cancelled")
    await put(stores, 1, attributes={"c": "d"})
    (new,) = await stores.vector_stores.files("user_bob", "vs_001")
    assert (new.attributes, new.chunking, new.status) == ({"c": "d"}, {}, "in_progress")
    assert await stores.vector_stores.file("user_bob", "vs_001", "file-001") == new
    assert new.file == await stores.files.get("user_bob", "file-001")


async def test_counts_tell_files_and_bytes_of_each_status(stores):
    """Read is completed, failed or never read is failed."""
    await stores.vector_stores.save(a_store(1))
    await stores.vector_stores.save(a_store(2))
    await make_ready(stores, 1, size_bytes=10)
    for number in (2, 3, 4):
        await add(stores, number, size_bytes=10 * number)
    await stores.documents.mark("doc_003", state="failed", reason="x", now_ms=9)
    await put(stores, 1, 2, 3)
    await put(stores, 4, cancelled=True)
    await put(stores, 1, store_id="vs_002")
    counts = await stores.vector_stores.counts("user_bob", ["vs_001", "vs_002", "vs_9"])
    assert sorted(counts) == [
        ("vs_001", "cancelled", 1, 40),
        ("vs_001", "completed", 1, 10),
        ("vs_001", "failed", 1, 30),
        ("vs_001", "in_progress", 1, 20),
        ("vs_002", "completed", 1, 10),
    ]


async def test_cancelling_a_batch_stops_what_is_not_read_yet(stores):
    """And nothing else of the store."""
    await stores.vector_stores.save(a_store(1))
    await make_ready(stores, 1)
    await add(stores, 2)
    await add(stores, 3)
    batch = FileBatch(
        id="vsfb_1", user_id="user_bob", store_id="vs_001", file_ids=("file-001", "file-002")
    )
    members = [NewMember(file_id=one) for one in batch.file_ids]
    await stores.vector_stores.put_files("user_bob", "vs_001", members, at_ms=1, batch=batch)
    await put(stores, 3)
    assert await stores.vector_stores.batch("user_bob", "vs_001", "vsfb_1") == batch
    assert await stores.vector_stores.batch("user_ann", "vs_001", "vsfb_1") is None
    assert not await stores.vector_stores.cancel_batch("user_ann", "vs_001", "vsfb_1")
    assert not await stores.vector_stores.cancel_batch("user_bob", "vs_002", "vsfb_1")
    assert await stores.vector_stores.cancel_batch("user_bob", "vs_001", "vsfb_1")
    found = await stores.vector_stores.files("user_bob", "vs_001")
    assert {one.file.id: one.status for one in found} == {
        "file-001": "completed",
        "file-002": "cancelled",
        "file-003": "in_progress",
    }
    assert (await stores.vector_stores.batch("user_bob", "vs_001", "vsfb_1")).cancelled


async def test_what_is_erased_leaves_every_store(stores):
    """A file its stores, a store its files and batches, an account all of it."""
    await stores.vector_stores.save(a_store(1))
    await add(stores, 1)
    await add(stores, 2)
    batch = FileBatch(id="vsfb_1", user_id="user_bob", store_id="vs_001", file_ids=("file-001",))
    members = [NewMember(file_id=one) for one in ("file-001", "file-002")]
    await stores.vector_stores.put_files("user_bob", "vs_001", members, at_ms=1, batch=batch)
    await stores.files.delete("user_bob", "file-001")
    assert [it.file.id for it in await stores.vector_stores.files("user_bob", "vs_001")] == [
        "file-002"
    ]
    assert await stores.vector_stores.delete("user_bob", "vs_001")
    assert await stores.vector_stores.files("user_bob", "vs_001") == []
    assert await stores.vector_stores.batch("user_bob", "vs_001", "vsfb_1") is None
    assert await stores.files.get("user_bob", "file-002") is not None
    await stores.vector_stores.save(a_store(2))
    await stores.users.delete("user_bob")
    assert await stores.vector_stores.get("user_bob", "vs_002") is None


async def test_a_file_taken_out_stays_a_file(stores):
    """Taken out twice, it was not there."""
    await stores.vector_stores.save(a_store(1))
    await add(stores, 1)
    await put(stores, 1)
    assert await stores.vector_stores.remove_file("user_bob", "vs_001", "file-001")
    assert not await stores.vector_stores.remove_file("user_bob", "vs_001", "file-001")
    assert await stores.files.get("user_bob", "file-001") is not None


async def test_use_is_noted_but_never_turned_back(stores):
    """An older time changes nothing."""
    await stores.vector_stores.save(a_store(1))
    for at_ms in (50, 20):
        await stores.vector_stores.touch("user_bob", ["vs_001"], at_ms)
    assert (await stores.vector_stores.get("user_bob", "vs_001")).last_active_at_ms == 50
