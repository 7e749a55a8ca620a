"""One document from its bytes to being found, and everything that may come in between."""

from __future__ import annotations

import pytest

from backend.documents.extracted import Unreadable
from backend.documents.ingest import FIRST_PAUSE_S, MAX_ATTEMPTS
from backend.ports.document_jobs import Job
from backend.ports.embedding import EmbeddingFailed
from tests.fakes.ingest_parts import ANN, CountingEmbedder, Killed, Workshop, away

LINES = "\n".join(f"line number {number}" for number in range(1, 8))


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


async def vectors_of(shop, file, space):
    rows = await shop.stores.documents.indexed_chunks(ANN.id, file.document.id, space)
    return [row.vector for row in rows]


async def test_a_document_becomes_ready_with_a_vector_for_every_chunk(shop):
    """Read, chunked, embedded with its title, and announced."""
    file = await shop.upload(LINES)
    await shop.work()
    document = await shop.look(file)
    assert (document.state, document.progress, document.chunks) == ("ready", 1.0, 7)
    assert shop.embedder.batches[0][0] == "paper\nline number 1"
    assert None not in await vectors_of(shop, file, "test-one")
    assert await shop.stores.spaces.active() == "test-one"
    assert shop.told[-1] == document.id
    assert await shop.stores.jobs.waiting() == 0


async def test_a_document_that_cannot_be_read_fails_with_the_reason(shop):
    """The person sees why, and the job is over."""
    shop.reader.faults = [Unreadable("it is damaged")]
    file = await shop.upload("text")
    await shop.work()
    document = await shop.look(file)
    assert (document.state, document.reason) == ("failed", "it is damaged")
    assert await shop.stores.jobs.waiting() == 0


async def test_bytes_that_are_gone_are_a_reason(shop):
    """Somebody emptied the folder."""
    file = await shop.upload("text")
    shop.folder.remove(ANN.id, file.id)
    await shop.work()
    assert "gone" in (await shop.look(file)).reason


async def test_a_name_deleted_while_it_is_read_leaves_the_other_name_readable(shop):
    """Two names over the same bytes: the reading goes on with those of the other."""
    first = await shop.upload(LINES, "old.txt")
    second = await shop.upload(LINES, "new.txt")
    read = shop.reader.read

    async def deleted_meanwhile(path, filename, *, recognised):
        if filename == "old.txt":
            await shop.stores.files.delete(ANN.id, first.id)
            shop.folder.remove(ANN.id, first.id)
            raise Unreadable("the file is not there")
        return await read(path, filename, recognised=recognised)

    shop.reader.read = deleted_meanwhile
    await shop.work()
    assert (await shop.look(second)).state == "ready"
    assert shop.reader.read_names == ["new.txt"]


async def test_pages_through_ocr_are_shown_as_progress(shop):
    """A long scan is seen to move, in a state of its own."""
    shop.reader.scans = 4
    file = await shop.upload(LINES)
    seen = []

    async def look(done, of):
        await original(done, of)
        document = await shop.look(file)
        seen.append((document.state, document.progress))

    original = None
    read = shop.reader.read

    async def watched(path, filename, *, recognised):
        nonlocal original
        original = recognised
        return await read(path, filename, recognised=look)

    shop.reader.read = watched
    await shop.work()
    assert seen == [("ocr", 0.0), ("ocr", 0.125), ("ocr", 0.25), ("ocr", 0.375)]
    assert (await shop.look(file)).state == "ready"


async def test_a_job_taken_again_goes_on_where_it_was(shop):
    """What was read and embedded before the crash is not done again, and nothing is doubled."""
    shop.batch = 3
    shop.embedder.dies_after = 2
    file = await shop.upload(LINES)
    with pytest.raises(Killed):
        await shop.work()
    crashed = await shop.look(file)
    assert (crashed.state, round(crashed.progress, 2)) == ("embedding", 0.86)

    await shop.stores.jobs.release_all()
    first, shop.embedder = shop.embedder, CountingEmbedder("test-one")
    await shop.work()
    assert shop.reader.read_names == ["paper.txt"]
    assert [len(batch) for batch in first.batches + shop.embedder.batches] == [3, 3, 1]
    assert (await shop.look(file)).state == "ready"
    vectors = await vectors_of(shop, file, "test-one")
    assert (len(vectors), None in vectors) == (7, False)


async def test_a_document_that_ends_the_worker_again_and_again_is_given_up(shop):
    """One poisoned upload does not keep everybody waiting for ever."""
    shop.embedder.dies_after = 0
    file = await shop.upload(LINES)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            await shop.work()
        await shop.stores.jobs.release_all()
    await shop.work()
    document = await shop.look(file)
    assert (document.state, document.reason) == (
        "failed",
        "Reading the file ended this server's worker 3 times.",
    )


async def test_an_embedder_that_is_away_postpones_and_says_so(shop):
    """Ollama was not started yet: the upload waits for it, visibly, and goes on by itself."""
    shop.embedder.faults = [away()]
    file = await shop.upload(LINES)
    await shop.work()
    waiting = await shop.look(file)
    assert (waiting.state, waiting.reason) == ("embedding", str(away()))
    assert await shop.claim() is None
    shop.clock.step(FIRST_PAUSE_S)
    await shop.work()
    document = await shop.look(file)
    assert (document.state, document.reason) == ("ready", "")
    assert len(shop.reader.read_names) == 1


async def test_an_embedder_that_stays_away_is_logged_once_for_a_document(shop, caplog):
    """Every further attempt would say the same; another reason is said."""
    shop.embedder.faults = [away(), away(), away(), EmbeddingFailed("The model was not pulled.")]
    file = await shop.upload(LINES)
    for _ in range(4):
        await shop.work()
        shop.clock.step(600)
    assert (await shop.look(file)).state == "embedding"
    told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert told == [
        f"document {file.document.id} waits: {away()}",
        f"document {file.document.id} waits: The model was not pulled.",
    ]


async def test_a_document_erased_while_it_is_read_stays_erased(shop):
    """Deleting wins over the worker at any moment; no chunk comes back."""
    file = await shop.upload(LINES)
    read = shop.reader.read

    async def erased_meanwhile(path, filename, *, recognised):
        found = await read(path, filename, recognised=recognised)
        await shop.stores.files.delete(ANN.id, file.id)
        return found

    shop.reader.read = erased_meanwhile
    await shop.work()
    assert await shop.stores.documents.get(ANN.id, file.document.id) is None
    assert await shop.stores.jobs.waiting() == 0
    assert shop.embedder.batches == []


async def test_a_document_erased_while_it_is_embedded_stays_erased(shop):
    """The same, later on."""
    file = await shop.upload(LINES)
    embed = shop.embedder.embed_texts

    async def erased_meanwhile(texts):
        await shop.stores.files.delete(ANN.id, file.id)
        return await embed(texts)

    shop.embedder.embed_texts = erased_meanwhile
    await shop.work()
    assert await vectors_of(shop, file, "test-one") == []
    assert await shop.stores.jobs.waiting() == 0


@pytest.mark.parametrize("moment", ["read", "embedded", "postponed", "unreadable"])
async def test_what_is_stopped_meanwhile_stays_as_it_was_stopped(shop, moment):
    """Wherever the worker is: nothing is marked, kept or given back behind the person's back."""
    file = await shop.upload(LINES)
    read, embed = shop.reader.read, shop.embedder.embed_texts

    async def stop():
        assert await shop.stores.jobs.drop_of(ANN.id, reason="stopped", now_ms=1)

    async def reading(path, filename, *, recognised):
        found = await read(path, filename, recognised=recognised)
        if moment in {"read", "unreadable"}:
            await stop()
        if moment == "unreadable":
            raise Unreadable("it is damaged")
        return found

    async def embedding(texts):
        await stop()
        if moment == "postponed":
            raise away()
        return await embed(texts)

    shop.reader.read, shop.embedder.embed_texts = reading, embedding
    await shop.work()
    document = await shop.look(file)
    assert (document.state, document.reason, document.chunks) == ("failed", "stopped", 0)
    shop.reader.read, shop.embedder.embed_texts = read, embed
    again = Job(id="job_2", kind="ingest", user_id=ANN.id, document_id=document.id)
    assert await shop.stores.jobs.add(again)
    await shop.work()
    assert (await shop.look(file)).state == "ready"


async def test_whoever_lost_a_job_leaves_it_to_whoever_has_it(shop):
    """A worker that stood still wakes up while another one reads: that one finishes."""
    file = await shop.upload(LINES)
    read, others = shop.reader.read, []

    async def stood_still(path, filename, *, recognised):
        found = await read(path, filename, recognised=recognised)
        await shop.stores.jobs.release_all()
        others.append(await shop.claim())
        return found

    shop.reader.read = stood_still
    late = shop.ingest()
    job = await shop.claim()
    await late.carry_out(job)
    await late.give_up(job, "no")
    await late.give_back(job)
    assert (await shop.look(file)).state == "parsing"
    shop.reader.read = read
    await shop.ingest().carry_out(others[0])
    assert (await shop.look(file)).state == "ready"
    assert await shop.stores.jobs.waiting() == 0


class TestAnotherEmbedder:
    """Changing the embedder while documents are there."""

    async def test_the_old_space_answers_until_the_new_one_is_whole(self, shop):
        """Built one document at a time, switched at once, the old vectors gone."""
        files = [await shop.upload(f"text {n}\nmore {n}", f"{n}.txt") for n in range(3)]
        await shop.work()
        old, shop.embedder = shop.embedder, CountingEmbedder("test-two")
        shop.older["test-one"] = old
        worker = shop.ingest()
        for _ in files:
            assert await shop.stores.spaces.active() == "test-one"
            assert await worker.rebuild_some()
        assert not await worker.rebuild_some()
        assert await shop.stores.spaces.active() == "test-two"
        for file in files:
            assert None not in await vectors_of(shop, file, "test-two")
            assert await vectors_of(shop, file, "test-one") == [None, None]
        assert not await shop.ingest().rebuild_some()

    async def test_the_log_says_that_it_begins_and_that_it_is_done(self, shop, caplog):
        """Once each, however many documents there are."""
        caplog.set_level("INFO", "backend.documents.ingest")
        for n in range(3):
            await shop.upload(f"text {n}", f"{n}.txt")
        await shop.work()
        shop.embedder = CountingEmbedder("test-two")
        worker = shop.ingest()
        while await worker.rebuild_some():
            pass
        assert [one.getMessage() for one in caplog.records] == [
            "embedding all documents in test-two; searches use test-one until then",
            "searches now use the embedding space test-two",
        ]

    async def test_an_upload_meanwhile_is_found_in_both(self, shop):
        """It answers now and after the switch."""
        await shop.upload("first", "1.txt")
        await shop.work()
        old, shop.embedder = shop.embedder, CountingEmbedder("test-two")
        shop.older["test-one"] = old
        late = await shop.upload("second", "2.txt")
        await shop.work()
        assert None not in await vectors_of(shop, late, "test-one")
        assert None not in await vectors_of(shop, late, "test-two")

    async def test_an_upload_is_ready_although_the_old_provider_is_gone(self, shop):
        """It is found by its words, and by its vector after the switch."""
        await shop.upload("first", "1.txt")
        await shop.work()
        shop.embedder = CountingEmbedder("test-two")
        late = await shop.upload("second", "2.txt")
        await shop.work()
        assert (await shop.look(late)).state == "ready"
        assert None not in await vectors_of(shop, late, "test-two")

    async def test_an_upload_does_not_wait_for_the_old_provider(self, shop):
        """It was switched off for good; waiting for it would keep the new space from ever answering."""
        first = await shop.upload("first", "1.txt")
        await shop.work()
        old, shop.embedder = shop.embedder, CountingEmbedder("test-two")
        old.faults = [away()] * 9
        shop.older["test-one"] = old
        late = await shop.upload("second", "2.txt")
        await shop.work()
        assert (await shop.look(late)).state == "ready"
        worker = shop.ingest()
        while await worker.rebuild_some():
            pass
        assert await shop.stores.spaces.active() == "test-two"
        for file in (first, late):
            assert None not in await vectors_of(shop, file, "test-two")

    async def test_going_back_gives_vectors_to_what_came_meanwhile(self, shop):
        """A document of the time between is found by meaning as well, once somebody looks."""
        await shop.upload("first", "1.txt")
        await shop.work()
        old, shop.embedder = shop.embedder, CountingEmbedder("test-two")
        late = await shop.upload("second", "2.txt")
        await shop.work()
        shop.embedder = old
        version = await shop.stores.documents.library_version(ANN.id)
        worker = shop.ingest()
        assert await worker.rebuild_some()
        assert not await worker.rebuild_some()
        assert None not in await vectors_of(shop, late, "test-one")
        assert await shop.stores.documents.library_version(ANN.id) > version

    async def test_a_document_that_is_queued_meanwhile_waits_as_it_did(self, shop):
        """Vectors alone neither read it nor end its wait."""
        await shop.upload("first", "1.txt")
        await shop.work()
        old, shop.embedder = shop.embedder, CountingEmbedder("test-two")
        late = await shop.upload("second", "2.txt")
        await shop.work()
        shop.embedder, embed = old, old.embed_texts
        again = Job(id="job_2", kind="ingest", user_id=ANN.id, document_id=late.document.id)

        async def queued_meanwhile(texts):
            assert await shop.stores.jobs.add(again)
            return await embed(texts)

        old.embed_texts = queued_meanwhile
        assert await shop.ingest().rebuild_some()
        document = await shop.look(late)
        assert (document.state, document.progress) == ("queued", 0.0)

    async def test_an_upload_does_not_wait_for_a_long_document(self, shop):
        """Building the new space gives way after one batch and goes on later."""
        long = await shop.upload(LINES, "1.txt")
        await shop.work()
        shop.batch = 3
        shop.embedder = CountingEmbedder("test-two")
        embed = shop.embedder.embed_texts

        async def uploaded_meanwhile(texts):
            await shop.upload("second", "2.txt")
            return await embed(texts)

        shop.embedder.embed_texts = uploaded_meanwhile
        assert await shop.ingest().rebuild_some()
        assert len(shop.embedder.batches) == 1
        shop.embedder.embed_texts = embed
        await shop.work()
        worker = shop.ingest()
        while await worker.rebuild_some():
            pass
        assert None not in await vectors_of(shop, long, "test-two")

    async def test_a_crash_half_way_costs_nothing(self, shop):
        """What has been embedded in the new space is kept."""
        await shop.upload(LINES, "1.txt")
        await shop.work()
        shop.batch = 3
        shop.embedder = CountingEmbedder("test-two")
        shop.embedder.dies_after = 1
        with pytest.raises(Killed):
            await shop.ingest().rebuild_some()
        shop.embedder = CountingEmbedder("test-two")
        worker = shop.ingest()
        while await worker.rebuild_some():
            pass
        assert [len(batch) for batch in shop.embedder.batches] == [3, 1]
        assert await shop.stores.spaces.active() == "test-two"
