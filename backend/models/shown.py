"""Show a value in this server's own document by a shape that nothing is read by.

Items, tools and answers of OpenAI's wire have hundreds of shapes. They are read and written by hand, so
the shapes are loaded only when somebody asks for the document.
"""

from __future__ import annotations

import importlib
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

ABSENT: Any = None  # the default of a field that may be left out, but is never null


class Shape(BaseModel):
    """Base of the shapes: what may be left out has no default in the document."""

    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Take the nulls away that only mean "left out"."""
        found = handler(core_schema)
        for one in handler.resolve_ref_schema(found).get("properties", {}).values():
            if "default" in one and one["default"] is None:
                del one["default"]
        return found


class ShownAs:
    """Shows the annotated value as a shape, such as `answers.Response`; `more` come as components."""

    def __init__(self, name: str, *more: str) -> None:
        self._name = name
        self._more = more

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Give the shape's schema; its parts become components of the document."""
        found = handler(core_schema_of(self._name))
        beside = [handler(core_schema_of(one)) for one in self._more]
        return {**found, "x-beside": beside} if beside else found


def shown_with(
    core_schema: CoreSchema, handler: GetJsonSchemaHandler, *, shape: str
) -> JsonSchemaValue:
    """Show a model by a shape, with those of its own fields that the shape does not have."""
    found = handler(core_schema)
    own = handler.resolve_ref_schema(found)
    theirs = handler.resolve_ref_schema(handler(core_schema_of(shape)))
    own["properties"] = {**own["properties"], **theirs["properties"]}
    own["required"] = theirs.get("required", [])
    return found


def core_schema_of(name: str) -> CoreSchema:
    """Load a shape."""
    module, _, shape = name.rpartition(".")
    found = importlib.import_module(f"backend.models.openai_shapes.{module}")
    return TypeAdapter(getattr(found, shape)).core_schema
