"""What a worker writes counts while its claim on the job stands, in every adapter."""

from __future__ import annotations

import asyncio

import pytest

from backend.ports.document_jobs import Claim
from tests.fakes.papers import SPACE, a_job, a_reading, a_vector, add, make_ready, read_anew

REASON = "stopped"


async def _claim(stores, *, now_ms=100) -> Claim:
    job = await stores.jobs.claim(now_ms=now_ms, lease_s=1, per_user=9)
    assert job is not None
    return job.claim


async def _dropped(stores, claim: Claim) -> None:
    assert await stores.jobs.drop_of("user_bob", reason=REASON, now_ms=150) == ("doc_001",)


async def _taken(stores, claim: Claim) -> None:
    assert (await _claim(stores, now_ms=1100)).attempts == 1


async def _given_back(stores, claim: Claim) -> None:
    await stores.jobs.postpone(claim, until_ms=100)


async def _given_back_and_taken(stores, claim: Claim) -> None:
    await stores.jobs.postpone(claim, until_ms=0)
    again = await _claim(stores, now_ms=101)
    assert (again.job_id, again.attempts) == (claim.job_id, claim.attempts)


async def _queued_anew(stores, claim: Claim) -> None:
    await _dropped(stores, claim)
    assert await stores.jobs.add(a_job(2, document_id="doc_001"))
    await _claim(stores, now_ms=160)


LOSSES = [_dropped, _taken, _given_back, _given_back_and_taken, _queued_anew]


async def _all(stores):
    """Everything that is told of the document and its job."""
    return (
        await stores.documents.get("user_bob", "doc_001"),
        await stores.documents.unembedded("doc_001", SPACE, limit=99),
        await stores.documents.slices("user_bob", [("doc_001", 0, 99)]),
        await stores.documents.library_version("user_bob"),
        await stores.jobs.standing(150),
    )


async def _written(stores, claim: Claim) -> list[bool]:
    """Try all that a worker writes; tell what counted."""
    documents, chunk = (
        stores.documents,
        (await stores.documents.unembedded("doc_001", SPACE, limit=1)),
    )
    vectors = {it.id: a_vector("v") for it, _ in chunk}
    return [
        await documents.mark("doc_001", state="parsing", claim=claim, now_ms=200),
        await documents.mark("doc_001", state="failed", reason="no", claim=claim, now_ms=200),
        await documents.keep_vectors(
            "doc_001", SPACE, vectors, progress=0.5, claim=claim, now_ms=200
        ),
        await documents.keep_text("doc_001", a_reading(["other"]), claim=claim, now_ms=200),
        await documents.finish("doc_001", claim=claim, now_ms=200),
        await stores.jobs.renew(claim, now_ms=200, lease_s=9),
    ]


@pytest.mark.parametrize("lose", LOSSES)
async def test_nothing_counts_that_is_written_under_a_lost_claim(stores, lose):
    """However it was lost, and also when the same worker once had as many attempts."""
    await add(stores, 1)
    claim = await _claim(stores)
    assert await stores.documents.keep_text(
        "doc_001", a_reading(["a text"]), claim=claim, now_ms=110
    )
    await lose(stores, claim)
    before = await _all(stores)
    assert await _written(stores, claim) == [False] * 6
    await stores.jobs.done(claim)
    await stores.jobs.postpone(claim, until_ms=9000)
    assert await _all(stores) == before


async def test_what_is_written_under_a_claim_that_stands_counts(stores):
    """Also when its lease has run out and nobody else has taken the job."""
    await add(stores, 1)
    claim = await _claim(stores)
    assert await stores.documents.mark("doc_001", state="parsing", claim=claim, now_ms=5000)
    assert await stores.documents.keep_text(
        "doc_001", a_reading(["text"]), claim=claim, now_ms=5001
    )
    ((chunk, _),) = await stores.documents.unembedded("doc_001", SPACE, limit=9)
    vectors = {chunk.id: a_vector("v")}
    assert await stores.documents.keep_vectors(
        "doc_001", SPACE, vectors, progress=0.5, claim=claim, now_ms=5002
    )
    assert (await stores.documents.get("user_bob", "doc_001")).progress == 0.5
    assert await stores.jobs.renew(claim, now_ms=5003, lease_s=1)
    assert await stores.documents.finish("doc_001", claim=claim, now_ms=5004)
    assert (await stores.documents.get("user_bob", "doc_001")).state == "ready"


@pytest.mark.parametrize("failed", [False, True])
async def test_the_end_of_a_document_is_the_end_of_its_job(stores, failed):
    """At once: whoever wants it read again finds no job in the way."""
    await add(stores, 1)
    claim = await _claim(stores)
    if failed:
        assert await stores.documents.mark("doc_001", state="failed", claim=claim, now_ms=110)
    else:
        read = a_reading(["text"])
        assert await stores.documents.keep_text("doc_001", read, claim=claim, now_ms=110)
        assert await stores.documents.finish("doc_001", claim=claim, now_ms=111)
    assert await stores.jobs.waiting() == 0
    assert await stores.jobs.add(a_job(2, document_id="doc_001"))


async def test_a_claim_is_one_of_its_own_document(stores):
    """Another one's is not written by it."""
    await add(stores, 1)
    await add(stores, 2)
    claim = await _claim(stores)
    assert not await stores.documents.mark("doc_002", state="failed", claim=claim, now_ms=110)
    assert await stores.jobs.waiting() == 2


async def test_dropping_jobs_fails_what_was_to_be_read_and_nothing_else(stores):
    """What is searchable stays so; the half reading goes; others' work goes on."""
    file = await make_ready(stores, 1, "an old text")
    await stores.jobs.done(a_job(1).claim)
    await add(stores, 2)
    await add(stores, 3, user_id="user_ann")
    assert await stores.jobs.add(a_job(4, document_id=file.document.id))
    await stores.documents.keep_text(file.document.id, a_reading(["half"]), now_ms=90)
    dropped = await stores.jobs.drop_of("user_bob", reason="why\x00", now_ms=100)
    assert sorted(dropped) == ["doc_001", "doc_002"]
    told = [await stores.documents.get("user_bob", it) for it in ("doc_001", "doc_002")]
    assert [(it.state, it.reason, it.progress, it.updated_at_ms) for it in told] == [
        ("failed", "why", 0.0, 100)
    ] * 2
    assert (told[0].chars, told[0].chunks) == (len("an old text"), 2)
    assert await stores.documents.slices("user_bob", [("doc_001", 0, 99)]) == ["an old text"]
    assert (await stores.documents.get("user_ann", "doc_003")).state == "queued"
    assert await stores.jobs.waiting() == 1
    assert await stores.jobs.drop_of("user_bob", reason="again", now_ms=101) == ()


async def test_embedding_anew_is_dropped_without_a_word(stores):
    """The document is as ready as before."""
    await make_ready(stores, 1)
    await stores.jobs.done(a_job(1).claim)
    assert await stores.jobs.add(a_job(2, document_id="doc_001", kind="reembed"))
    assert await stores.jobs.drop_of("user_bob", reason=REASON, now_ms=100) == ()
    assert (await stores.documents.get("user_bob", "doc_001")).state == "ready"
    assert await stores.jobs.waiting() == 0


async def test_vectors_that_nobody_waits_for_leave_a_document_as_it_is(stores):
    """It may be queued again meanwhile; that it is found differently is noted apart."""
    file = await make_ready(stores, 1)
    await stores.jobs.done(a_job(1).claim)
    assert await stores.jobs.add(a_job(2, document_id="doc_001", created_at_ms=90))
    version = await stores.documents.library_version("user_bob")
    ((chunk, _),) = (await stores.documents.unembedded("doc_001", "other", limit=9))[:1]
    vectors = {chunk.id: a_vector("v")}
    assert await stores.documents.keep_vectors(
        "doc_001", "other", vectors, progress=None, now_ms=95
    )
    await stores.documents.raise_version("doc_001")
    await stores.documents.raise_version("doc_009")
    document = await stores.documents.get("user_bob", file.document.id)
    assert (document.state, document.progress) == ("queued", 0.0)
    assert await stores.documents.library_version("user_bob") == version + 1


async def test_who_reads_and_who_stops_reading_at_once_agree(stores):
    """Whichever comes first, what was dropped ends as failed, and nobody is sent away."""
    for number in range(1, 9):
        await add(stores, number)
    claims = [await _claim(stores) for _ in range(8)]
    under_way = asyncio.Event()

    async def read(claim: Claim) -> None:
        document_id = claim.job_id.replace("job", "doc")
        for turn in range(20):
            read, now_ms = a_reading([f"text {turn}"]), 200 + turn
            if not await stores.documents.keep_text(document_id, read, claim=claim, now_ms=now_ms):
                return
            some = await stores.documents.unembedded(document_id, SPACE, limit=9)
            await stores.documents.keep_vectors(
                document_id,
                SPACE,
                {chunk.id: a_vector("v") for chunk, _ in some},
                progress=0.5,
                claim=claim,
                now_ms=now_ms,
            )
            await stores.jobs.renew(claim, now_ms=now_ms, lease_s=1)
            under_way.set()
            await stores.documents.mark(document_id, state="ocr", claim=claim, now_ms=now_ms)

    async def stop() -> None:
        await under_way.wait()
        await stores.jobs.drop_of("user_bob", reason=REASON, now_ms=300)

    await asyncio.gather(stop(), *map(read, claims))
    assert await stores.documents.count_by_state("user_bob") == {"failed": 8}
    ended = await stores.documents.get("user_bob", "doc_001")
    assert (ended.reason, ended.chunks) == (REASON, 0)
    await read_anew(stores, await stores.files.get("user_bob", "file-001"), "text")
