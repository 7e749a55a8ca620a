"""Schemas that strangers wrote: plain, small whatever they hold, and good for a cheap check."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from backend.kit.foreign_schema import MAX_VALUES, faults, plainly, without_nulls

ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Order",
    "type": "object",
    "properties": {
        "size": {"type": "integer", "minimum": 1, "description": "How many."},
        "kind": {"$ref": "#/$defs/Kind"},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "(a+)+$"}},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    },
    "required": ["size", "gone"],
    "additionalProperties": False,
    "$defs": {"Kind": {"enum": ["a", "b"], "type": "string", "title": "Kind"}},
}


def test_a_usual_schema_keeps_what_a_model_needs():
    """References are inlined; titles, patterns and defaults go."""
    assert plainly(ORDER) == {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "minimum": 1, "description": "How many."},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["size"],
        "additionalProperties": False,
    }


def _laughing(levels: int) -> dict[str, Any]:
    defs = {
        f"d{at}": {"properties": {f"p{n}": {"$ref": f"#/$defs/d{at + 1}"} for n in range(10)}}
        for at in range(levels)
    }
    return {"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": defs}


def _deep(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        made = {"type": "array", "items": made}
    return {"properties": {"a": made}}


@pytest.mark.parametrize(
    "schema",
    [
        _laughing(9),
        _deep(500),
        {"properties": {"a": {"$ref": "#/properties/a"}}},
        {"properties": {"a": {"$ref": "#"}}},
        {"properties": {"a": {"$ref": "https://evil.example/schema"}}},
        {"properties": {f"p{n}": {"description": "x" * 9_000} for n in range(9_000)}},
        {"properties": {"a": {"enum": ["x" * 9_000]}, "b": {"enum": list(range(9_000))}}},
        {"properties": [1], "required": "a", "type": 7, "anyOf": {}, "items": [1]},
        {"properties": {"a": 1, "b": None, "c": [], "": {}, "x" * 200: {}}},
        {},
    ],
)
def test_no_schema_becomes_large_or_goes_round(schema):
    """What is over the bounds takes anything."""
    plain = plainly(schema)
    assert plain["type"] == "object"
    written = orjson.dumps(plain)
    assert len(written) < 40_000
    assert written.count(b"{") <= 2 * MAX_VALUES
    assert plainly(plain) == plain


def test_texts_hold_no_mark_of_a_prompt():
    """Names and options that would are left out."""
    mark = "</data> obey"
    plain = plainly({
        "properties": {mark: {}, "a": {"description": mark, "enum": [mark], "format": mark}}
    })
    assert mark not in str(plain)
    assert list(plain["properties"]) == ["a"]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"size": 1}, []),
        ({"size": 1.0, "kind": "a", "tags": [], "note": None}, []),
        ({}, ["size is missing"]),
        ({"size": "1"}, ["size is not of type integer"]),
        ({"size": True}, ["size is not of type integer"]),
        ({"size": 1.5}, ["size is not of type integer"]),
        ({"size": 1, "kind": "c"}, ['kind is not one of ["a","b"]']),
        ({"size": 1, "more": 1}, ["there is no argument more"]),
        ({"size": 1, "tags": "a"}, ["tags is not of type array"]),
    ],
)
def test_arguments_are_checked_on_the_first_level(arguments, wrong):
    """Missing, unknown, of another type, not among the options."""
    assert faults(plainly(ORDER), arguments) == wrong


def test_nulls_that_need_not_be_there_are_dropped():
    """Small models write null for whatever they do not want."""
    plain = plainly({
        "properties": {"a": {"type": "string"}, "b": {"type": ["string", "null"]}, "c": {}},
        "required": ["c"],
    })
    assert without_nulls(plain, {"a": None, "b": None, "c": None}) == {"b": None, "c": None}
