"""The documents port: what people upload, what is read out of it, and how it is found again.

A *file* is a name a user gave to bytes; a *document* is those bytes as read, once per user however
many files name them; a *chunk* is a stretch of a document's stored text that is indexed.
Offsets are characters (code points) into the stored text, end exclusive. Not for: rows (`document_stores`) or
vectors (`embedding`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from backend.kit.plain_text import one_line
from backend.ports.limits import Bound
from backend.ports.stores import Page
from backend.ports.values import Citation, JsonObject

DocumentState = Literal["queued", "parsing", "ocr", "embedding", "ready", "failed"]
FINAL_STATES: frozenset[DocumentState] = frozenset({"ready", "failed"})
Order = Literal["created_at", "filename", "size"]
# read: bytes that no reader can take are refused. try: they are kept, their document failed.
# keep: bytes are kept as they came, and nobody reads them.
Treatment = Literal["read", "try", "keep"]
MAX_TITLE_CHARS = 100
# The tool by which an agent searches them.
SEARCH_TOOL = "rag_retrieval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes of one or several files, as read.

    `kind` is a reader's name (`pdf`, `docx` ...), empty until it is known; `reason` says why it
    failed, `note` what a reader of it should know (pages without text ...). `progress` is 0 to 1;
    `pages` is 0 for formats that have none.
    `revision` is the reading that searches and citations see, 0 while there is none; a document that
    is read anew stays searchable by its old reading, while `kind`, `title`, `language`, `note`,
    `details` and the counts tell of the newest.
    """

    id: str
    user_id: str
    sha256: str
    size_bytes: int
    kind: str = ""
    title: str = ""
    language: str = ""
    state: DocumentState = "queued"
    reason: str = ""
    note: str = ""
    progress: float = 0.0
    pages: int = 0
    chars: int = 0
    chunks: int = 0
    revision: int = 0
    details: JsonObject = field(default_factory=dict[str, Any])
    created_at_ms: int = 0
    updated_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A name a user gave to a document; past `expires_at_ms` it is not there any more."""

    id: str
    user_id: str
    filename: str
    document: Document
    purpose: str = "user_data"
    created_at_ms: int = 0
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Bytes that have been received whole: a file in the incoming folder, its size and digest.

    The file expires `expires_after_s` after it is taken in; never without.
    """

    path: Path
    filename: str
    size_bytes: int
    sha256: str
    purpose: str = "user_data"
    treatment: Treatment = "read"
    expires_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """Which files: all that fit every given part; `name_contains` in any case and width.

    Times are those of the upload, in milliseconds since 1970 UTC, both ends included.
    """

    file_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    name_contains: str = ""
    created_from_ms: int | None = None
    created_to_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which slice of one's files, in which order; ties are broken by id.

    `file_ids`, if given, are the only files there are; `after` is a file's id in place of a cursor.
    """

    name_contains: str = ""
    states: tuple[DocumentState, ...] = ()
    order: Order = "created_at"
    descending: bool = True
    limit: int = 20
    cursor: str | None = None
    purpose: str = ""
    after: str = ""
    file_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One stretch of a document that was found; `text` is exactly what is stored at start..end.

    `score` orders the passages of one answer. `relevance` (0 to 1) can be compared between
    questions: below the search's own threshold a passage is near, but no answer.
    """

    file_id: str
    document_id: str
    filename: str
    start: int
    end: int
    text: str
    score: float
    relevance: float
    citation_id: str
    page: int | None = None
    heading: str = ""

    @property
    def title(self) -> str:
        """What people are shown: the file's name and, where there are pages, the page."""
        return passage_title(self.filename, self.page)

    def citation(self) -> Citation:
        """Give what an answer cites."""
        return Citation(
            title=self.title,
            text=self.text,
            file_id=self.file_id,
            filename=self.filename,
            page=self.page,
            start=self.start,
            end=self.end,
            id=self.citation_id,
        )


def passage_title(filename: str, page: int | None) -> str:
    """Title a passage: "report.pdf, p. 3"."""
    name = one_line(filename, max_chars=MAX_TITLE_CHARS)
    return name if page is None else f"{name}, p. {page}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A question to one's documents. `max_chars` bounds the text of all passages together."""

    text: str
    top_k: int = 8
    max_chars: int | None = None
    within: FileFilter = field(default_factory=FileFilter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """What was found, best first; `relevant` tells whether any of it may answer the question.

    `searched` counts the ready documents looked through, `unready` those still being read; `notes`
    say what limited the search (vectors not at hand ...).
    """

    passages: tuple[Passage, ...]
    relevant: bool
    searched: int
    unready: int = 0
    notes: tuple[str, ...] = ()

    def above(self, least: float) -> SearchAnswer:
        """Give the answer without passages that are less relevant than that (0 to 1)."""
        kept = tuple(one for one in self.passages if one.relevance >= least)
        if len(kept) == len(self.passages):
            return self
        return replace(self, passages=kept, relevant=self.relevant and bool(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPassage:
    """The passage a citation points at, with what stands around it."""

    citation: Citation
    filename: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPage:
    """One page of a document's stored text; formats without pages come in parts of a bounded size.

    `page` is the number printed to people, None where the format has no pages.
    """

    number: int
    page: int | None
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPage:
    """A page of a file to look at, counted from 1, `width` pixels wide.

    What of the stored text from `marked[0]` to `marked[1]` stands on it is marked.
    """

    file_id: str
    page: int
    width: int
    marked: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageImage:
    """A picture of a page; without `content` when its `etag` was known already."""

    etag: str
    content: bytes = b""
    media_type: str = ""


class Documents(Protocol):
    """Everything that can be done with one user's documents. A foreign id is a missing one."""

    async def add(self, user_id: str, upload: Upload) -> File:
        """Take received bytes in and queue them; the same bytes and name give the file there is.

        That file takes the newer purpose, and the later of both expiries.

        Raises:
            QuotaExceeded: when the user may keep no more files or bytes, or has too many waiting.
            UnsupportedFile: when the first bytes show that no reader can take them.
        """
        ...

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find one of the user's files."""
        ...

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """The user's files; raise InvalidRequest for a cursor no listing of this order gave out."""
        ...

    async def bounds(self, user_id: str) -> Sequence[Bound]:
        """Tell how much the user may keep, and keeps."""
        ...

    async def settled(self, user_id: str, file_id: str, *, wait_s: float) -> File | None:
        """Wait until the file is ready or failed, at most so long; give it as it then is."""
        ...

    async def delete(self, user_id: str, file_id: str) -> bool:
        """Erase a file and, with the last one of its document, everything made from it."""
        ...

    async def stop_reading(self, user_id: str) -> None:
        """Read no more of what a user added, until it is asked for again; what was read stays."""
        ...

    async def forget_user(self, user_id: str) -> None:
        """Erase the bytes and the index of a user whose rows are gone."""
        ...

    async def reindex(self, user_id: str, file_id: str) -> File | None:
        """Read and index a file's document anew; the old index answers until the new one is done."""
        ...

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        """Give the original and where its bytes lie."""
        ...

    async def text(self, user_id: str, file_id: str, *, number: int | None) -> Sequence[TextPage]:
        """Give one page of the stored text, or all; empty when there is none."""
        ...

    async def passages(
        self, user_id: str, file_id: str, *, max_chars: int | None = None
    ) -> Sequence[Passage]:
        """Give a file's text from its beginning, in order, as passages that can be cited.

        All of it, or about `max_chars` characters; nothing when there is none.
        """
        ...

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages, best first."""
        ...

    async def cited(self, user_id: str, citation_id: str) -> CitedPassage | None:
        """Resolve a citation; None when it is not the user's, erased, or its text has changed."""
        ...

    async def has_any(self, user_id: str) -> bool:
        """Tell whether the user has any file; costs no more than a look into memory when unchanged."""
        ...

    def watch(self, user_id: str, file_id: str) -> AsyncIterator[File]:
        """Give the file now and after every change of its document, until it is ready or failed."""
        ...


class PageImages(Protocol):
    """Shows what the pages of one's documents look like."""

    async def image(
        self, user_id: str, wanted: WantedPage, *, known: Collection[str] = ()
    ) -> PageImage | None:
        """Draw a page; None when the user has no such file, or it no such page to show.

        `known` are tags of pictures that the asker has.

        Raises:
            UnsupportedFile: when it cannot be drawn, with the reason.
        """
        ...


class FileIntake(Protocol):
    """Takes bytes that came inside a request into their owner's documents."""

    async def take_in(
        self, user_id: str, content: bytes, *, filename: str, expires_after_s: int | None = None
    ) -> File:
        """Keep bytes as a file, or give the file there is of the same bytes and name.

        Raises: what `Documents.add` raises, and Unavailable when the disk is full.
        """
        ...
