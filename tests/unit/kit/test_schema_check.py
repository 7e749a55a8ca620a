"""Schemas of strangers: what they say is checked, and what they try on the server is refused."""

from __future__ import annotations

from typing import Any

import pytest

from backend.kit.schema_check import BadSchema, read_schema

PERSON: Any = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "boss": {"$ref": "#/$defs/x"}},
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"x": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
}


def deep(levels: int) -> Any:
    """Nest a schema."""
    made: Any = {}
    for _ in range(levels):
        made = {"not": made}
    return made


def doubling(levels: int) -> Any:
    """Make a small schema that takes 2 to the power of `levels` steps."""
    names = [f"d{at}" for at in range(levels)]
    both = {name: {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at, name in enumerate(names)}
    return {"$ref": "#/$defs/d0", "$defs": {**both, f"d{levels}": {"type": "string"}}}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"name": "Ann"}, None),
        ({"name": "Ann", "boss": {"name": "Bob", "boss": None}}, None),
        ({"name": "Ann", "boss": {"name": 5}}, "$.boss"),
        ({"name": "ann"}, "$.name: 'ann' does not match '^[A-Z]'"),
        ({"name": "Ann", "age": 5}, "$: the property 'age' is not allowed"),
        ({}, "$: 'name' is a required property"),
    ],
)
async def test_a_fault_is_told_with_its_place(value: Any, fault: str | None) -> None:
    """So that a model can mend it."""
    told = await (await read_schema(PERSON, strict=True)).fault(value)
    assert (told or "").startswith(fault or "")
    assert (told is None) == (fault is None)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"$ref": "https://evil.example/schema.json"},
        {"$ref": "#/$defs/missing"},
        {"$dynamicRef": "#x"},
        {"properties": {"a": {"$ref": 5}}},
        deep(200),
        {"description": "x" * 300_000},
        {"properties": {str(at): {"type": "string"} for at in range(20_000)}},
        {"patternProperties": {"^(a|a)*$": {}}, "unevaluatedProperties": False},
    ],
)
async def test_a_schema_that_is_wrong_or_too_much_is_refused(schema: Any) -> None:
    """Before any value is looked at."""
    with pytest.raises(BadSchema):
        await read_schema(schema)


@pytest.mark.parametrize("schema", [{"$ref": "#"}, doubling(40)])
async def test_a_schema_without_end_gives_up(schema: Any) -> None:
    """Small as it is, its work is not."""
    check = await read_schema(schema)
    with pytest.raises(BadSchema):
        await check.fault(1)


async def test_a_reference_hidden_in_a_literal_fetches_nothing() -> None:
    """`enum` may hold anything, and a pointer may name it."""
    hidden = {"$id": "http://127.0.0.1:9/a", "$ref": "http://127.0.0.1:9/b"}
    check = await read_schema({"enum": [hidden], "$ref": "#/enum/0"})
    with pytest.raises(BadSchema):
        await check.fault(1)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 50_000 + "b"),
        (
            {"additionalProperties": False, "patternProperties": {"^(a+)+$": {}}},
            {"a" * 99 + "b": 1},
        ),
        ({"uniqueItems": True}, [{} for _ in range(20_000)]),
    ],
)
async def test_costly_keywords_end_at_once(schema: Any, value: Any) -> None:
    """Backtracking would take years, comparing each with each minutes."""
    assert await (await read_schema(schema, strict=True)).fault(value)


async def test_a_pattern_that_cannot_be_checked_is_refused_only_where_the_schema_is_strict() -> (
    None
):
    """Look-around is not to be had in linear time."""
    schema = {"type": "string", "pattern": "(?=a)b"}
    assert await (await read_schema(schema)).fault("x") is None
    with pytest.raises(BadSchema, match="linear time"):
        await read_schema(schema, strict=True)
