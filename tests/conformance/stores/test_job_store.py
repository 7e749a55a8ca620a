"""What every adapter of the JobStore port does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.papers import a_job, add


async def _claim(stores, *, now_ms=100, lease_s=1.0, per_user=1) -> str | None:
    job = await stores.jobs.claim(now_ms=now_ms, lease_s=lease_s, per_user=per_user)
    return job and job.id


async def test_the_oldest_job_is_taken_first(stores):
    """Equal ones by id; a user has no more than so many at once."""
    await add(stores, 3, created_at_ms=5)
    for number in (1, 2, 4):
        await add(stores, number)
    claimed = [await _claim(stores, per_user=3) for _ in range(5)]
    assert claimed == ["job_001", "job_002", "job_003", None, None]


async def test_whoever_has_fewest_running_comes_first(stores):
    """One with a thousand uploads does not hold up another with one."""
    for number in (1, 2, 3):
        await add(stores, number)
    await add(stores, 9, user_id="user_ann")
    claimed = [await _claim(stores, per_user=2) for _ in range(4)]
    assert claimed == ["job_001", "job_009", "job_002", None]


async def test_uploads_come_before_embedding_anew(stores):
    """Somebody waits for them."""
    await add(stores, 1)
    await stores.jobs.done(a_job(1).claim)
    assert await stores.jobs.add(a_job(1, kind="reembed"))
    await add(stores, 2)
    assert [await _claim(stores, per_user=9) for _ in range(3)] == ["job_002", "job_001", None]


async def test_a_lease_that_ran_out_is_one_more_attempt(stores):
    """The first claim is none, and while the lease holds nobody else gets the job."""
    await add(stores, 1)
    made = a_job(1)
    first = await stores.jobs.claim(now_ms=100, lease_s=1, per_user=1)
    assert first == replace(made, lease_until_ms=1100)
    assert await _claim(stores, now_ms=1099) is None
    second = await stores.jobs.claim(now_ms=1100, lease_s=2, per_user=1)
    assert second == replace(made, attempts=1, lease_until_ms=3100)


async def test_a_renewed_lease_holds_longer(stores):
    """An erased job cannot be renewed."""
    await add(stores, 1)
    await _claim(stores, now_ms=100, lease_s=1)
    assert await stores.jobs.renew(a_job(1).claim, now_ms=1000, lease_s=1)
    assert await _claim(stores, now_ms=1500) is None
    await stores.files.delete("user_bob", "file-001")
    assert not await stores.jobs.renew(a_job(1).claim, now_ms=1600, lease_s=1)


async def test_a_job_that_was_given_back_cannot_be_kept(stores):
    """A renewal that comes late does not hide it from whoever may take it."""
    await add(stores, 1)
    await _claim(stores, now_ms=100, lease_s=1)
    await stores.jobs.postpone(a_job(1).claim, until_ms=200)
    assert not await stores.jobs.renew(a_job(1).claim, now_ms=150, lease_s=1)
    assert await _claim(stores, now_ms=200) == "job_001"


async def test_a_job_that_is_done_is_forgotten(stores):
    """Its user may have the next one; doing so twice is nothing."""
    await add(stores, 1)
    await add(stores, 2)
    assert await _claim(stores) == "job_001"
    assert await stores.jobs.waiting() == 2
    await stores.jobs.done(a_job(1).claim)
    await stores.jobs.done(a_job(1).claim)
    assert await stores.jobs.waiting() == 1
    assert await _claim(stores) == "job_002"


async def test_a_postponed_job_is_taken_from_then_on_and_starts_again(stores):
    """It waits, and its attempts are none."""
    await add(stores, 1)
    await _claim(stores, now_ms=0)
    await _claim(stores, now_ms=5000)
    await stores.jobs.postpone(a_job(1, attempts=1).claim, until_ms=9000)
    assert await _claim(stores, now_ms=8999) is None
    assert await stores.jobs.waiting() == 1
    job = await stores.jobs.claim(now_ms=9000, lease_s=1, per_user=1)
    assert (job.id, job.attempts) == ("job_001", 0)


async def test_what_a_dead_process_had_is_given_back_and_counted(stores):
    """Each is one more attempt; those that nobody had are none."""
    for number in (1, 2, 3):
        await add(stores, number)
    await _claim(stores, lease_s=1000, per_user=2)
    await _claim(stores, lease_s=1000, per_user=2)
    assert await stores.jobs.release_all() == 2
    assert await stores.jobs.release_all() == 0
    again = [await stores.jobs.claim(now_ms=101, lease_s=1, per_user=9) for _ in range(3)]
    assert [(job.id, job.attempts) for job in again] == [
        ("job_001", 1),
        ("job_002", 1),
        ("job_003", 0),
    ]


async def test_an_ingest_job_queues_its_document(stores):
    """Whatever became of it before."""
    await add(stores, 1)
    await stores.jobs.done(a_job(1).claim)
    await stores.documents.mark("doc_001", state="failed", reason="no", progress=0.5, now_ms=9)
    assert await stores.jobs.add(a_job(2, document_id="doc_001", created_at_ms=30))
    document = await stores.documents.get("user_bob", "doc_001")
    told = (document.state, document.reason, document.progress, document.updated_at_ms)
    assert told == ("queued", "", 0.0, 30)
    job = await stores.jobs.claim(now_ms=40, lease_s=1, per_user=1)
    assert (job.id, job.document_id) == ("job_002", "doc_001")


async def test_embedding_anew_leaves_the_documents_state(stores):
    """It is ready all the while."""
    await add(stores, 1)
    await stores.documents.mark("doc_001", state="ready", progress=1, now_ms=9)
    assert await stores.jobs.add(a_job(2, document_id="doc_001", kind="reembed"))
    assert (await stores.documents.get("user_bob", "doc_001")).state == "ready"


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_document_has_one_job_of_a_kind(stores, claimed):
    """Waiting or running; another kind may stand beside it."""
    await add(stores, 1)
    if claimed:
        await _claim(stores)
    assert not await stores.jobs.add(a_job(2, document_id="doc_001"))
    assert await stores.jobs.add(a_job(3, document_id="doc_001", kind="reembed"))
    assert not await stores.jobs.add(a_job(4, document_id="doc_001", kind="reembed"))
    assert await stores.jobs.waiting() == 2


async def test_there_is_no_job_without_its_document(stores):
    """Nor for a document of somebody else; and it goes with its document."""
    assert not await stores.jobs.add(a_job(1))
    await add(stores, 2)
    await stores.jobs.done(a_job(2).claim)
    assert not await stores.jobs.add(a_job(2, user_id="user_ann"))
    assert await stores.jobs.add(a_job(2))
    await stores.files.delete("user_bob", "file-002")
    assert await stores.jobs.waiting() == 0
    assert await _claim(stores) is None


async def test_a_job_that_another_took_is_not_renewed(stores):
    """Whoever stood still beyond its lease learns that it lost the job; the other keeps it."""
    await add(stores, 1)
    assert await _claim(stores) == "job_001"
    assert await _claim(stores, now_ms=1100) == "job_001"
    assert not await stores.jobs.renew(a_job(1).claim, now_ms=1200, lease_s=1)
    assert await stores.jobs.renew(a_job(1, attempts=1).claim, now_ms=1200, lease_s=1)


async def test_a_job_is_claimable_while_nobody_holds_it(stores):
    """From when it may be taken, and again when its lease has run out."""
    assert not await stores.jobs.claimable(100)
    await add(stores, 1)
    assert await stores.jobs.claimable(100)
    assert await _claim(stores) == "job_001"
    assert not await stores.jobs.claimable(1099)
    assert await stores.jobs.claimable(1100)
    await stores.jobs.postpone(a_job(1).claim, until_ms=2000)
    assert not await stores.jobs.claimable(1999)
    assert await stores.jobs.claimable(2000)
