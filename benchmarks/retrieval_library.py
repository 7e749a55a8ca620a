"""A library as the server has it (reader, chunker, stores, indexes, search), in one process and an empty database."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from backend.bootstrap.searching import make_indexes  # noqa: E402
from backend.config.database_groups import DatabaseSettings  # noqa: E402
from backend.documents.index.questions import Ranker  # noqa: E402
from backend.documents.preparing import embedded_text  # noqa: E402
from backend.documents.reading_child import read_document  # noqa: E402
from backend.documents.search import Searcher, SearchStores  # noqa: E402
from backend.kit.ids import new_id  # noqa: E402
from backend.ports.document_jobs import Job  # noqa: E402
from backend.ports.document_stores import Chunk, FileLimits, ReadDocument  # noqa: E402
from backend.ports.documents import Document, File, TextPage  # noqa: E402
from backend.ports.embedding import Embedder  # noqa: E402
from backend.ports.stores import User  # noqa: E402
from backend.storage.postgres_search import PostgresIndexes  # noqa: E402
from backend.storage.stores import Stores, open_stores  # noqa: E402
from tests.fakes.sql_databases import empty_postgres, postgres_copy  # noqa: E402

READER = User(id="user_reader", username="reader", password_hash="-", created_at_ms=1)
CHUNK_CHARS, PASSAGE_CHARS = 400, 1_000
"""The shipped defaults."""
MEMORY_BYTES = 512 * 1024 * 1024
_BATCH = 256
_NO_LIMITS = FileLimits(files=10**6, bytes=10**12, waiting=10**6)
_READ_LIMITS = {"max_pages": 10**4, "max_chars": 10**8, "max_unpacked_bytes": 10**9}


class Shelf:
    """Documents of one user; `embedder` embeds everything."""

    def __init__(self, folder: Path, stores: Stores, embedder: Embedder) -> None:
        self._folder = folder
        self._stores = stores
        self._embedder = embedder
        self.indexes = make_indexes(stores, folder / "indexes", memory_bytes=MEMORY_BYTES)

    def of(self, space: str) -> Embedder:  # noqa: ARG002 - there is only one
        """Give the embedder."""
        return self._embedder

    async def settled(self) -> None:
        """Wait until an index of vectors that was wanted is there."""
        if isinstance(self.indexes, PostgresIndexes):
            await self.indexes.made()

    def searcher(self, *, ranker: Ranker | None = None) -> Searcher:
        """Make a search over it; another ranker shows what the shipped one brings."""
        stores = SearchStores(
            documents=self._stores.documents, files=self._stores.files, spaces=self._stores.spaces
        )
        return Searcher(stores, self.indexes, self, passage_chars=PASSAGE_CHARS, ranker=ranker)

    async def take(self, name: str, text: str) -> str:
        """Read a text file as an upload is read; give the id of its document."""
        path = self._folder / "upload"
        path.write_text(text, encoding="utf-8")
        return await self.keep(name, _document(read_document(_call(path, name))))

    async def keep(
        self, name: str, read: ReadDocument, vectors: Sequence[bytes] | None = None
    ) -> str:
        """Store what was read, embedded unless its vectors are given; give the id of its document."""
        documents = self._stores.documents
        file = _file(name)
        document_id = file.document.id
        await self._stores.files.add(file, limits=_NO_LIMITS, job=_job(document_id))
        await documents.keep_text(document_id, read, now_ms=1)
        space = await self._embedder.space()
        if await self._stores.spaces.active() is None:
            await self._stores.spaces.begin(space.id, dimensions=space.dimensions)
        ready = iter(vectors or ())
        while batch := await documents.unembedded(document_id, space.id, limit=_BATCH):
            if vectors is None:
                made = await self._embedded(read.title, batch)
            else:
                made = {chunk.id: next(ready) for chunk, _ in batch}
            await documents.keep_vectors(document_id, space.id, made, progress=1.0, now_ms=1)
        await documents.finish(document_id, now_ms=1)
        return document_id

    async def _embedded(
        self, title: str, batch: Sequence[tuple[Chunk, str]]
    ) -> Mapping[int, bytes]:
        texts = [embedded_text(title, chunk.heading, text) for chunk, text in batch]
        vectors = await self._embedder.embed_texts(texts)
        return {
            chunk.id: vector.tobytes() for (chunk, _), vector in zip(batch, vectors, strict=True)
        }


@asynccontextmanager
async def open_shelf(embedder: Embedder, server: str) -> AsyncIterator[Shelf]:
    """Open an empty library that is gone at the end, in a database of `server` (`databases`)."""
    with TemporaryDirectory() as name, _database(server, Path(name)) as url:
        above = DatabaseSettings().vector_index_above_chunks
        stores = await open_stores(url, index_above=above)
        shelf = Shelf(Path(name), stores, embedder)
        try:
            await stores.users.add(READER)
            yield shelf
        finally:
            await shelf.indexes.aclose()
            await stores.aclose()


@contextmanager
def databases(kind: str) -> Iterator[str]:
    """Have databases of a kind: nothing to start for `sqlite`, a server of PostgreSQL for `postgresql`."""
    if kind == "sqlite":
        yield ""
        return
    with empty_postgres() as server:
        yield server


@contextmanager
def _database(server: str, folder: Path) -> Iterator[str]:
    if not server:
        yield f"sqlite+aiosqlite:///{folder}/bench.db"
        return
    with postgres_copy(server) as url:
        yield url


def _file(name: str) -> File:
    document_id = new_id("doc")
    document = Document(
        id=document_id, user_id=READER.id, sha256=document_id, size_bytes=1, created_at_ms=1
    )
    return File(
        id=new_id("file"), user_id=READER.id, filename=name, document=document, created_at_ms=1
    )


def _job(document_id: str) -> Job:
    return Job(id=new_id("job"), kind="ingest", user_id=READER.id, document_id=document_id)


def _call(path: Path, name: str) -> dict[str, Any]:
    return {
        "path": str(path),
        "filename": name,
        "chunk_chars": CHUNK_CHARS,
        "ocr": False,
        **_READ_LIMITS,
    }


def _document(answer: Mapping[str, Any]) -> ReadDocument:
    return ReadDocument(
        kind=answer["kind"],
        title=answer["title"],
        language=answer["language"],
        pages=[
            TextPage(number=number, page=page, start=start, end=end, text=text)
            for number, page, start, end, text in answer["pages"]
        ],
        chunks=[
            Chunk(start=start, end=end, page=page, kind=kind, heading=heading, lexemes=lexemes)
            for start, end, page, kind, heading, lexemes in answer["chunks"]
        ],
    )
