"""Check JSON against a schema that a stranger wrote: bounded work, nothing fetched, no slow patterns.

JSON Schema draft 2020-12, https://json-schema.org/draft/2020-12. Not for: rewriting schemas
(`json_schema`), or the keywords themselves (`schema_keywords`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

import orjson

from backend.kit.linear_patterns import is_readable

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_BYTES: Final = 262_144
MAX_NODES: Final = 10_000
MAX_DEPTH: Final = 64
SHOWN_CHARS: Final = 300
KEPT: Final = 64
LITERAL: Final = frozenset({"const", "enum", "default", "examples"})
NAMED: Final = frozenset({
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
})
SLOW_TOGETHER: Final = frozenset({"patternProperties", "unevaluatedProperties"})
UNFIT: Final = ("$dynamicRef", "$recursiveRef")
Schema = Mapping[str, Any]


class BadSchema(ValueError):
    """The schema is not valid, points outside of itself, or is beyond the bounds."""


class SchemaCheck:
    """One schema, ready to check values."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    async def fault(self, value: object) -> str | None:
        """Say in one line what of a value does not fit; None when all does.

        Raises:
            BadSchema: when telling takes more work than a sane schema needs.
        """
        return await asyncio.to_thread(self._fault, value)

    def _fault(self, value: object) -> str | None:
        from backend.kit.schema_keywords import (  # noqa: PLC0415 - 10 MiB, on first use
            Unending,
            first_fault,
        )

        try:
            found = first_fault(self._validator, value)
        except Unending as exc:
            raise BadSchema("it refers to itself without end, or takes too much work") from exc
        return found[:SHOWN_CHARS] if found else None


async def read_schema(schema: Schema, *, strict: bool = False) -> SchemaCheck:
    """Check a schema itself, off the event loop; one that was seen of late costs next to nothing.

    `strict` also refuses patterns that cannot be checked, such as look-around; otherwise they are
    taken to match.

    Raises:
        BadSchema: saying what is wrong with it, in words for its author.
    """
    try:
        packed = orjson.dumps(schema)
    except TypeError as exc:
        raise BadSchema("it is nested too deeply, or holds something that is not JSON") from exc
    if len(packed) > MAX_BYTES:
        msg = f"it is larger than {MAX_BYTES} bytes"
        raise BadSchema(msg)
    return await asyncio.to_thread(_read, packed, strict=strict)


@lru_cache(maxsize=KEPT)
def _read(packed: bytes, *, strict: bool) -> SchemaCheck:
    from backend.kit import schema_keywords  # noqa: PLC0415 - 10 MiB, on first use

    schema: Schema = orjson.loads(packed)
    used: set[str] = set()
    for count, (keyword, node) in enumerate(_nodes(schema, 0)):
        if count >= MAX_NODES:
            msg = f"it has more than {MAX_NODES} parts"
            raise BadSchema(msg)
        _look(keyword, node, schema, strict=strict)
        used.add(keyword)
    if used >= SLOW_TOGETHER:  # the one would match the other's patterns in exponential time
        raise BadSchema("patternProperties and unevaluatedProperties do not go together here")
    fault = schema_keywords.fault_of_schema(schema)
    if fault is not None:
        raise BadSchema(fault[:SHOWN_CHARS])
    return SchemaCheck(schema_keywords.validator(schema))


def _nodes(node: object, depth: int) -> Iterator[tuple[str, object]]:
    """Walk over every keyword of every schema in a schema."""
    if depth > MAX_DEPTH:
        msg = f"it is nested deeper than {MAX_DEPTH} levels"
        raise BadSchema(msg)
    if isinstance(node, list):
        for one in cast("list[object]", node):
            yield from _nodes(one, depth + 1)
    elif isinstance(node, dict):
        for keyword, value in cast("dict[str, object]", node).items():
            yield keyword, value
            if keyword in LITERAL:
                continue
            if keyword in NAMED and isinstance(value, dict):
                yield from _nodes(list(cast("dict[str, object]", value).values()), depth + 1)
            else:
                yield from _nodes(value, depth + 1)


def _look(keyword: str, value: object, schema: Schema, *, strict: bool) -> None:
    """Refuse what is valid, but cannot be followed or checked here."""
    if keyword in UNFIT:
        msg = f"{keyword} is not supported; use $ref"
        raise BadSchema(msg)
    if keyword == "$ref" and not (isinstance(value, str) and _resolves(value, schema)):
        msg = f"$ref {value!r} names nothing in the schema; write #/$defs/NAME"
        raise BadSchema(msg)
    if not strict:
        return
    patterns: list[object] = [value] if keyword == "pattern" else []
    if keyword == "patternProperties" and isinstance(value, dict):
        patterns = [*cast("dict[str, object]", value)]
    for pattern in patterns:
        if not (isinstance(pattern, str) and is_readable(pattern)):
            msg = f"the pattern {pattern!r} is not one that can be checked in linear time"
            raise BadSchema(msg)


def _resolves(pointer: str, schema: Schema) -> bool:
    head, *path = pointer.split("/")
    node: object = schema
    for part in path:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        node = _members(node).get(key)
    return head == "#" and isinstance(node, dict | bool)


def _members(node: object) -> Mapping[str, object]:
    if isinstance(node, list):
        return {str(at): one for at, one in enumerate(cast("list[object]", node))}
    return cast("Mapping[str, object]", node) if isinstance(node, dict) else {}
