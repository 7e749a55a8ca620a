"""What every adapter does with files whose time is over: from that moment they are not there."""

from __future__ import annotations

import pytest

from backend.ports.documents import FileFilter, Listing
from backend.ports.vector_stores import NewMember, VectorStore
from tests.fakes.papers import ROOMY, a_file, a_job, add, make_ready

HOUR_MS = 3_600_000


@pytest.fixture
def soon(clock) -> int:
    """An hour from now."""
    return clock.now_ms() + HOUR_MS


async def test_an_expired_file_answers_like_a_missing_one_everywhere(stores, clock, soon):
    """By id, in listings, in searches, in vector stores; the document's other file stays."""
    await make_ready(stores, 1, sha256="same", filename="a", expires_at_ms=soon)
    await add(stores, 2, sha256="same", filename="b")
    await make_ready(stores, 3, expires_at_ms=soon)
    await stores.vector_stores.save(VectorStore(id="vs_1", user_id="user_bob"))
    members = [NewMember(file_id=f"file-00{n}") for n in (1, 2, 3)]
    await stores.vector_stores.put_files("user_bob", "vs_1", members, at_ms=1)
    assert (await stores.files.get("user_bob", "file-001")).expires_at_ms == soon

    async def seen() -> list[list[str]]:
        listed = (await stores.files.list("user_bob", Listing(descending=False))).items
        over = await stores.files.of_documents("user_bob", ["doc_001", "doc_003"])
        kept = await stores.vector_stores.files("user_bob", "vs_1")
        return [
            [it.id for it in listed],
            [it.id for files in over.values() for it in files],
            sorted(await stores.documents.searchable("user_bob", FileFilter())),
            [it.file.id for it in kept],
        ]

    every = ["file-001", "file-002", "file-003"]
    clock.step(3599)
    assert await seen() == [every, every, ["doc_001", "doc_003"], every]
    clock.step(1)
    assert await seen() == [["file-002"], ["file-002"], ["doc_001"], ["file-002"]]
    assert await stores.files.get("user_bob", "file-001") is None
    assert await stores.files.delete("user_bob", "file-001") is None
    assert await stores.vector_stores.file("user_bob", "vs_1", "file-001") is None
    assert [one[2] for one in await stores.vector_stores.counts("user_bob", ["vs_1"])] == [1]


async def test_what_has_expired_is_told_and_erased_for_good(stores, clock, soon):
    """The longest expired first; what has not expired cannot be erased so."""
    await add(stores, 1, expires_at_ms=soon + 1)
    await add(stores, 2, expires_at_ms=soon, user_id="user_ann")
    await add(stores, 3)
    assert await stores.files.expired(limit=9) == []
    assert await stores.files.delete("user_bob", "file-001", expired=True) is None
    clock.step(3601)
    assert [it.id for it in await stores.files.expired(limit=9)] == ["file-002", "file-001"]
    assert [it.id for it in await stores.files.expired(limit=1)] == ["file-002"]
    gone = await stores.files.delete("user_bob", "file-001", expired=True)
    assert (gone.id, gone.document.id) == ("file-001", "doc_001")
    assert await stores.documents.get("user_bob", "doc_001") is None
    assert await stores.files.delete("user_bob", "file-003", expired=True) is None
    assert await stores.files.ids() == {
        "user_ann": frozenset({"file-002"}),
        "user_bob": frozenset({"file-003"}),
    }


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(1, 2, 2), (2, 1, 2), (None, 1, None), (1, None, None), (None, None, None)],
)
async def test_the_same_bytes_and_name_again_keep_the_later_expiry(
    stores, soon, first, second, kept
):
    """Never is later than any time; the purpose is the new one."""
    times = {None: None, 1: soon + 1, 2: soon + 2}
    same = {"sha256": "same", "filename": "a"}
    await add(stores, 1, **same, expires_at_ms=times[first], purpose="assistants")
    again = await add(stores, 2, **same, expires_at_ms=times[second], purpose="batch")
    assert (again.id, again.expires_at_ms, again.purpose) == ("file-001", times[kept], "batch")
    assert await stores.files.get("user_bob", "file-001") == again


async def test_bytes_kept_without_a_job_wait_for_nobody(stores):
    """Uploaded again with a job, by whatever name, they are queued to be read."""
    made = a_file(1, sha256="same")
    kept = await stores.files.add(made, limits=ROOMY, job=None)
    assert (kept, await stores.jobs.waiting()) == (made, 0)
    await stores.documents.finish("doc_001", now_ms=1)
    await stores.documents.mark("doc_001", state="ready", now_ms=1)
    again = await stores.files.add(a_file(2, sha256="same"), limits=ROOMY, job=None)
    assert (again.document.state, await stores.jobs.waiting()) == ("ready", 0)
    read = await stores.files.add(a_file(3, sha256="same"), limits=ROOMY, job=a_job(3))
    assert (read.document.state, await stores.jobs.waiting()) == ("queued", 1)
    job = await stores.jobs.claim(now_ms=1, lease_s=1, per_user=1)
    assert job.document_id == "doc_001"


async def test_a_listing_may_be_of_a_purpose_or_of_some_files(stores):
    """And go on after a file's id, also when that file was deleted meanwhile."""
    ids = [f"file-{n:012x}{'0' * 20}" for n in (1, 2, 3, 4)]
    for number, file_id in enumerate(ids, 1):
        purpose = "batch" if number == 2 else "vision"
        await add(stores, number, id=file_id, purpose=purpose)

    async def listed(**asked) -> list[int]:
        page = await stores.files.list("user_bob", Listing(descending=False, **asked))
        return [ids.index(it.id) + 1 for it in page.items]

    assert await listed(purpose="vision") == [1, 3, 4]
    assert await listed(file_ids=(ids[3], ids[0])) == [1, 4]
    assert await listed(file_ids=()) == []
    assert await listed(after=ids[1]) == [3, 4]
    await stores.files.delete("user_bob", ids[1])
    assert await listed(after=ids[1]) == [3, 4]
