"""Wire shapes of `/v1/files`, as OpenAI's API document has them.

Optional fields of an answer stand there only when they are set. Not for: the form of an upload (`api.multipart`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StringConstraints, WithJsonSchema

from backend.models.maybe import Maybe
from backend.models.openai import Wire
from backend.models.shown import OMITTED, Answer
from backend.ports.documents import FINAL_STATES, File, Listing

UploadPurpose = Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]
# What is uploaded for these is kept as it came: no reader is asked.
UNREAD: frozenset[str] = frozenset({"batch", "fine-tune", "vision", "evals"})
PURPOSES: tuple[UploadPurpose, ...] = get_args(UploadPurpose)
_SHOWN = (
    "assistants",
    "assistants_output",
    "batch",
    "batch_output",
    "fine-tune",
    "fine-tune-results",
    "vision",
    "user_data",
)
# OpenAI's document forgets "evals" here, which its uploads take.
ShownPurpose = Annotated[
    Literal[
        "assistants",
        "assistants_output",
        "batch",
        "batch_output",
        "fine-tune",
        "fine-tune-results",
        "vision",
        "user_data",
        "evals",
    ],
    WithJsonSchema({"type": "string", "enum": list(_SHOWN)}),
]
_PURPOSES: dict[str, ShownPurpose] = {one: one for one in PURPOSES}
FileStatus = Literal["uploaded", "processed", "error"]
MOST_FILES = 10_000


class FileObject(Answer):
    """A file; `status` is `error` when it was to be read and could not be, `status_details` says why."""

    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    expires_at: int = OMITTED
    filename: str
    purpose: ShownPurpose
    status: FileStatus
    status_details: str = OMITTED

    @classmethod
    def of(cls, found: File) -> Self:
        """Render a file; one that came by another door with a purpose of its own is `user_data`."""
        document, more = found.document, dict[str, Any]()
        if found.expires_at_ms is not None:
            more["expires_at"] = found.expires_at_ms // 1000
        status: FileStatus = "processed"
        if found.purpose not in UNREAD:
            status = "processed" if document.state in FINAL_STATES else "uploaded"
            if document.state == "failed":
                status = "error"
                more["status_details"] = document.reason
        return cls(
            id=found.id,
            object="file",
            bytes=document.size_bytes,
            created_at=found.created_at_ms // 1000,
            filename=found.filename,
            purpose=_PURPOSES.get(found.purpose, "user_data"),
            status=status,
            **more,
        )


class FileList(Answer):
    """A slice of one's files; the ids are empty when it is."""

    object: Literal["list"]
    data: list[FileObject]
    first_id: str
    last_id: str
    has_more: bool


class DeletedFile(Answer):
    """A file that was deleted."""

    id: str
    object: Literal["file"]
    deleted: bool


class FileExpiration(Wire):
    """When a file expires: so many seconds after it was made."""

    anchor: Literal["created_at"]
    seconds: int = Field(ge=3_600, le=2_592_000)


class CreateUpload(Wire):
    """An upload that comes in parts."""

    filename: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    purpose: UploadPurpose
    bytes: int = Field(ge=1)
    mime_type: Annotated[str, StringConstraints(max_length=200)]
    expires_after: Maybe[FileExpiration] = None


class CompleteUpload(Wire):
    """The order of the parts; `md5` is of the whole."""

    part_ids: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        min_length=1, max_length=10_000
    )
    md5: Maybe[Annotated[str, StringConstraints(max_length=32)]] = None


class UploadObject(Answer):
    """An upload in parts; `file` is what became of it."""

    id: str
    object: Literal["upload"]
    created_at: int
    filename: str
    bytes: int
    purpose: str
    status: Literal["pending", "completed", "cancelled", "expired"]
    expires_at: int
    file: FileObject | None


class UploadPart(Answer):
    """A part that arrived."""

    id: str
    object: Literal["upload.part"]
    created_at: int
    upload_id: str


def files_listing(
    *, purpose: str | None, limit: int, order: Literal["asc", "desc"], after: str | None
) -> Listing:
    """Translate the query of a listing for the port."""
    return Listing(
        purpose=purpose or "", limit=limit, descending=order == "desc", after=after or ""
    )


PART_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["data"],
                    "properties": {"data": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
UPLOAD_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["file", "purpose"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "purpose": {"type": "string", "enum": list(PURPOSES)},
                        "expires_after": {
                            "type": "object",
                            "required": ["anchor", "seconds"],
                            "properties": {
                                "anchor": {"type": "string", "enum": ["created_at"]},
                                "seconds": {
                                    "type": "integer",
                                    "format": "int64",
                                    "minimum": 3_600,
                                    "maximum": 2_592_000,
                                },
                            },
                        },
                    },
                }
            }
        },
    }
}
