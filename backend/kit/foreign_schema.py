"""JSON schemas that strangers wrote: made small and plain, and arguments checked by them cheaply.

A full validator is not used: its patterns and references can be made to take for ever, and whoever
wrote the schema checks the arguments anyway. Not for: our own schemas (`json_schema`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from backend.kit.fences import defused
from backend.kit.json_values import clean_text, dump_json

Schema = dict[str, Any]
MAX_VALUES = 400
MAX_DEPTH = 10
MAX_NAMES = 64
MAX_NAME_CHARS = 100
MAX_TEXT_CHARS = 300
MAX_OPTIONS = 50
_BOUNDS = frozenset({
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
})
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def plainly(schema: Mapping[str, Any]) -> Schema:
    """Give a schema of an object that says the same as far as the bounds allow, without references.

    What is too deep, too much or not understood becomes `{}`, which takes anything. Texts are cut,
    and hold no mark of a prompt.
    """
    plain = _Plain(schema).of(schema, 0)
    return {**plain, "type": "object", "properties": plain.get("properties", {})}


def faults(schema: Schema, arguments: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with arguments on the first level of a schema that `plainly` gave."""
    properties: Schema = schema["properties"]
    wrong = [f"{it} is missing" for it in schema.get("required", ()) if it not in arguments]
    if schema.get("additionalProperties") is False:
        wrong += [f"there is no argument {it[:80]}" for it in arguments if it not in properties]
    for name, value in arguments.items():
        wrong += _fault(name, properties.get(name, {}), value)
    return wrong


def without_nulls(schema: Schema, arguments: Mapping[str, Any]) -> Schema:
    """Drop what is null and need not be there: small models write null for every argument."""
    required, properties = schema.get("required", ()), schema["properties"]
    return {
        name: value
        for name, value in arguments.items()
        if value is not None or name in required or "null" in _types(properties.get(name, {}))
    }


def _fault(name: str, schema: Schema, value: object) -> list[str]:
    types = _types(schema)
    known = tuple(kind for it in types for kind in _TYPES[it])
    truth = isinstance(value, bool) and "boolean" not in types
    whole = isinstance(value, float) and value.is_integer() and "integer" in types
    if known and (truth or not (isinstance(value, known) or whole)):
        return [f"{name} is not of type {' or '.join(types)}"]
    options = schema.get("enum")
    if options and value not in options:
        return [f"{name} is not one of {dump_json(options)}"]
    return []


def _types(schema: Schema) -> list[str]:
    given: object = schema.get("type")
    several = cast("list[object]", given) if isinstance(given, list) else [given]
    return [one for one in several if isinstance(one, str) and one in _TYPES]


class _Plain:
    """Walks one schema; every value that is looked at is counted, however it is reached."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = MAX_VALUES

    def of(self, given: object, depth: int) -> Schema:
        self._left -= 1
        if not isinstance(given, Mapping) or self._left < 0 or depth > MAX_DEPTH:
            return {}
        node = cast("Mapping[str, Any]", given)
        if isinstance(node.get("$ref"), str):
            return self.of(self._referred(node["$ref"]), depth + 1)
        made = {name: node[name] for name in _BOUNDS if isinstance(node.get(name), int | float)}
        types = _types({"type": node.get("type")})
        if types:
            made["type"] = types[0] if len(types) == 1 else types
        made |= self._words(node) | self._inner(node, depth)
        return made

    def _referred(self, reference: str) -> object:
        """Find what stands in the same schema; nothing is ever fetched."""
        at: object = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            at = _member(at, step)
        return at if reference.startswith("#/") else None

    def _words(self, node: Mapping[str, Any]) -> Schema:
        made: Schema = {}
        for name in ("description", "format"):
            if isinstance(node.get(name), str):
                made[name] = defused(clean_text(node[name]))[:MAX_TEXT_CHARS]
        options: object = [node["const"]] if "const" in node else node.get("enum")
        if isinstance(options, list) and _are_simple(cast("list[object]", options)):
            made["enum"] = options
        return made

    def _inner(self, node: Mapping[str, Any], depth: int) -> Schema:
        made: Schema = {}
        properties: object = node.get("properties")
        if isinstance(properties, Mapping):
            named = cast("Mapping[str, object]", properties).items()
            kept = [(name, one) for name, one in named if _is_name(name)][:MAX_NAMES]
            made["properties"] = {name: self.of(one, depth + 1) for name, one in kept}
            required: object = node.get("required")
            wanted = cast("list[object]", required) if isinstance(required, list) else []
            needed = [name for name, _ in kept if name in wanted]
            if needed:
                made["required"] = needed
        if isinstance(node.get("additionalProperties"), bool):
            made["additionalProperties"] = node["additionalProperties"]
        if isinstance(node.get("items"), Mapping):
            made["items"] = self.of(node["items"], depth + 1)
        for name in ("anyOf", "oneOf"):
            options: object = node.get(name)
            if isinstance(options, list) and options:
                several = cast("list[object]", options)[:MAX_OPTIONS]
                made["anyOf"] = [self.of(one, depth + 1) for one in several]
        return made


def _member(value: object, name: str) -> object:
    return cast("Mapping[str, object]", value).get(name) if isinstance(value, Mapping) else None


def _is_name(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME_CHARS and name.isprintable() and defused(name) == name


def _are_simple(options: list[object]) -> bool:
    if not 0 < len(options) <= MAX_OPTIONS:
        return False
    return all(
        one is None
        or isinstance(one, bool | int | float)
        or (isinstance(one, str) and len(one) <= MAX_NAME_CHARS and defused(one) == one)
        for one in options
    )
