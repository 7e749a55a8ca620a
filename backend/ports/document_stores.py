"""The storage ports of documents: files, what was read out of them, and their vectors.

As in `stores`, a method that takes `user_id` finds nothing of anybody else's. What a worker writes is
bound to the document's row and to its claim: once the one is erased or the other lost, nothing is written.

A document may have two *readings*, numbered by revision: the one that is searchable, and one that
is being made (`keep_text`, `keep_vectors`). `finish` puts the second in the place of the first; up
to then searches, slices and citations see the first alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.ports.document_jobs import Claim, Job
from backend.ports.documents import Document, DocumentState, File, FileFilter, Listing, TextPage
from backend.ports.stores import Page
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How much one user may keep, and have waiting."""

    files: int
    bytes: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a user keeps, or what is to come to it; the bytes of a document count once."""

    files: int = 0
    size_bytes: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One indexed stretch of a document.

    `heading` is the path of headings above it ("Terms > Refunds"). `lexemes` are the words as the
    lexical index takes them; only `ports.lexical_rows` and the database (migration 0012) know their form. `id` is 0
    until it is stored.
    """

    start: int
    end: int
    lexemes: str
    heading: str = ""
    page: int | None = None
    kind: str = "text"
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """What a reader and the chunker made of a document.

    `pages` tile the text: numbered from 1, each begins where the one before ends, and its text is
    clean (`kit.json_values.clean_text`). Keep parts of formats without pages to some 20,000
    characters: a slice of the text reads whole pages.
    """

    kind: str
    title: str
    language: str
    pages: Sequence[TextPage]
    chunks: Sequence[Chunk]
    note: str = ""
    details: JsonObject = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedChunk:
    """What the caches of an index are rebuilt from; `vector` is float32 bytes, None where not yet embedded."""

    id: int
    lexemes: str
    heading: str
    vector: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChunk:
    """A chunk a search came upon, with what is needed to grow it into a passage."""

    id: int
    document_id: str
    ordinal: int
    start: int
    end: int
    heading: str
    page: int | None
    kind: str


class FileStore(Protocol):
    """Files and the documents behind them. One that has expired answers like one that is gone."""

    async def add(self, file: File, *, limits: FileLimits, job: Job | None) -> File:
        """Add a file, with its document and job when the bytes are new to the user, in one transaction.

        The same bytes under the same name give the file there is, with the new purpose and the
        later expiry; under another name, another file over the same document. When that document
        was never read or reading it had failed, a job queues it. The bytes of a document count
        once, however many files name it. Without a job nothing is to be read.

        Raises:
            QuotaExceeded: when a limit would be passed.
            Conflict: when the user does not exist any more.
        """
        ...

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find one of the user's."""
        ...

    async def kept(self, user_id: str) -> Kept:
        """How much counts against the user's limits: also what has expired and is still to be erased."""
        ...

    async def of_documents(
        self, user_id: str, document_ids: Sequence[str]
    ) -> Mapping[str, Sequence[File]]:
        """The files of each document, oldest first."""
        ...

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """A slice of the user's files; InvalidRequest for a cursor no listing of this order gave out."""
        ...

    async def delete(self, user_id: str, file_id: str, *, expired: bool = False) -> File | None:
        """Erase a file, and with the last file of a document everything made of it; give what it was.

        Finds only files that have expired when `expired`, else only such that have not.
        That is text, chunks, vectors and jobs. What traces of runs quote of the file goes with it;
        so it does from a run that is stored later.
        """
        ...

    async def expired(self, *, limit: int) -> Sequence[File]:
        """The files, of whomever, that have expired longest and are still to be erased."""
        ...

    async def ids(self) -> Mapping[str, frozenset[str]]:
        """All file ids by user: what may lie in the upload folder."""
        ...


class DocumentStore(Protocol):
    """What is known of documents, read out of them and indexed.

    What is written under a `claim` counts only while that claim stands, looked at in the same
    transaction; `failed` and `ready` end its job there as well. Without one nobody's job is behind it.
    """

    async def get(self, user_id: str, document_id: str) -> Document | None:
        """Find one of the user's."""
        ...

    async def mark(
        self,
        document_id: str,
        *,
        state: DocumentState,
        progress: float = 0.0,
        reason: str = "",
        claim: Claim | None = None,
        now_ms: int,
    ) -> bool:
        """Note how far a document is; False when it has been erased, or the claim is lost.

        `failed` drops the reading that was being made; an older one stays searchable.
        """
        ...

    async def keep_text(
        self, document_id: str, read: ReadDocument, *, claim: Claim | None = None, now_ms: int
    ) -> bool:
        """Keep a new reading beside the searchable one, and set the state to `embedding`.

        It takes the place of a reading that was not finished. Written in short transactions, of
        which the last makes it count. False, and nothing kept, when the document has been erased or
        the claim is lost.

        Raises:
            ValueError: when the pages do not tile a clean text.
        """
        ...

    async def unembedded(
        self, document_id: str, space: str, *, limit: int
    ) -> Sequence[tuple[Chunk, str]]:
        """Chunks that have no vector in a space yet, in order, each with its text.

        Those of the reading that is being made if there is one, else of the searchable one.
        """
        ...

    async def keep_vectors(
        self,
        document_id: str,
        space: str,
        vectors: Mapping[int, bytes],
        *,
        progress: float | None,
        claim: Claim | None = None,
        now_ms: int,
    ) -> bool:
        """Store vectors by chunk id; those of chunks that are gone are dropped.

        `progress` is noted, if given, unless the document is ready or failed. False, and nothing
        stored, when the document has been erased or the claim is lost.
        """
        ...

    async def finish(self, document_id: str, *, claim: Claim | None = None, now_ms: int) -> bool:
        """Make the new reading the searchable one, forget the old, set the state to `ready`.

        All in one transaction, with the user's library version raised. False, and nothing changed,
        when the document has been erased, was never read, or the claim is lost.
        """
        ...

    async def raise_version(self, document_id: str) -> None:
        """Note that a document is found differently: by vectors that it lacked."""
        ...

    async def library_version(self, user_id: str) -> int:
        """A number that grows whenever what can be found changes; 0 for a user without documents."""
        ...

    async def revisions(self, user_id: str) -> Mapping[str, int]:
        """The searchable documents of a user with the revision of each."""
        ...

    async def indexed_chunks(
        self, user_id: str, document_id: str, space: str
    ) -> Sequence[IndexedChunk]:
        """Everything of one document that goes into an index."""
        ...

    async def found(self, user_id: str, chunk_ids: Sequence[int]) -> Sequence[FoundChunk]:
        """The chunks that are still there and searchable, in any order."""
        ...

    async def searchable(self, user_id: str, within: FileFilter) -> Sequence[str]:
        """The ids of the user's searchable documents that have a file which fits a filter."""
        ...

    async def count_by_state(self, user_id: str) -> Mapping[DocumentState, int]:
        """How many documents of a user are in which state."""
        ...

    async def slices(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[str | None]:
        """Searchable text at (document id, start, end), cut at its ends; None when it is gone."""
        ...

    async def pages(
        self, user_id: str, document_id: str, *, number: int | None = None
    ) -> Sequence[TextPage]:
        """The searchable text in order, or one page of it; of a first reading also before it is."""
        ...

    async def neighbours(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[Sequence[FoundChunk]]:
        """The chunks of each document whose ordinals lie in first..last, in order."""
        ...


class SpaceStore(Protocol):
    """Which embedding spaces have vectors, and which one answers."""

    async def active(self) -> str | None:
        """The space that searches use; None before the first document."""
        ...

    async def begin(self, space: str, *, dimensions: int) -> None:
        """Note that a space is to become the active one; at once when there is none yet.

        A space that was begun before and has not become active is given up, its vectors forgotten.
        """
        ...

    async def missing(self, space: str, *, limit: int) -> Sequence[Document]:
        """Searchable documents with chunks that have no vector in a space, oldest first.

        Documents with a new reading under way are left out: it is embedded as it comes.
        """
        ...

    async def switch(self, space: str) -> bool:
        """Make a space the active one and forget the others' vectors, if nothing is missing in it.

        Raises every user's library version. False, and nothing changed, while something is missing
        or when the space was never begun. The others' vectors go in short transactions afterwards;
        what a crash leaves of them goes with the next `begin` or `switch`.
        """
        ...
