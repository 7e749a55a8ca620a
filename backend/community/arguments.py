"""The arguments of a LangChain tool as a model of ours: unknown fields refused, null as not given."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar, Literal, cast

from langchain_core.tools import BaseTool
from pydantic import BaseModel, Field, create_model

from backend.errors import ToolUnavailable
from backend.ports.tools import ToolArgs

_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list[Any],
    "object": dict[str, Any],
}


class NoArgs(ToolArgs):
    """The arguments of a tool that could not be made."""


class _Described(ToolArgs):
    """Arguments whose JSON schema was given as such, and is shown as it was given."""

    given: ClassVar[dict[str, Any]] = {}

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401
        """Show the schema as the tool wrote it."""
        return {**deepcopy(cls.given), "additionalProperties": False}


def args_model(tool: BaseTool) -> type[BaseModel]:
    """Make the model from a pydantic model or a JSON schema; what is injected is not part of it.

    Raises:
        ToolUnavailable: when the tool describes its arguments in no way that can be checked.
    """
    schema: Any = tool.tool_call_schema
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return _forbidding(schema)
    if not isinstance(schema, dict):
        older: Any = getattr(cast("object", schema), "schema", dict)  # a model of pydantic 1
        schema = older()
    if not schema:
        raise ToolUnavailable("it does not say which arguments it takes")
    return _from_json_schema(tool.name, cast("dict[str, Any]", schema))


def _forbidding(model: type[BaseModel]) -> type[BaseModel]:
    made: type[BaseModel] = create_model(
        model.__name__,
        __base__=(model, ToolArgs),
        __doc__=model.__doc__,
        __cls_kwargs__={"str_strip_whitespace": False},
    )
    return made


def _from_json_schema(name: str, schema: dict[str, Any]) -> type[BaseModel]:
    properties: dict[str, Any] = schema.get("properties") or {}
    required: list[str] = schema.get("required") or []
    fields: dict[str, Any] = {
        f"field_{number}": _field(one, described, needed=one in required)
        for number, (one, described) in enumerate(properties.items())
    }
    made = create_model(name, __base__=_Described, **fields)
    made.given = {"type": "object", "properties": properties, "required": required, **_defs(schema)}
    return made


def _field(name: str, described: Any, *, needed: bool) -> tuple[Any, Any]:  # noqa: ANN401
    """Give type and default; an alias carries the name, which need not be one in Python."""
    known = cast("dict[str, Any]", described) if isinstance(described, dict) else {}
    options: list[Any] = known.get("enum") or []
    kind: Any = _TYPES.get(str(known.get("type")), Any)
    if options:
        kind = Literal[tuple(options)]
    return (kind, Field(alias=name)) if needed else (kind, Field(default=None, alias=name))


def _defs(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: schema[key] for key in ("$defs", "definitions", "description") if key in schema}
