"""Checks a JSON value against the part of JSON Schema that the tests use."""

from __future__ import annotations

import re
from typing import Any

_TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def problems(value: Any, schema: Any, root: Any = None, at: str = "$") -> list[str]:
    """List where a value breaks its schema."""
    root = schema if root is None else root
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        target = root
        for key in schema["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        return problems(value, target, root, at)
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches and all(problems(value, one, root, at) for one in branches):
        return [f"{at}: fits no branch"]
    return _own(value, schema, root, at)


def _own(value: Any, schema: dict, root: Any, at: str) -> list[str]:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [f"{at}: {value!r} is no {kinds}"]
    only = [schema["const"]] if "const" in schema else schema.get("enum", [value])
    if value not in only:
        return [f"{at}: {value!r} is none of {only!r}"]
    if isinstance(value, dict):
        return _object(value, schema, root, at)
    if isinstance(value, list):
        return _array(value, schema, root, at)
    return _string(value, schema, at) if isinstance(value, str) else _number(value, schema, at)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _object(value: dict, schema: dict, root: Any, at: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}: lacks {name}" for name in schema.get("required", []) if name not in value]
    for name, inner in value.items():
        if name in known:
            found += problems(inner, known[name], root, f"{at}.{name}")
        elif schema.get("additionalProperties") is False:
            found.append(f"{at}: {name} is not allowed")
    return found


def _array(value: list, schema: dict, root: Any, at: str) -> list[str]:
    found = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{at}: has {len(value)} items")
    if schema.get("uniqueItems") and len({repr(one) for one in value}) != len(value):
        found.append(f"{at}: repeats an item")
    items = schema.get("items", {})
    inside = [problems(one, items, root, f"{at}[{number}]") for number, one in enumerate(value)]
    return found + [problem for some in inside for problem in some]


def _string(value: str, schema: dict, at: str) -> list[str]:
    found = []
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        found.append(f"{at}: has {len(value)} characters")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} does not match {schema['pattern']}")
    return found


def _number(value: Any, schema: dict, at: str) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return []
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    fits = low <= value <= high and value % schema.get("multipleOf", value or 1) == 0
    fits = fits and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
    return [] if fits else [f"{at}: {value} is out of bounds"]
