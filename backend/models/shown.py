"""Tell the OpenAPI document another shape of a field than the one that is validated.

This server takes more than OpenAI's document says (null for every optional field, a plain string
for an image's address); what is shown to clients is the contract they already know.
"""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

# The default of a field that may be left out but is never null: nothing is shown as its default.
OMITTED: Any = None


class Shown:
    """Put in `Annotated[...]`: the document shows the shape given here."""

    def __init__(self, shape: Any) -> None:  # noqa: ANN401 - any type
        self._shape = shape

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(TypeAdapter[Any](self._shape).core_schema)


def streamed(event: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Describe a stream of server-sent events for a route's `responses`; events must not nest."""
    schema = event.model_json_schema()
    inlined = _inlined(schema, schema.get("$defs", {}))
    return {200: {"content": {"text/event-stream": {"schema": inlined}}}}


def _inlined(node: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_inlined(one, known) for one in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    members = cast("dict[str, Any]", node)
    if "$ref" in members:
        return _inlined(known[members["$ref"].rpartition("/")[2]], known)
    return {name: _inlined(one, known) for name, one in members.items() if name != "$defs"}
