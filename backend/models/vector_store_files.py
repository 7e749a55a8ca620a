"""Wire shapes of the files of `/v1/vector_stores` and the batches they come in, as OpenAI's document has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backend.models.maybe import Maybe
from backend.models.openai import Wire
from backend.models.shown import Answer
from backend.models.vector_stores import (
    Attributes,
    ChunkingStrategy,
    FileCounts,
    FileId,
    StaticChunking,
    StaticChunkingStrategy,
    TextContent,
    chunking_of,
)
from backend.ports.vector_stores import FileBatch, MemberFile, MemberStatus, NewMember

MOST_BATCHED = 2_000
Batched = Field(min_length=1, max_length=MOST_BATCHED)


class CreateVectorStoreFile(Wire):
    """A file to be put into a store."""

    file_id: FileId
    chunking_strategy: Maybe[ChunkingStrategy] = None
    attributes: Attributes | None = None

    def member(self) -> NewMember:
        """Translate for the port."""
        chunking = chunking_of(self.chunking_strategy)
        return NewMember(file_id=self.file_id, attributes=self.attributes or {}, chunking=chunking)


class UpdateVectorStoreFile(Wire):
    """Other attributes of a file in a store; null takes them away."""

    attributes: Attributes | None


class CreateVectorStoreFileBatch(Wire):
    """Files to be put into a store: by id with attributes for all, or each with its own."""

    file_ids: Maybe[Annotated[list[FileId], Batched]] = None
    files: Maybe[Annotated[list[CreateVectorStoreFile], Batched]] = None
    chunking_strategy: Maybe[ChunkingStrategy] = None
    attributes: Attributes | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.file_ids is None) == (self.files is None):
            msg = "give either file_ids or files"
            raise ValueError(msg)
        return self

    def wanted(self) -> list[CreateVectorStoreFile]:
        """The files, each once: the last that is said of one counts."""
        strategy, attributes = self.chunking_strategy, self.attributes
        given = self.files or [
            CreateVectorStoreFile(file_id=one, chunking_strategy=strategy, attributes=attributes)
            for one in self.file_ids or ()
        ]
        return list({one.file_id: one for one in given}.values())


class OtherChunkingStrategy(Answer):
    """Chunks of a file nobody said anything about."""

    type: Literal["other"]


class LastError(Answer):
    """Why a file of a store cannot be searched."""

    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class VectorStoreFileObject(Answer):
    """A file in a store."""

    id: str
    object: Literal["vector_store.file"]
    usage_bytes: int
    created_at: int
    vector_store_id: str
    status: MemberStatus
    last_error: LastError | None
    chunking_strategy: StaticChunkingStrategy | OtherChunkingStrategy
    attributes: Attributes | None

    @classmethod
    def of(cls, member: MemberFile) -> Self:
        """Render a file with the chunking that was asked for, as OpenAI's own when none was."""
        sizes = member.chunking or {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
        document = member.file.document
        return cls(
            id=member.file.id,
            object="vector_store.file",
            usage_bytes=document.size_bytes if member.status == "completed" else 0,
            created_at=member.created_at_ms // 1000,
            vector_store_id=member.store_id,
            status=member.status,
            last_error=_last_error(member),
            chunking_strategy=StaticChunkingStrategy(type="static", static=StaticChunking(**sizes)),
            attributes=member.attributes,
        )


class VectorStoreFileList(Answer):
    """A slice of a store's files; the ids are empty when it is."""

    object: Literal["list"]
    data: list[VectorStoreFileObject]
    first_id: str
    last_id: str
    has_more: bool


class DeletedVectorStoreFile(Answer):
    """A file that was taken out of a store; it is still a file."""

    id: str
    object: Literal["vector_store.file.deleted"]
    deleted: bool


class VectorStoreFileContent(Answer):
    """What was read out of a file, in order."""

    object: Literal["vector_store.file_content.page"]
    data: list[TextContent]
    has_more: bool
    next_page: str | None


class VectorStoreFileBatchObject(Answer):
    """Files that were put into a store together; those taken out since are not counted."""

    id: str
    object: Literal["vector_store.files_batch"]
    created_at: int
    vector_store_id: str
    status: MemberStatus
    file_counts: FileCounts

    @classmethod
    def of(cls, batch: FileBatch, members: Sequence[MemberFile]) -> Self:
        """Render a batch with those of its files that are in the store."""
        counts = FileCounts.of((one.status, 1) for one in members)
        status: MemberStatus = "in_progress" if counts.in_progress else "completed"
        if counts.total and counts.failed == counts.total:
            status = "failed"
        return cls(
            id=batch.id,
            object="vector_store.files_batch",
            created_at=batch.created_at_ms // 1000,
            vector_store_id=batch.store_id,
            status="cancelled" if batch.cancelled else status,
            file_counts=counts,
        )


def _last_error(member: MemberFile) -> LastError | None:
    if member.status != "failed":
        return None
    document = member.file.document
    reason = document.reason or document.note or "Files of this kind are not read."
    if "this server" in reason.lower():
        return LastError(code="server_error", message=reason)
    known = document.kind != ""  # a reader took it
    return LastError(code="invalid_file" if known else "unsupported_file", message=reason)
