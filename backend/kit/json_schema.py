"""Rewrite a JSON schema in the plainest form that says the same.

Small models and grammar compilers do better without references, titles and unions with null.
"""

from __future__ import annotations

from typing import Any, cast

DROPPED = ("title", "$defs", "definitions")
Schema = dict[str, Any]
NULL = {"type": "null"}


def plain_schema(schema: Schema) -> Schema:
    """Inline references, drop titles, and turn "X or null" into an optional X.

    A schema that refers to itself keeps an open object where the circle closes.
    """
    return cast("Schema", _plain(schema, schema.get("$defs", {}), ()))


def _plain(node: Any, defs: Schema, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_plain(item, defs, path) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    return _object(cast("Schema", node), defs, path)


def _object(node: Schema, defs: Schema, path: tuple[str, ...]) -> Schema:
    if isinstance(node.get("$ref"), str):
        return _inlined(node, defs, path)
    options: list[Any] = node.get("anyOf") or []
    real = [one for one in options if one != NULL]
    if len(real) == 1 and len(options) > 1:
        rest = {key: value for key, value in node.items() if key not in {"anyOf", "default"}}
        return _object({**real[0], **rest}, defs, path)
    return {key: _value(key, value, defs, path) for key, value in node.items() if _kept(key, value)}


def _inlined(node: Schema, defs: Schema, path: tuple[str, ...]) -> Schema:
    name = str(node["$ref"]).rsplit("/", 1)[-1]
    if name in path:
        return {"type": "object"}
    rest = {key: value for key, value in node.items() if key != "$ref"}
    return _object({**defs.get(name, {}), **rest}, defs, (*path, name))


def _kept(key: str, value: object) -> bool:
    return not (key in DROPPED and (isinstance(value, dict) or key == "title"))


def _value(key: str, value: Any, defs: Schema, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    if key == "properties" and isinstance(value, dict):
        members = cast("Schema", value).items()
        return {name: _plain(one, defs, path) for name, one in members}
    return _plain(value, defs, path)
