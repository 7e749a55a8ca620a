"""The base of the shapes, and showing a model by one of them."""

from __future__ import annotations

from typing import Any, cast

from pydantic import ConfigDict, GetJsonSchemaHandler, TypeAdapter, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from backend.models.shown import Answer, shape_of


class Shape(Answer):
    """Base of the shapes."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, given: object) -> object:
        """Take null for "left out" wherever something may be left out, as clients in Python send it."""
        if not isinstance(given, dict):
            return given
        told = cast("dict[str, Any]", given)
        nulls = {name for name, value in told.items() if value is None} & cls.model_fields.keys()
        usual = {
            name: cls.model_fields[name].default
            for name in nulls
            if not cls.model_fields[name].is_required()
        }
        kept = {name: value for name, value in told.items() if name not in usual}
        return kept | {name: value for name, value in usual.items() if value is not None}


def shown_with(
    core_schema: CoreSchema, handler: GetJsonSchemaHandler, *, shape: str
) -> JsonSchemaValue:
    """Show a model by a shape, with those of its own fields that the shape does not have."""
    found = handler(core_schema)
    own = handler.resolve_ref_schema(found)
    theirs = handler.resolve_ref_schema(handler(TypeAdapter(shape_of(shape)).core_schema))
    own["properties"] = {**own["properties"], **theirs["properties"]}
    own["required"] = theirs.get("required", [])
    return found
