"""Wire shapes of `/v1/vector_stores` and of searching them, as OpenAI's API document has them.

Optional fields of an answer stand there only when they are set. Not for: the files of a store
(`vector_store_files`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from backend.models.maybe import Maybe
from backend.models.metadata import Metadata
from backend.models.openai import Wire
from backend.models.shown import OMITTED, Answer, Shown
from backend.ports.documents import Passage
from backend.ports.vector_stores import MemberStatus, VectorStore

MOST_PAIRS, KEY_CHARS, VALUE_CHARS = 16, 64, 512
FileId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
AttributeValue = (
    Annotated[StrictStr, StringConstraints(max_length=VALUE_CHARS)]
    | StrictBool
    | SkipJsonSchema[StrictInt]
    | Annotated[StrictFloat, Field(allow_inf_nan=False)]
)


def _few(pairs: dict[str, Any]) -> dict[str, Any]:
    if len(pairs) > MOST_PAIRS:
        reason = f"give at most {MOST_PAIRS} pairs"
        raise PydanticCustomError("too_many", "{reason}", {"reason": reason})
    if any(not 0 < len(key) <= KEY_CHARS for key in pairs):
        reason = f"a key has 1 to {KEY_CHARS} characters"
        raise PydanticCustomError("key", "{reason}", {"reason": reason})
    return pairs


Attributes = Annotated[dict[str, AttributeValue], AfterValidator(_few)]


class VectorStoreExpiration(Wire):
    """When a store expires: so many days after its last use."""

    anchor: Literal["last_active_at"]
    days: int = Field(ge=1, le=365)


class StaticChunking(Wire):
    """Sizes of chunks in tokens; the overlap is at most half of the size."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @model_validator(mode="after")
    def _overlaps_half(self) -> Self:
        if self.chunk_overlap_tokens * 2 > self.max_chunk_size_tokens:
            msg = "chunk_overlap_tokens must be at most half of max_chunk_size_tokens"
            raise ValueError(msg)
        return self


class AutoChunkingStrategy(Wire):
    """The chunks this server makes anyway."""

    type: Literal["auto"]


class StaticChunkingStrategy(Wire):
    """Chunks of a size; kept and shown, but every store shares the chunks of this server's index."""

    type: Literal["static"]
    static: StaticChunking


ChunkingStrategy = Annotated[
    AutoChunkingStrategy | StaticChunkingStrategy, Field(discriminator="type")
]


class CreateVectorStore(Wire):
    """A new store."""

    file_ids: Maybe[Annotated[list[FileId], Field(max_length=500)]] = None
    name: Maybe[Annotated[str, StringConstraints(max_length=1_000)]] = None
    description: Maybe[Annotated[str, StringConstraints(max_length=4_000)]] = None
    expires_after: Maybe[VectorStoreExpiration] = None
    chunking_strategy: Maybe[ChunkingStrategy] = None
    metadata: Metadata | None = None


class UpdateVectorStore(Wire):
    """Changes to a store; null takes away what was there."""

    name: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    expires_after: VectorStoreExpiration | None = None
    metadata: Metadata | None = None


class RankingOptions(Wire):
    """How results are ranked; below `score_threshold` nothing is a result."""

    ranker: Literal["none", "auto", "default-2024-11-15"] | SkipJsonSchema[None] = "auto"
    score_threshold: Annotated[float, Field(ge=0, le=1)] | SkipJsonSchema[None] = 0


Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]


class VectorStoreSearch(Wire):
    """A question, or several at once, to the files of a store."""

    query: Query | Annotated[list[Query], Field(min_length=1, max_length=20)]
    rewrite_query: bool | SkipJsonSchema[None] = False
    max_num_results: Annotated[int, Field(ge=1, le=50)] | SkipJsonSchema[None] = 10
    # Read by `ports.vector_stores`, whose refusals name the place.
    filters: Annotated[Maybe[Any], Shown("openai_shapes.tools:Filters")] = None
    ranking_options: Maybe[RankingOptions] = None

    @property
    def queries(self) -> list[str]:
        """All questions, each once."""
        given = [self.query] if isinstance(self.query, str) else self.query
        return list(dict.fromkeys(given))


class FileCounts(Answer):
    """How many files are in which status."""

    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int

    @classmethod
    def of(cls, statuses: Iterable[tuple[MemberStatus, int]]) -> Self:
        """Add up."""
        sums: dict[str, int] = dict.fromkeys(("in_progress", "completed", "failed", "cancelled"), 0)
        for status, number in statuses:
            sums[status] += number
        return cls(**sums, total=sum(sums.values()))


class VectorStoreObject(Answer):
    """A store; `usage_bytes` counts the files that can be searched."""

    id: str
    object: Literal["vector_store"]
    created_at: int
    name: str
    description: str | None
    usage_bytes: int
    file_counts: FileCounts
    status: Literal["expired", "in_progress", "completed"]
    expires_after: VectorStoreExpiration = OMITTED
    expires_at: int | None
    last_active_at: int | None
    metadata: Metadata | None

    @classmethod
    def of(
        cls,
        store: VectorStore,
        counts: Sequence[tuple[str, MemberStatus, int, int]],
        *,
        now_ms: int,
    ) -> Self:
        """Render a store, with the counts of it among those of others."""
        own: list[tuple[MemberStatus, int, int]] = [one[1:] for one in counts if one[0] == store.id]
        files = FileCounts.of((one, number) for one, number, _ in own)
        status = "in_progress" if files.in_progress else "completed"
        more = dict[str, Any]()
        if store.expires_after_days is not None:
            days = store.expires_after_days
            more["expires_after"] = VectorStoreExpiration(anchor="last_active_at", days=days)
        expires_at_ms = store.expires_at_ms
        return cls(
            id=store.id,
            object="vector_store",
            created_at=store.created_at_ms // 1000,
            name=store.name,
            description=store.description or None,
            usage_bytes=sum(size for one, _, size in own if one == "completed"),
            file_counts=files,
            status="expired" if store.expired(now_ms) else status,
            expires_at=None if expires_at_ms is None else expires_at_ms // 1000,
            last_active_at=store.last_active_at_ms // 1000,
            metadata=store.metadata,
            **more,
        )


class VectorStoreList(Answer):
    """A slice of one's stores; the ids are empty when it is."""

    object: Literal["list"]
    data: list[VectorStoreObject]
    first_id: str
    last_id: str
    has_more: bool


class DeletedVectorStore(Answer):
    """A store that was deleted; its files are still there."""

    id: str
    object: Literal["vector_store.deleted"]
    deleted: bool


class TextContent(Answer):
    """A stretch of text."""

    type: Literal["text"]
    text: str


class SearchResult(Answer):
    """A passage that was found; `score` can be compared between questions."""

    file_id: str
    filename: str
    score: float = Field(ge=0, le=1)
    attributes: Attributes | None
    content: list[TextContent]

    @classmethod
    def of(cls, found: Passage, attributes: dict[str, Any]) -> Self:
        """Render a passage of a file with these attributes."""
        return cls(
            file_id=found.file_id,
            filename=found.filename,
            score=min(1.0, max(0.0, found.relevance)),
            attributes=attributes,
            content=[TextContent(type="text", text=found.text)],
        )


class SearchResults(Answer):
    """What was found, best first."""

    object: Literal["vector_store.search_results.page"]
    search_query: list[str]
    data: list[SearchResult]
    has_more: bool
    next_page: str | None


def chunking_of(given: ChunkingStrategy | None) -> dict[str, Any]:
    """Give the sizes that a request asks for, nothing for automatic ones."""
    return given.static.model_dump() if isinstance(given, StaticChunkingStrategy) else {}
