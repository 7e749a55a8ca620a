"""What the in-memory stores of documents share: rows, and what is erased together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from backend.kit.clocks import SystemClock
from backend.kit.json_values import copy_json
from backend.ports.clock import Clock
from backend.ports.document_jobs import Claim, Job
from backend.ports.document_stores import Chunk
from backend.ports.documents import Document, File, TextPage
from backend.ports.vector_stores import FileBatch, MemberFile, VectorStore
from backend.storage.readings import page_count, text_length

SpaceState = Literal["active", "building"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of a document once; a chunk's ordinal is its place."""

    pages: tuple[TextPage, ...] = ()
    chunks: tuple[Chunk, ...] = ()


@dataclass(slots=True)
class DocumentShelves:
    """All rows: by id, readings by (document id, revision), vectors by (chunk id, space), members by (store, file).

    `making` holds the revision of the reading each document is getting. By `clock` files expire.
    """

    clock: Clock = field(default_factory=SystemClock)
    files: dict[str, File] = field(default_factory=dict[str, File])
    documents: dict[str, Document] = field(default_factory=dict[str, Document])
    readings: dict[tuple[str, int], Reading] = field(default_factory=dict[tuple[str, int], Reading])
    making: dict[str, int] = field(default_factory=dict[str, int])
    vectors: dict[tuple[int, str], bytes] = field(default_factory=dict[tuple[int, str], bytes])
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    versions: dict[str, int] = field(default_factory=dict[str, int])
    spaces: dict[str, SpaceState] = field(default_factory=dict[str, SpaceState])
    stores: dict[str, VectorStore] = field(default_factory=dict[str, VectorStore])
    members: dict[tuple[str, str], MemberFile] = field(
        default_factory=dict[tuple[str, str], MemberFile]
    )
    batches: dict[str, FileBatch] = field(default_factory=dict[str, FileBatch])
    last_chunk_id: int = 0

    def file(self, user_id: str, file_id: str) -> File | None:
        """Find one of the user's files that has not expired, with its document as it now is."""
        file = self.files.get(file_id)
        if file is None or file.user_id != user_id or self.expired(file):
            return None
        return replace(file, document=detached_document(self.documents[file.document.id]))

    def files_of(self, user_id: str) -> list[File]:
        """List a user's files."""
        found = [self.file(user_id, file_id) for file_id in self.files]
        return [file for file in found if file is not None]

    def expired(self, file: File) -> bool:
        """Tell whether a file's time is over."""
        return file.expires_at_ms is not None and file.expires_at_ms <= self.clock.now_ms()

    def documents_of(self, user_id: str) -> list[Document]:
        """List a user's documents."""
        return [it for it in self.documents.values() if it.user_id == user_id]

    def searchable(self, user_id: str, document_id: str) -> Reading | None:
        """Give the reading of one of the user's documents that searches see."""
        document = self.documents.get(document_id)
        if document is None or document.user_id != user_id or document.revision == 0:
            return None
        return self.readings[document_id, document.revision]

    def newest(self, document_id: str) -> Reading | None:
        """Give the reading that is being made if there is one, else the searchable one."""
        document = self.documents.get(document_id)
        if document is None:
            return None
        revision = self.making.get(document_id, document.revision)
        return self.readings.get((document_id, revision))

    def drop_readings(self, document_id: str, *, keep: int) -> None:
        """Forget a document's readings but one, with their vectors."""
        self.making.pop(document_id, None)
        for key in [key for key in self.readings if key[0] == document_id and key[1] != keep]:
            ids = {chunk.id for chunk in self.readings.pop(key).chunks}
            for vector in [it for it in self.vectors if it[0] in ids]:
                del self.vectors[vector]

    def without_unfinished(self, document: Document) -> Document:
        """Forget the reading that a document is getting; give it with the counts of the one it has."""
        self.drop_readings(document.id, keep=document.revision)
        left = self.readings.get((document.id, document.revision), Reading())
        pages, chunks = page_count(left.pages), len(left.chunks)
        return replace(document, pages=pages, chars=text_length(left.pages), chunks=chunks)

    def claimed(self, claim: Claim) -> Job | None:
        """Find the job of a claim that stands."""
        job = self.jobs.get(claim.job_id)
        return job if job is not None and job.claim == claim else None

    def end(self, claim: Claim | None) -> None:
        """Forget the job of a claim that stands."""
        if claim is not None and self.claimed(claim) is not None:
            del self.jobs[claim.job_id]

    def raise_version(self, user_id: str) -> None:
        """Note that what one user can find has changed."""
        self.versions[user_id] = self.versions.get(user_id, 0) + 1

    def erase_document(self, document_id: str) -> None:
        """Erase a document with its files and all that was made of it."""
        del self.documents[document_id]
        self.drop_readings(document_id, keep=0)
        for file in [it for it in self.files.values() if it.document.id == document_id]:
            self.erase_file(file.id)
        for job_id in [key for key, it in self.jobs.items() if it.document_id == document_id]:
            del self.jobs[job_id]

    def erase_file(self, file_id: str) -> None:
        """Erase a file's row, and its places in vector stores."""
        del self.files[file_id]
        for key in [key for key in self.members if key[1] == file_id]:
            del self.members[key]

    def erase_store(self, store_id: str) -> None:
        """Erase a vector store with its places and batches."""
        del self.stores[store_id]
        for key in [key for key in self.members if key[0] == store_id]:
            del self.members[key]
        for it in [it for it in self.batches.values() if it.store_id == store_id]:
            del self.batches[it.id]

    def erase_user(self, user_id: str) -> None:
        """Erase all documents of an account."""
        for document in self.documents_of(user_id):
            self.erase_document(document.id)
        for store in [it for it in self.stores.values() if it.user_id == user_id]:
            self.erase_store(store.id)
        self.versions.pop(user_id, None)


def detached_document(it: Document) -> Document:
    """Copy a document's JSON, so that nobody changes what is stored from outside."""
    return replace(it, details=copy_json(it.details))
