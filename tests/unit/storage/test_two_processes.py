"""The server and its worker on one database file: nothing is done twice, lost or half done."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from backend.ports.documents import FINAL_STATES
from backend.ports.stores import User
from backend.storage import readings
from backend.storage.stores import open_stores
from tests.fakes.papers import ROOMY, a_file, a_job, a_reading, add, embed, make_ready
from tests.fakes.processes import running_program

LONG = ["0123456789" * 1000] * 100

# A worker that comes as far as the test wants, says so and waits to be killed.
WORKER = """
import asyncio, sys, time
from backend.storage import files, readings
from backend.storage.stores import open_stores
from tests.fakes.papers import a_reading

def stop():
    print("here", flush=True)
    time.sleep(60)

def half_a_reading(connection):
    for piece in readings.cut(a_reading(["text"] * 9)):
        readings.keep_piece(connection, "doc_001", piece, read=a_reading(["text"]), now_ms=1)
    stop()

def half_a_deletion(connection):
    which = {"wanted": "file-001", "owner": "user_bob", "now": 1}
    files._delete(connection, files._GET, which)
    stop()

async def between_pieces(stores, database):
    read = a_reading(["0123456789" * 1000] * 100)
    first = next(iter(readings.cut(read)))
    await database.write(readings.keep_piece, "doc_001", first, read=read, now_ms=1)
    stop()

async def main(url, what):
    stores = await open_stores(url)
    database = stores.files._database
    if what == "claim":
        await stores.jobs.claim(now_ms=10, lease_s=60, per_user=1)
        stop()
    if what == "between pieces":
        await between_pieces(stores, database)
    await database.write({"reading": half_a_reading, "deletion": half_a_deletion}[what])

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def two(path):
    """Two sets of stores over one file, and the user Bob."""
    url = f"sqlite+aiosqlite:///{path}"
    server, worker = await open_stores(url), await open_stores(url)
    await server.users.add(User(id="user_bob", username="Bob", password_hash="-"))
    yield server, worker
    await server.aclose()
    await worker.aclose()


def _left(path, table) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _killed(path, what) -> None:
    arguments = ("-c", WORKER, f"sqlite+aiosqlite:///{path}", what)
    with running_program(*arguments, folder=path.parent, ready="here") as (process, _):
        process.send_signal(signal.SIGKILL)
        process.wait(30)


async def _work(stores, done: Counter[str]) -> None:
    while job := await stores.jobs.claim(now_ms=10, lease_s=60, per_user=100):
        done[job.id] += 1
        await stores.documents.mark(job.document_id, state="parsing", now_ms=11)
        if await stores.documents.keep_text(job.document_id, a_reading(LONG[:3]), now_ms=12):
            await embed(stores, job.document_id, limit=500)
            await stores.documents.finish(job.document_id, now_ms=13)
        await stores.jobs.done(job.claim)


async def test_two_workers_take_every_job_once_while_files_come_and_go(two, path):
    """What is left at the end is whole, what was deleted is gone."""
    server, worker = two
    for number in range(20):
        await add(server, number)
    done: Counter[str] = Counter()

    async def serve() -> None:
        for number in range(20, 40):
            await add(server, number)
            await server.files.delete("user_bob", f"file-{number - 15:03}")

    await asyncio.gather(_work(server, done), _work(worker, done), serve())
    await _work(worker, done)
    assert set(done.values()) == {1}
    left = (await server.files.ids())["user_bob"]
    assert len(left) == 20
    assert await worker.documents.count_by_state("user_bob") == {"ready": 20}
    assert _left(path, "chunks") == _left(path, "chunk_vectors") == 20 * 3000
    assert _left(path, "document_jobs") == 0


async def test_two_uploads_of_the_same_bytes_at_once_are_one_document(two):
    """Whichever process takes them."""
    made = await asyncio.gather(
        *(add(two[at % 2], at, sha256="same", filename="a.txt") for at in range(10))
    )
    assert len({file.id for file in made}) == 1
    assert await two[0].jobs.waiting() == 1


async def test_a_document_deleted_between_two_pieces_of_its_text_stays_deleted(two, path):
    """The worker learns of it with the next piece."""
    server, worker = two
    await add(server, 1)
    read = a_reading(LONG)
    first, second, *_ = readings.cut(read)
    database = worker.documents._database
    assert await database.write(readings.keep_piece, "doc_001", first, read=read, now_ms=1)
    await server.files.delete("user_bob", "file-001")
    assert not await database.write(readings.keep_piece, "doc_001", second, read=read, now_ms=1)
    assert _left(path, "chunks") == _left(path, "document_pages") == 0


async def test_a_worker_killed_within_a_transaction_leaves_nothing_of_it(two, path):
    """And its lock is free."""
    server, _ = two
    await add(server, 1)
    _killed(path, "reading")
    document = await server.documents.get("user_bob", "doc_001")
    assert (document.state, document.chunks) == ("queued", 0)
    assert _left(path, "chunks") == _left(path, "document_pages") == 0
    await make_ready(server, 2, "text")


async def test_a_worker_killed_between_two_pieces_begins_again(two, path):
    """Nothing of the half reading counts, and none of it is there twice."""
    server, worker = two
    await add(server, 1)
    _killed(path, "between pieces")
    assert _left(path, "document_pages") > 0
    assert (await server.documents.get("user_bob", "doc_001")).state == "queued"
    assert list(await server.documents.pages("user_bob", "doc_001")) == []
    assert list(await worker.documents.unembedded("doc_001", "s", limit=9)) == []
    assert await worker.documents.keep_text("doc_001", a_reading(LONG), now_ms=20)
    assert _left(path, "document_pages") == 100
    (text,) = await _texts(worker)
    assert text == "".join(LONG)


async def _texts(stores) -> list[str | None]:
    await stores.documents.finish("doc_001", now_ms=30)
    return list(await stores.documents.slices("user_bob", [("doc_001", 0, 10_000_000)]))


async def test_a_deletion_killed_halfway_has_not_happened(two, path):
    """All of the document answers as before; deleting it again works."""
    server, _ = two
    await make_ready(server, 1, "some text")
    _killed(path, "deletion")
    assert await server.documents.slices("user_bob", [("doc_001", 0, 4)]) == ["some"]
    assert (await server.files.get("user_bob", "file-001")).document.state in FINAL_STATES
    assert await server.files.delete("user_bob", "file-001") is not None
    assert _left(path, "chunk_vectors") == 0


async def test_a_job_of_a_killed_worker_is_taken_again(two, path):
    """At once after the start's release, with one more attempt."""
    server, worker = two
    await server.files.add(a_file(1), limits=ROOMY, job=a_job(1))
    _killed(path, "claim")
    assert await worker.jobs.claim(now_ms=11, lease_s=60, per_user=1) is None
    assert await server.jobs.release_all() == 1
    job = await worker.jobs.claim(now_ms=11, lease_s=60, per_user=1)
    assert (job.id, job.attempts) == ("job_001", 1)
