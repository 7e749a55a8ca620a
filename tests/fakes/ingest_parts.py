"""What `Ingest` works with, in memory: a scripted reader, embedders that count, real stores and folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from backend.documents.embedding.shelf import EmbedderShelf
from backend.documents.folders import UploadFolder
from backend.documents.ingest import Ingest, IngestParts, RecognisedPage
from backend.kit.ids import new_id
from backend.kit.owned_folder import OwnedFolder
from backend.ports.document_jobs import Job
from backend.ports.document_stores import Chunk, FileLimits, ReadDocument
from backend.ports.documents import Document, File, TextPage
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from backend.ports.stores import User
from backend.ports.values import Health
from backend.storage.stores import Stores, memory_stores
from tests.fakes.clock import WatchedClock

ANN = User(id="user_ann", username="ann", password_hash="hash", role="admin")
LIMITS = FileLimits(files=100, bytes=10**9, waiting=100)
DIMENSIONS = 4


def _text_at(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read_of(text: str, *, title: str = "paper") -> ReadDocument:
    """One chunk per line of a text on one page."""
    chunks, at = [], 0
    for line in text.splitlines(keepends=True):
        end = at + len(line.rstrip("\n"))
        if end > at:
            chunks.append(Chunk(start=at, end=end, lexemes=line.lower().strip()))
        at += len(line)
    page = TextPage(number=1, page=None, start=0, end=len(text), text=text)
    return ReadDocument(kind="text", title=title, language="en", pages=(page,), chunks=chunks)


@dataclass
class ScriptedReader:
    """Reads a file's bytes as text; `faults` are raised first, `scans` pages go through OCR before."""

    faults: list[Exception] = field(default_factory=list)
    scans: int = 0
    read_names: list[str] = field(default_factory=list)

    async def read(self, path: Path, filename: str, *, recognised: RecognisedPage) -> ReadDocument:
        self.read_names.append(filename)
        for done in range(self.scans):
            await recognised(done, self.scans)
        if self.faults:
            raise self.faults.pop(0)
        return read_of(_text_at(path))


class Killed(BaseException):
    """The end of a process, as sudden as kill -9: nothing of ours catches it."""


class CountingEmbedder:
    """Vectors made of a text's hash; `faults` are raised first, `batches` lists what was embedded.

    After `dies_after` batches the process is gone.
    """

    def __init__(self, space_id: str) -> None:
        self.batches: list[list[str]] = []
        self.faults: list[Exception] = []
        self.dies_after: int | None = None
        self._space = EmbeddingSpace(id=space_id, dimensions=DIMENSIONS)

    async def space(self) -> EmbeddingSpace:
        return self._space

    async def embed_texts(self, texts: Sequence[str]):
        if self.faults:
            raise self.faults.pop(0)
        if len(self.batches) == self.dies_after:
            raise Killed
        self.batches.append(list(texts))
        return np.stack([_vector(text) for text in texts])

    async def embed_query(self, text: str):
        return _vector(text)

    async def health(self) -> Health:
        return Health(ok=not self.faults)

    async def aclose(self) -> None:
        return None


def _vector(text: str):
    raw = np.frombuffer(hashlib.sha256(text.encode()).digest()[:DIMENSIONS], np.uint8)
    vector = raw.astype(np.float32) + 1
    return vector / np.linalg.norm(vector)


class Workshop:
    """One user's documents on their way, with everything in reach of a test."""

    def __init__(self, root: Path, stores: Stores | None = None) -> None:
        self.clock = WatchedClock()
        self.stores = stores or memory_stores(clock=self.clock)
        self.folder = UploadFolder(OwnedFolder(root / "uploads"))
        self.reader = ScriptedReader()
        self.embedder = CountingEmbedder("test-one")
        self.older: dict[str, CountingEmbedder] = {}
        self.told: list[str] = []
        self.batch = 128
        self._root = root
        self._uploads = 0

    def ingest(self) -> Ingest:
        """Make the ingest, as a worker that starts now would."""
        shelf = EmbedderShelf(
            self.embedder, target_id=self.embedder._space.id, older=self.older.get
        )
        return Ingest(
            IngestParts(
                files=self.stores.files,
                documents=self.stores.documents,
                jobs=self.stores.jobs,
                spaces=self.stores.spaces,
                folder=self.folder,
                reader=self.reader,
                embedders=shelf,
                clock=self.clock,
                tell=self.told.append,
                batch=self.batch,
            )
        )

    async def upload(self, content: str, name: str = "paper.txt") -> File:
        """Put a file in its place and queue it."""
        if await self.stores.users.get(ANN.id) is None:
            await self.stores.users.add(ANN)
        digest = hashlib.sha256(content.encode()).hexdigest()
        document = Document(
            id=new_id("doc"), user_id=ANN.id, sha256=digest, size_bytes=len(content)
        )
        file = File(id=new_id("file"), user_id=ANN.id, filename=name, document=document)
        self._receive(content, file.id)
        self._uploads += 1  # ids made in the same millisecond have no order
        job = Job(
            id=new_id("job"),
            kind="ingest",
            user_id=ANN.id,
            document_id=document.id,
            created_at_ms=self._uploads,
        )
        return await self.stores.files.add(file, limits=LIMITS, job=job)

    def _receive(self, content: str, file_id: str) -> None:
        received = self._root / "received"
        received.write_text(content, encoding="utf-8")
        self.folder.take_in(received, user_id=ANN.id, file_id=file_id)

    async def claim(self) -> Job | None:
        """Take the next job as a worker does."""
        return await self.stores.jobs.claim(now_ms=self.clock.now_ms(), lease_s=120.0, per_user=1)

    async def work(self) -> None:
        """Carry out every job that can be taken now."""
        while (job := await self.claim()) is not None:
            await self.ingest().carry_out(job)

    async def look(self, file: File) -> Document:
        """Look at a file's document again."""
        found = await self.stores.documents.get(ANN.id, file.document.id)
        assert found is not None
        return found


def away() -> EmbeddingFailed:
    """The failure of a provider that does not answer."""
    return EmbeddingFailed("Ollama does not answer; start it with `ollama serve`")
