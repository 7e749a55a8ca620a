"""What every adapter of the FileStore port does when files come and go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import Conflict, QuotaExceeded
from backend.ports.document_stores import FileLimits
from backend.ports.documents import FileFilter
from tests.fakes.papers import ROOMY, a_file, a_job, add, make_ready


async def test_an_upload_is_a_file_a_document_and_a_job(stores):
    """It comes back whole, to its owner only."""
    file = a_file(1, filename="Notes.txt", purpose="assistants")
    assert await stores.files.add(file, limits=ROOMY, job=a_job(1)) == file
    assert await stores.files.get("user_bob", "file-001") == file
    assert await stores.documents.get("user_bob", "doc_001") == file.document
    assert await stores.files.get("user_ann", "file-001") is None
    assert await stores.documents.get("user_ann", "doc_001") is None
    assert await stores.jobs.waiting() == 1
    job = await stores.jobs.claim(now_ms=5, lease_s=1, per_user=1)
    assert job == replace(a_job(1), lease_until_ms=1005)


async def test_the_same_bytes_and_name_give_the_file_there_is(stores):
    """Nothing is added, not even a job."""
    first = await add(stores, 1, filename="a.txt", sha256="same")
    again = await add(stores, 2, filename="a.txt", sha256="same")
    assert again == first
    assert await stores.jobs.waiting() == 1


async def test_the_same_bytes_under_another_name_are_another_file_over_one_document(stores):
    """Names that differ only in case are different names."""
    await add(stores, 1, filename="a.txt", sha256="same")
    other = await add(stores, 2, filename="A.txt", sha256="same")
    assert (other.id, other.filename, other.document.id) == ("file-002", "A.txt", "doc_001")
    assert await stores.jobs.waiting() == 1
    assert await stores.documents.count_by_state("user_bob") == {"queued": 1}


async def test_two_users_with_the_same_bytes_share_nothing(stores):
    """Each has a document of its own."""
    await add(stores, 1, sha256="same")
    await add(stores, 2, sha256="same", user_id="user_ann")
    assert (await stores.files.get("user_ann", "file-002")).document.id == "doc_002"
    assert await stores.jobs.waiting() == 2


@pytest.mark.parametrize("filename", ["a.txt", "b.txt"])
async def test_uploading_again_what_could_not_be_read_queues_it_again(stores, filename):
    """That is what somebody means who does so, under whatever name."""
    await add(stores, 1, filename="a.txt", sha256="same")
    await stores.jobs.done(a_job(1).claim)
    await stores.documents.mark("doc_001", state="failed", reason="broken", now_ms=9)
    again = await add(stores, 2, filename=filename, sha256="same")
    document = again.document
    assert (document.id, document.state, document.reason) == ("doc_001", "queued", "")
    job = await stores.jobs.claim(now_ms=20, lease_s=1, per_user=1)
    assert (job.id, job.document_id) == ("job_002", "doc_001")


async def test_a_name_is_stored_as_every_database_can_hold_it(stores):
    """NUL and lone surrogates go, also when names are compared."""
    odd = "a\x00b\ud800.txt"
    assert (await add(stores, 1, filename=odd, sha256="same")).filename == "ab?.txt"
    assert (await add(stores, 2, filename=odd, sha256="same")).id == "file-001"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (FileLimits(files=2, bytes=1000, waiting=9), "2 files"),
        (FileLimits(files=9, bytes=299, waiting=9), "299 may be kept"),
        (FileLimits(files=9, bytes=1000, waiting=2), "wait to be read"),
    ],
)
async def test_no_limit_is_passed(stores, limits, said):
    """The refusal names what is too much; nothing is kept."""
    await add(stores, 1, limits=limits)
    await add(stores, 2, limits=limits)
    with pytest.raises(QuotaExceeded, match=said):
        await add(stores, 3, limits=limits)
    assert await stores.files.get("user_bob", "file-003") is None
    assert await stores.jobs.waiting() == 2
    assert (await add(stores, 4, limits=limits, user_id="user_ann")).id == "file-004"


async def test_a_limit_can_be_reached_exactly(stores):
    """And what is there already may be uploaded again."""
    limits = FileLimits(files=2, bytes=200, waiting=2)
    await add(stores, 1, limits=limits, sha256="same", filename="a")
    await add(stores, 2, limits=limits)
    assert (await add(stores, 3, limits=limits, sha256="same", filename="a")).id == "file-001"


async def test_what_is_there_already_costs_nothing(stores):
    """Also when the limits were lowered below what is kept."""
    first = await add(stores, 1, sha256="same", filename="a")
    await add(stores, 2)
    limits = FileLimits(files=1, bytes=100, waiting=1)
    assert await add(stores, 3, limits=limits, sha256="same", filename="a") == first


async def test_bytes_count_once_however_many_files_name_them(stores):
    """Another name costs a file, not bytes."""
    limits = FileLimits(files=2, bytes=100, waiting=1)
    await add(stores, 1, limits=limits, sha256="same", filename="a")
    await add(stores, 2, limits=limits, sha256="same", filename="b")
    with pytest.raises(QuotaExceeded, match="2 files"):
        await add(stores, 3, limits=limits, sha256="same", filename="c")


async def test_ready_and_failed_documents_do_not_wait(stores):
    """They leave room for others; queued again, one needs room itself."""
    limits = FileLimits(files=9, bytes=1000, waiting=1)
    await make_ready(stores, 1, limits=limits)
    await add(stores, 2, limits=limits, sha256="same")
    await stores.documents.mark("doc_002", state="failed", reason="broken", now_ms=9)
    await add(stores, 3, limits=limits)
    with pytest.raises(QuotaExceeded, match="wait to be read"):
        await add(stores, 4, limits=limits, sha256="same")


async def test_an_erased_user_gets_no_files(stores):
    """As a foreign key would have it."""
    with pytest.raises(Conflict):
        await add(stores, 1, user_id="user_gone")
    assert await stores.files.ids() == {}
    assert await stores.jobs.waiting() == 0


async def test_deleting_the_last_file_erases_everything_made_of_it(stores):
    """Text, chunks, vectors, jobs; the answer is what the file was."""
    file = await make_ready(stores, 1, "some text")
    version = await stores.documents.library_version("user_bob")
    (chunk,) = await stores.documents.indexed_chunks("user_bob", "doc_001", "space-1")
    assert await stores.files.delete("user_bob", "file-001") == file
    assert await stores.documents.get("user_bob", "doc_001") is None
    assert await stores.documents.found("user_bob", [chunk.id]) == []
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 4)]) == [None]
    assert list(await stores.documents.pages("user_bob", "doc_001")) == []
    assert await stores.documents.revisions("user_bob") == {}
    assert await stores.jobs.waiting() == 0
    assert await stores.documents.library_version("user_bob") > version
    assert await stores.files.delete("user_bob", "file-001") is None


async def test_deleting_one_of_two_names_keeps_the_document(stores):
    """The version grows all the same: passages are shown under a file's name."""
    await make_ready(stores, 1, "some text", sha256="same", filename="a")
    await add(stores, 2, sha256="same", filename="b")
    version = await stores.documents.library_version("user_bob")
    await stores.files.delete("user_bob", "file-001")
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 4)]) == ["some"]
    assert await stores.documents.library_version("user_bob") > version
    (left,) = (await stores.files.of_documents("user_bob", ["doc_001"]))["doc_001"]
    assert left.id == "file-002"


async def test_nobody_deletes_what_is_anothers(stores):
    """A foreign id answers like a missing one."""
    await add(stores, 1)
    assert await stores.files.delete("user_ann", "file-001") is None
    assert await stores.files.get("user_bob", "file-001") is not None


async def test_erasing_a_user_erases_all_documents(stores):
    """Nothing of it is left for anybody."""
    await make_ready(stores, 1, "some text")
    kept = await make_ready(stores, 2, "other text", user_id="user_ann")
    assert await stores.users.delete("user_bob")
    assert await stores.files.ids() == {"user_ann": frozenset({"file-002"})}
    assert await stores.documents.library_version("user_bob") == 0
    assert await stores.documents.get("user_bob", "doc_001") is None
    assert await stores.documents.searchable("user_bob", FileFilter()) == []
    assert await stores.files.get("user_ann", "file-002") == kept


async def test_the_files_of_documents_come_oldest_first(stores):
    """Those of others, and of documents that are gone, do not come."""
    await add(stores, 3, sha256="same", filename="c", created_at_ms=5)
    await add(stores, 1, sha256="same", filename="a", created_at_ms=9)
    await add(stores, 2, sha256="same", filename="b", created_at_ms=9)
    await add(stores, 4, user_id="user_ann")
    found = await stores.files.of_documents("user_bob", ["doc_003", "doc_004", "doc_9"] * 400)
    assert list(found) == ["doc_003"]
    assert [file.id for file in found["doc_003"]] == ["file-003", "file-001", "file-002"]
    assert found["doc_003"][0].document.id == "doc_003"


async def test_all_ids_are_told_by_user(stores):
    """That is what may lie in the upload folder."""
    for number in (1, 2):
        await add(stores, number)
    await add(stores, 3, user_id="user_ann")
    assert await stores.files.ids() == {
        "user_bob": frozenset({"file-001", "file-002"}),
        "user_ann": frozenset({"file-003"}),
    }
