"""Files, readings and jobs for tests of what is stored of documents."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from backend.ports.document_jobs import Job
from backend.ports.document_stores import Chunk, FileLimits, ReadDocument
from backend.ports.documents import Document, File, TextPage

ROOMY = FileLimits(files=1000, bytes=1_000_000, waiting=1000)
SPACE = "space-1"


def a_file(number: int, *, user_id: str = "user_bob", **fields: Any) -> File:
    """Make the upload number so, of bytes of its own unless `sha256` says otherwise."""
    document = Document(
        id=f"doc_{number:03}",
        user_id=user_id,
        sha256=fields.pop("sha256", f"{number:064}"),
        size_bytes=fields.pop("size_bytes", 100),
        created_at_ms=fields.get("created_at_ms", number),
        updated_at_ms=fields.get("created_at_ms", number),
    )
    return File(
        id=fields.pop("id", f"file-{number:03}"),
        user_id=user_id,
        filename=fields.pop("filename", f"{number:03}.txt"),
        document=document,
        **{"created_at_ms": number, **fields},
    )


def a_job(number: int, *, user_id: str = "user_bob", **fields: Any) -> Job:
    """Make the job of the upload number so."""
    made = {"kind": "ingest", "document_id": f"doc_{number:03}", "created_at_ms": number}
    return Job(id=f"job_{number:03}", user_id=user_id, **{**made, **fields})


def a_reading(pages: Sequence[str], *, chunk_chars: int = 10, **fields: Any) -> ReadDocument:
    """Make what is read of a document with these pages: chunks of so many characters each."""
    texts: list[TextPage] = []
    start = 0
    for number, text in enumerate(pages, 1):
        end = start + len(text)
        texts.append(TextPage(number=number, page=number, start=start, end=end, text=text))
        start = end
    chunks = [
        Chunk(
            start=at,
            end=min(at + chunk_chars, start),
            lexemes=f"word{at}",
            heading=f"Part {at}",
            page=1,
        )
        for at in range(0, start, chunk_chars)
    ]
    made = {"kind": "txt", "title": "Title", "language": "en"}
    return ReadDocument(pages=texts, chunks=chunks, **{**made, **fields})


def a_vector(text: str) -> bytes:
    """Make a vector that is a text: a number for each character."""
    return array("f", map(ord, text)).tobytes()


async def add(stores: Any, number: int, *, limits: FileLimits = ROOMY, **fields: Any) -> File:
    """Upload the file number so."""
    user_id = fields.get("user_id", "user_bob")
    file, job = a_file(number, **fields), a_job(number, user_id=user_id)
    return await stores.files.add(file, limits=limits, job=job)


async def embed(stores: Any, document_id: str, space: str = SPACE, *, limit: int = 100) -> None:
    """Give every chunk of a document the vector that is its text."""
    while some := await stores.documents.unembedded(document_id, space, limit=limit):
        vectors = {chunk.id: a_vector(text) for chunk, text in some}
        await stores.documents.keep_vectors(document_id, space, vectors, progress=0.5, now_ms=50)


async def make_ready(stores: Any, number: int, *pages: str, **fields: Any) -> File:
    """Upload a file and read, embed and finish its document; its job is left waiting."""
    file = await add(stores, number, **fields)
    await read_anew(stores, file, *pages)
    made = await stores.files.get(file.user_id, file.id)
    assert made is not None
    return made


async def read_anew(stores: Any, file: File, *pages: str) -> None:
    """Read, embed and finish the document of a file."""
    read = a_reading(pages or (f"text of {file.id}",))
    assert await stores.documents.keep_text(file.document.id, read, now_ms=40)
    await embed(stores, file.document.id)
    assert await stores.documents.finish(file.document.id, now_ms=60)
