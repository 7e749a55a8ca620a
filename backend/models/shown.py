"""Tell the OpenAPI document another shape than the one that is validated or made by hand.

This server takes more than OpenAI's document says (null for every optional field, a plain string
for an image's address); what is shown to clients is the contract they already know. Shapes are named
as "module:Name" within `backend.models`, so that they cost nothing until somebody wants the document.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

PLACEHOLDER = "x-shape"
# The default of a field that may be left out but is never null: nothing is shown as its default.
OMITTED: Any = None


class Shown:
    """Put in `Annotated[...]`: the document shows the shape given here, a type or the name of one."""

    def __init__(self, shape: Any) -> None:  # noqa: ANN401 - any type
        self._shape = shape

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        shape = shape_of(self._shape) if isinstance(self._shape, str) else self._shape
        return handler(TypeAdapter[Any](shape).core_schema)


class Answer(BaseModel):
    """Base of what is answered: what may be left out has no default in the document.

    Its validators are built on first use.
    """

    model_config = ConfigDict(defer_build=True, protected_namespaces=())

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


def shape_of(name: str) -> Any:  # noqa: ANN401 - any type
    """Import a shape by its name."""
    module, _, member = name.partition(":")
    return getattr(import_module(f"backend.models.{module}"), member)


def answers(shape: str, *, events: str = "") -> dict[int | str, dict[str, Any]]:
    """Describe an answer, and the events of its stream, for the `responses` of a route."""
    content = {"application/json": {"schema": {PLACEHOLDER: shape}}}
    if events:
        content["text/event-stream"] = {"schema": {PLACEHOLDER: events}}
    return {200: {"description": "Successful Response", "content": content}}
