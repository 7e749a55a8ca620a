"""Wire shapes of files: uploads, listings, their text, and search."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.ports.documents import (
    DocumentState,
    File,
    FileFilter,
    Listing,
    Order,
    Passage,
    SearchAnswer,
    SearchQuery,
    TextPage,
    WantedPage,
)

UploadState = Literal["ready", "processing", "failed"]
Sort = Literal["created_at", "filename", "size", "-created_at", "-filename", "-size"]
ShownState = Literal["queued", "parsing", "ocr", "embedding", "ready", "failed", "processing"]
STATES: dict[str, tuple[DocumentState, ...]] = {
    **{state: (state,) for state in get_args(DocumentState)},
    "processing": ("queued", "parsing", "ocr", "embedding"),
}
ORDERS: dict[str, Order] = {name: name for name in get_args(Order)}
FileId = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class UploadOut(BaseModel):
    """What became of one uploaded file; `reason` says why it failed, `error` why it was refused."""

    file_id: str | None = None
    doc_id: str | None = None
    filename: str
    size: int
    state: UploadState
    reason: str | None = None
    note: str | None = None
    error: dict[str, Any] | None = None

    @classmethod
    def of(cls, found: File) -> Self:
        """Render a file that was taken in."""
        document = found.document
        state: UploadState = "processing"
        if document.state == "ready" or document.state == "failed":
            state = document.state
        return cls(
            file_id=found.id,
            doc_id=document.id,
            filename=found.filename,
            size=document.size_bytes,
            state=state,
            reason=document.reason or None,
            note=document.note or None,
        )


class UploadsOut(BaseModel):
    """What became of several uploaded files, in their order."""

    files: list[UploadOut]


class FileOut(BaseModel):
    """A file and how far its document has been read; times are seconds since 1970 UTC."""

    file_id: str
    doc_id: str
    filename: str
    size: int
    kind: str
    title: str
    language: str
    state: DocumentState
    progress: float
    pages: int
    chunks: int
    chars: int
    reason: str
    note: str
    purpose: str
    created_at: int
    updated_at: int

    @classmethod
    def of(cls, found: File) -> Self:
        """Render a file."""
        document = found.document
        return cls(
            file_id=found.id,
            doc_id=document.id,
            filename=found.filename,
            size=document.size_bytes,
            kind=document.kind,
            title=document.title,
            language=document.language,
            state=document.state,
            progress=round(document.progress, 4),
            pages=document.pages,
            chunks=document.chunks,
            chars=document.chars,
            reason=document.reason,
            note=document.note,
            purpose=found.purpose,
            created_at=found.created_at_ms // 1000,
            updated_at=max(found.created_at_ms, document.updated_at_ms) // 1000,
        )


class FilePage(BaseModel):
    """A slice of one's files."""

    documents: list[FileOut]
    next_cursor: str | None


class ListingIn(BaseModel):
    """Which files to list.

    `sort` goes up, with a minus sign down; `order` decides instead when it is given. `state` may be
    given several times; `processing` stands for all states before the last.
    """

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=1000)
    sort: Sort = "-created_at"
    order: Literal["asc", "desc"] | None = None
    name: str = Field(default="", max_length=200, description="A part of the name.")
    state: list[ShownState] = Field(default_factory=list[ShownState], max_length=20)

    def listing(self) -> Listing:
        """Translate for the port."""
        states: list[DocumentState] = [one for given in self.state for one in STATES[given]]
        descending = self.sort.startswith("-") if self.order is None else self.order == "desc"
        return Listing(
            name_contains=self.name,
            states=tuple(states),
            order=ORDERS[self.sort.removeprefix("-")],
            descending=descending,
            limit=self.limit,
            cursor=self.cursor,
        )


class WantedImage(BaseModel):
    """How a page is to be shown; `mark` is where in the file's stored text what is marked begins and ends."""

    width: int = Field(default=1000, ge=100, le=2400, description="Pixels.")
    mark: str | None = Field(
        default=None, pattern=r"^\d{1,12}-\d{1,12}$", description="Characters, such as 120-480."
    )

    def page(self, file_id: str, page: int) -> WantedPage:
        """Translate for the port."""
        marked = None
        if self.mark is not None:
            start, _, end = self.mark.partition("-")
            marked = (int(start), int(end))
        return WantedPage(file_id=file_id, page=page, width=self.width, marked=marked)


class TextPageOut(BaseModel):
    """One page of the stored text; `page` is what is printed to people, null without pages."""

    number: int
    page: int | None
    start: int
    end: int
    text: str


class TextOut(BaseModel):
    """What was read out of a file; offsets are characters into the whole text."""

    file_id: str
    state: DocumentState
    pages: list[TextPageOut]


def page_fields(page: TextPage) -> dict[str, Any]:
    """Give what is shown of a page."""
    return {
        "number": page.number,
        "page": page.page,
        "start": page.start,
        "end": page.end,
        "text": page.text,
    }


class SearchFilters(BaseModel):
    """Which files to search: all that fit every given part.

    Times are ISO 8601 or seconds since 1970; without a zone they are UTC.
    """

    model_config = ConfigDict(extra="forbid")

    kinds: list[Annotated[str, StringConstraints(min_length=1, max_length=40)]] = Field(
        default_factory=list[str], max_length=50
    )
    name: str = Field(default="", max_length=200)
    created_from: datetime | None = None
    created_to: datetime | None = None


class SearchIn(BaseModel):
    """A question to one's documents."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]
    top_k: int = Field(default=8, ge=1, le=50)
    file_ids: list[FileId] | None = Field(default=None, min_length=1, max_length=1000)
    filters: SearchFilters = Field(default_factory=SearchFilters)

    def search_query(self) -> SearchQuery:
        """Translate for the port."""
        within = FileFilter(
            file_ids=tuple(self.file_ids or ()),
            kinds=tuple(self.filters.kinds),
            name_contains=self.filters.name,
            created_from_ms=_milliseconds(self.filters.created_from),
            created_to_ms=_milliseconds(self.filters.created_to),
        )
        return SearchQuery(text=self.query, top_k=self.top_k, within=within)


class PassageOut(BaseModel):
    """One passage that was found; `text` is the stored text from `start` to `end`."""

    file_id: str
    doc_id: str
    filename: str
    page: int | None
    start: int
    end: int
    text: str
    heading: str
    score: float
    relevance: float
    citation_id: str

    @classmethod
    def of(cls, found: Passage) -> Self:
        """Render a passage."""
        return cls(
            file_id=found.file_id,
            doc_id=found.document_id,
            filename=found.filename,
            page=found.page,
            start=found.start,
            end=found.end,
            text=found.text,
            heading=found.heading,
            score=found.score,
            relevance=found.relevance,
            citation_id=found.citation_id,
        )


class SearchOut(BaseModel):
    """What was found, best first; `relevant` tells whether any of it may answer the question.

    `searched` counts the documents looked through, `unready` those still being read.
    """

    results: list[PassageOut]
    relevant: bool
    searched: int
    unready: int
    notes: list[str]

    @classmethod
    def of(cls, found: SearchAnswer) -> Self:
        """Render an answer."""
        return cls(
            results=[PassageOut.of(one) for one in found.passages],
            relevant=found.relevant,
            searched=found.searched,
            unready=found.unready,
            notes=list(found.notes),
        )


def _milliseconds(at: datetime | None) -> int | None:
    if at is None:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)
