"""Fields that may be missing, and null in that case, although OpenAI's document does not say so.

Clients written in Python send None for what they leave out. The document we serve stays as exact as
OpenAI's: no null, no default.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

T = TypeVar("T")


def _no_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


Maybe = Annotated[T | SkipJsonSchema[None], Field(json_schema_extra=_no_default)]
MaybeNull = Annotated[T | None, Field(json_schema_extra=_no_default)]
