"""Wire shapes of `/v1/embeddings`.

Source: https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from backend.models.openai import Wire

MAX_INPUTS = 2048
Token = Annotated[int, Field(strict=True, ge=0)]
ModelName = (
    Annotated[str, StringConstraints(min_length=1, max_length=256)]
    | Literal["text-embedding-ada-002", "text-embedding-3-small", "text-embedding-3-large"]
)


class EmbeddingRequest(Wire):
    """A request for vectors; `user` has no effect."""

    input: (
        str
        | Annotated[list[str], Field(min_length=1, max_length=MAX_INPUTS)]
        | Annotated[list[Token], Field(min_length=1, max_length=MAX_INPUTS)]
        | Annotated[
            list[Annotated[list[Token], Field(min_length=1)]],
            Field(min_length=1, max_length=MAX_INPUTS),
        ]
    )
    model: ModelName
    encoding_format: Literal["float", "base64"] | SkipJsonSchema[None] = "float"
    dimensions: Annotated[int, Field(ge=1)] | SkipJsonSchema[None] = None
    user: str | SkipJsonSchema[None] = None


class EmbeddingOut(BaseModel):
    """One vector; in base64 it is text, as the request asked."""

    object: Literal["embedding"]
    index: int
    embedding: list[float]


class EmbeddingUsage(BaseModel):
    """How many tokens were read; both numbers are the same."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    """The vectors in the order of the input."""

    object: Literal["list"]
    data: list[EmbeddingOut]
    model: str
    usage: EmbeddingUsage
