"""The base of the shapes, and showing a model by one of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from backend.models.shown import shape_of


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
