"""Carries one document from its bytes to being found: read, keep the text, embed, done.

Every stage is kept as it is reached, so that a job taken again goes on where it was; under the claim
on the job, so that whoever has lost it changes nothing. Not for: choosing jobs (`work_loop`) or reading itself (`reading`).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from backend.documents.embedding.shelf import EmbedderShelf
from backend.documents.extracted import Unreadable
from backend.documents.folders import UploadFolder
from backend.documents.preparing import embedded_text
from backend.ports.clock import Clock
from backend.ports.document_jobs import Claim, Job, JobStore
from backend.ports.document_stores import DocumentStore, FileStore, ReadDocument, SpaceStore
from backend.ports.documents import Document, DocumentState
from backend.ports.embedding import Embedder, EmbeddingFailed
from backend.ports.tracing import Tracing, Untraced

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
LEASE_S = 30.0
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
TEXT_SHARE = 0.05
OCR_SHARE = 0.5
RecognisedPage = Callable[[int, int], Awaitable[None]]


class Reader(Protocol):
    """Reads one document's bytes within bounds of memory and time."""

    async def read(self, path: Path, filename: str, *, recognised: RecognisedPage) -> ReadDocument:
        """Read it; `recognised` hears of every page that went through OCR: how many of how many.

        Raises:
            Unreadable: with the reason, for a person.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestParts:
    """What carrying out a job needs.

    `tell` hears of every document that changed; `batch` is how many chunks are embedded between two
    looks at the database; among `spread` documents one is chosen to be embedded anew, so that several
    workers hardly choose the same.
    """

    files: FileStore
    documents: DocumentStore
    jobs: JobStore
    spaces: SpaceStore
    folder: UploadFolder
    reader: Reader
    embedders: EmbedderShelf
    clock: Clock
    tell: Callable[[str], None]
    tracing: Tracing = field(default_factory=Untraced)
    lease_s: float = LEASE_S
    batch: int = 128
    spread: int = 1


class _Erased(Exception):
    """The document was erased, or its job dropped or taken by another worker, while it was worked on."""


@dataclass(slots=True)
class _Work:
    """One job under way; `base` is the share of the progress that reading has taken."""

    job: Job
    document: Document
    base: float = TEXT_SHARE
    embedded: int = 0
    progress: float = 0.0


class Ingest:
    """Carries out jobs, one call each; never raises for what is wrong with a document."""

    def __init__(self, parts: IngestParts) -> None:
        self._parts = parts
        self._tidy = False
        self._announced = ""
        self._claims: dict[str, Claim] = {}

    def taken_again(self, job: Job) -> None:
        """Note that a job under way was claimed anew by this process, whose lease had run out."""
        self._claims[job.id] = job.claim

    def claim_of(self, job: Job) -> Claim:
        """Give the claim by which a job under way is held now."""
        return self._claims.get(job.id, job.claim)

    def let_go(self, job: Job) -> None:
        """Forget how a job was held that is not under way any more."""
        self._claims.pop(job.id, None)

    async def carry_out(self, job: Job) -> None:
        """Bring a job's document to `ready` or `failed`, or give the job back for later."""
        about = {"steward.job.kind": job.kind, "steward.document.id": job.document_id}
        with self._parts.tracing.span(
            f"process {job.kind}", kind="consumer", attributes=about, parent=job.traceparent
        ):
            await self._carry_out(job)

    async def _carry_out(self, job: Job) -> None:
        document = await self._parts.documents.get(job.user_id, job.document_id)
        if document is None:
            await self._parts.jobs.done(self.claim_of(job))
            return
        work = _Work(job, document)
        try:
            await self._to_the_end(work)
        except _Erased:
            await self._parts.jobs.done(self.claim_of(job))
        except Unreadable as exc:
            logger.info("document %s cannot be read: %s", document.id, exc)
            await self.give_up(job, str(exc))
        except EmbeddingFailed as exc:
            await self._later(work, str(exc))

    async def give_back(self, job: Job) -> None:
        """Leave a job to the next worker, because this one is told to stop."""
        await self._parts.jobs.postpone(self.claim_of(job), until_ms=self._parts.clock.now_ms())

    async def give_up(self, job: Job, reason: str) -> None:
        """Mark a job's document as failed and forget the job."""
        if await self._parts.documents.mark(
            job.document_id,
            state="failed",
            reason=reason,
            claim=self.claim_of(job),
            now_ms=self._parts.clock.now_ms(),
        ):
            self._parts.tell(job.document_id)

    async def rebuild_some(self) -> bool:
        """Embed one more document in the space that is set; tell whether there was one.

        Makes that space the active one once nothing is missing. Stops early while a job waits.

        Raises:
            EmbeddingFailed: when its provider does not answer.
        """
        parts = self._parts
        active = await parts.spaces.active()
        if active is None or (active == parts.embedders.target_id and self._tidy):
            return False
        space = await parts.embedders.target.space()
        await parts.spaces.begin(space.id, dimensions=space.dimensions)  # also ends another attempt
        missing = await parts.spaces.missing(space.id, limit=parts.spread)
        if missing:
            self._announce(space.id, active)
            chosen = random.choice(missing)  # noqa: S311 - no secret; keeps workers apart
            await self._embed_again(chosen, space.id)
            if active == space.id:
                await parts.documents.raise_version(chosen.id)
            return True
        self._tidy = True
        if active != space.id and await parts.spaces.switch(space.id):
            logger.info("searches now use the embedding space %s", space.id)
            parts.tell("")
        return False

    def _announce(self, coming: str, active: str) -> None:
        """Say once that everything is embedded anew; it may take hours."""
        if coming not in (active, self._announced):
            self._announced = coming
            logger.info("embedding all documents in %s; searches use %s until then", coming, active)

    async def _to_the_end(self, work: _Work) -> None:
        if work.job.attempts >= MAX_ATTEMPTS:
            msg = f"Reading the file ended this server's worker {work.job.attempts} times."
            raise Unreadable(msg)
        if work.document.state != "embedding":
            await self._read(work)
        await self._embed(work)
        if not await self._parts.documents.finish(
            work.document.id, claim=self.claim_of(work.job), now_ms=self._parts.clock.now_ms()
        ):
            raise _Erased
        self._parts.tell(work.document.id)

    async def _read(self, work: _Work) -> None:
        await self._mark(work, "parsing")
        read = await self._read_one_of(work)
        kept = await self._parts.documents.keep_text(
            work.document.id,
            read,
            claim=self.claim_of(work.job),
            now_ms=self._parts.clock.now_ms(),
        )
        if not kept:
            raise _Erased
        self._parts.tell(work.document.id)

    async def _read_one_of(self, work: _Work) -> ReadDocument:
        """Read the bytes of a file that names the document; another one's when that file is deleted meanwhile."""

        async def recognised(done: int, of: int) -> None:
            work.base = OCR_SHARE
            await self._mark(work, "ocr", progress=OCR_SHARE * done / of)
            await self._renew(work)

        while True:
            files = await self._parts.files.of_documents(work.job.user_id, [work.document.id])
            of_document = files.get(work.document.id, ())
            if not of_document:
                raise _Erased
            path = await self._parts.folder.found(of_document)
            if path is None:
                msg = "The bytes of the file are gone from this server."
                raise Unreadable(msg)
            filename = of_document[0].filename
            try:
                return await self._parts.reader.read(path, filename, recognised=recognised)
            except Unreadable:
                if await asyncio.to_thread(path.is_file):
                    raise

    async def _embed(self, work: _Work) -> None:
        """Embed in the active space, and in the one to come when they differ.

        The active one may be of a provider that is gone for good: nobody waits for it then.
        """
        target = await self._parts.embedders.target.space()
        if await self._parts.spaces.active() is None:
            await self._parts.spaces.begin(target.id, dimensions=target.dimensions)
        active = await self._parts.spaces.active() or target.id
        document = await self._parts.documents.get(work.job.user_id, work.document.id)
        if document is None:
            raise _Erased
        work.document = document
        for space in dict.fromkeys((active, target.id)):
            embedder = self._parts.embedders.of(space)
            if embedder is None:
                continue
            try:
                await self._embed_in(work, space, embedder)
            except EmbeddingFailed as exc:
                if space == target.id:
                    raise
                logger.warning("document %s has no vectors in %s: %s", document.id, space, exc)

    async def _embed_in(self, work: _Work, space: str, embedder: Embedder) -> None:
        parts, document = self._parts, work.document
        # After a restart it goes on from what the document showed.
        known = max(0.0, document.progress - work.base) / (1 - work.base)
        work.embedded = round(known * document.chunks)
        while batch := await parts.documents.unembedded(document.id, space, limit=parts.batch):
            texts = [embedded_text(document.title, chunk.heading, text) for chunk, text in batch]
            vectors = await embedder.embed_texts(texts)
            work.embedded += len(batch)
            share = min(1.0, work.embedded / max(1, document.chunks))
            work.progress = work.base + (1 - work.base) * share
            kept = await parts.documents.keep_vectors(
                document.id,
                space,
                {
                    chunk.id: vector.tobytes()
                    for (chunk, _), vector in zip(batch, vectors, strict=True)
                },
                progress=work.progress,
                claim=self.claim_of(work.job),
                now_ms=parts.clock.now_ms(),
            )
            if not kept:
                raise _Erased
            await self._renew(work)
            parts.tell(document.id)

    async def _embed_again(self, document: Document, space: str) -> None:
        """Embed a searchable document in another space, up to the next upload.

        No job is behind it: how far the document is, or is being read anew, stays as it is.
        """
        parts = self._parts
        while not await parts.jobs.waiting() and (
            batch := await parts.documents.unembedded(document.id, space, limit=parts.batch)
        ):
            texts = [embedded_text(document.title, chunk.heading, text) for chunk, text in batch]
            vectors = await parts.embedders.target.embed_texts(texts)
            pairs = zip(batch, vectors, strict=True)
            kept = {chunk.id: vector.tobytes() for (chunk, _), vector in pairs}
            now_ms = parts.clock.now_ms()
            if not await parts.documents.keep_vectors(
                document.id, space, kept, progress=None, now_ms=now_ms
            ):
                return

    async def _mark(self, work: _Work, state: DocumentState, *, progress: float = 0.0) -> None:
        now_ms = self._parts.clock.now_ms()
        if not await self._parts.documents.mark(
            work.document.id,
            state=state,
            progress=progress,
            claim=self.claim_of(work.job),
            now_ms=now_ms,
        ):
            raise _Erased
        self._parts.tell(work.document.id)

    async def _renew(self, work: _Work) -> None:
        now_ms = self._parts.clock.now_ms()
        if not await self._parts.jobs.renew(
            self.claim_of(work.job), now_ms=now_ms, lease_s=self._parts.lease_s
        ):
            raise _Erased

    async def _later(self, work: _Work, reason: str) -> None:
        """Give the job back; the document says what it waits for."""
        if reason != work.document.reason:  # every further attempt would say the same
            logger.warning("document %s waits: %s", work.document.id, reason)
        now_ms = self._parts.clock.now_ms()
        claim = self.claim_of(work.job)
        if not await self._parts.documents.mark(
            work.document.id,
            state="embedding",
            progress=max(work.progress, work.document.progress),
            reason=reason,
            claim=claim,
            now_ms=now_ms,
        ):
            return
        waited_s = (now_ms - work.document.updated_at_ms) / 1000
        pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, waited_s))
        await self._parts.jobs.postpone(claim, until_ms=now_ms + int(pause_s * 1000))
        self._parts.tell(work.document.id)
