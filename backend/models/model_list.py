"""Wire shapes of `/v1/models`.

Source: https://platform.openai.com/docs/api-reference/models
"""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, Field


class ModelOut(BaseModel):
    """One model, with what this server knows of it under `x_` names."""

    id: str
    created: int
    object: Literal["model"]
    owned_by: str
    shutdown_date: datetime.date | None = None
    x_provider: str
    x_context_tokens: int
    x_capabilities: list[str] = Field(default_factory=list[str])


class ModelList(BaseModel):
    """Every model at hand."""

    object: Literal["list"]
    data: list[ModelOut]


class ModelDeleted(BaseModel):
    """A model that is gone."""

    id: str
    deleted: bool
    object: str
