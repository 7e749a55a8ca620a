"""Filling schemas: a tool's arguments, and any structured answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.kit.extraction.arguments import fill
from backend.kit.extraction.schema_fill import instance
from backend.kit.extraction.tool_fit import ToolShape, kind_of
from tests.fakes.schema_checker import problems

TEXT = {"type": "string"}


def shape(name: str, description: str = "", **properties: Any) -> ToolShape:
    """Write a tool whose parameters are all required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return ToolShape(name, description, schema)


NAMED = [
    (shape("math_calc", expression=TEXT), "math"),
    (shape("data_analysis", data=TEXT), "data"),
    (shape("get_current_weather", location=TEXT), "weather"),
    (shape("wikipedia", query=TEXT), "encyclopedia"),
    (shape("web_search", query=TEXT), "web"),
    (shape("search_documents", query=TEXT), "documents"),
    (shape("file_search", query=TEXT), "documents"),
    (shape("rag_retrieval", query=TEXT), "documents"),
    (shape("web_fetch", url=TEXT), "fetch"),
    (shape("python_code", code=TEXT), "python"),
    (shape("run_sql", sql=TEXT), "sql"),
    (shape("do_it", "Evaluates a mathematical expression.", expression=TEXT), "math"),
    (shape("lookup", "Searches the web for pages.", query=TEXT), "web"),
    (shape("search_flights", origin=TEXT, destination=TEXT), "custom"),
    (shape("get_user", user_id={"type": "integer"}), "custom"),
    (shape("delete_file", path=TEXT), "custom"),
]


@pytest.mark.parametrize(("tool", "kind"), NAMED, ids=lambda value: getattr(value, "name", value))
def test_a_tools_kind_is_read_from_its_name_description_and_parameters(
    tool: ToolShape, kind: str
) -> None:
    """What fits no known kind is matched by its own words."""
    assert kind_of(tool) == kind


PARAMETERS = {
    "type": "object",
    "$defs": {"Unit": {"enum": ["metric", "imperial"]}},
    "properties": {
        "place": TEXT,
        "days": {"type": "integer", "minimum": 1, "maximum": 16},
        "unit": {"$ref": "#/$defs/Unit"},
        "hourly": {"type": "boolean"},
        "fields": {"type": "array", "items": {"enum": ["wind", "rain"]}},
    },
    "required": ["place"],
}


def test_only_what_the_question_says_is_filled_in() -> None:
    """Typed values, references resolved, optional parameters left out where nothing is said."""
    said = "What will rain and wind be in Oslo for the next 3 days, hourly, in celsius?"
    assert fill(PARAMETERS, kind="weather", value="Oslo", text=said) == {
        "place": "Oslo",
        "days": 3,
        "unit": "metric",
        "hourly": True,
        "fields": ["wind", "rain"],
    }
    assert fill(PARAMETERS, kind="weather", value="Oslo", text="Weather in Oslo?") == {
        "place": "Oslo"
    }


def test_a_required_parameter_without_a_value_prevents_the_call_unless_forced() -> None:
    """A default is a value; a forced call takes the first choice."""
    unit = {"type": "string", "enum": ["c", "f"]}
    needed = {
        "type": "object",
        "properties": {"place": TEXT, "unit": unit},
        "required": ["place", "unit"],
    }
    given = {**needed, "properties": {"place": TEXT, "unit": {**unit, "default": "f"}}}
    assert fill(needed, kind="weather", value="Oslo", text="Weather in Oslo?") is None
    assert fill(given, kind="weather", value="Oslo", text="Weather in Oslo?") == {
        "place": "Oslo",
        "unit": "f",
    }
    assert fill(needed, kind="weather", value="Oslo", text="Weather in Oslo?", force=True) == {
        "place": "Oslo",
        "unit": "c",
    }


def test_an_expression_says_all_by_itself() -> None:
    """An optional operation would be done a second time."""
    operation = {"enum": ["evaluate", "differentiate"], "default": "evaluate"}
    schema = {
        "properties": {"expression": TEXT, "operation": operation},
        "required": ["expression"],
    }
    said = "Differentiate x^2"
    assert fill(schema, kind="math", value="diff(x^2, x)", text=said) == {
        "expression": "diff(x^2, x)"
    }


def test_a_list_of_numbers_is_given_as_numbers() -> None:
    """The item type decides."""
    schema = {
        "properties": {"values": {"type": "array", "items": {"type": "number"}}},
        "required": ["values"],
    }
    assert fill(schema, kind="data", value="3, 5.5, 10", text="mean") == {"values": [3, 5.5, 10]}


PERSON = "Jane Doe, age 34, jane@x.org, lives in Oslo and joined on 2024-05-06. She is happy. Price: 9.5. Tags: red, blue."
NODE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["value", "next"],
}
SCHEMAS: list[Any] = [
    {"type": "string", "minLength": 5, "maxLength": 8},
    {"type": "string", "pattern": r"^\d{5}$"},
    {"type": "string", "enum": ["x", "y"]},
    {"const": 5},
    {"type": "integer", "minimum": 7, "maximum": 9},
    {"type": "integer", "exclusiveMinimum": 40},
    {"type": "number", "multipleOf": 0.5, "minimum": 100},
    {"type": "integer", "multipleOf": 7, "minimum": 50},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["string", "null"]},
    {"type": "array", "items": TEXT, "minItems": 4, "uniqueItems": True},
    {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
    {
        "type": "array",
        "items": {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
        "minItems": 2,
    },
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    {"anyOf": [{"type": "integer", "minimum": 10_000}, {"type": "boolean"}]},
    {"oneOf": [{"type": "null"}, {"type": "string", "maxLength": 3}]},
    {
        "allOf": [{"type": "object", "properties": {"a": TEXT}, "required": ["a"]}],
        "required": ["a"],
    },
    {"type": "object", "required": ["free"]},
    NODE,
    {
        "type": "object",
        "properties": {
            "inner": {"type": "object", "properties": {"deep": NODE}, "required": ["deep"]}
        },
        "required": ["inner"],
        "additionalProperties": False,
    },
    {"type": "array", "items": NODE, "minItems": 1},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:50])
@pytest.mark.parametrize("text", [PERSON, "", "12 apples"])
def test_any_schema_gets_a_valid_instance(schema: Any, text: str) -> None:
    """With and without anything to extract."""
    if "$ref" in json.dumps(schema) and schema is not NODE:
        schema = json.loads(json.dumps(schema).replace('"#"', '"#/$defs/N"')) | {
            "$defs": {"N": NODE}
        }
        schema["$defs"]["N"] = json.loads(json.dumps(NODE).replace('"#"', '"#/$defs/N"'))
    if schema is NODE:
        schema = {
            "$ref": "#/$defs/N",
            "$defs": {"N": json.loads(json.dumps(NODE).replace('"#"', '"#/$defs/N"'))},
        }
    assert problems(instance(schema, text), schema) == []


def test_values_are_extracted_by_the_names_of_the_properties() -> None:
    """What the text says goes in with its type; what it does not say is left out or null."""
    schema = {
        "type": "object",
        "properties": {
            "name": TEXT,
            "age": {"type": "integer"},
            "email": {"type": "string", "format": "email"},
            "joined": {"type": "string", "format": "date"},
            "city": TEXT,
            "mood": {"enum": ["sad", "happy"]},
            "price": {"type": "number"},
            "tags": {"type": "array", "items": TEXT},
            "nickname": {"anyOf": [{"type": "integer", "minimum": 99999}, {"type": "null"}]},
            "phone": TEXT,
        },
        "required": ["name", "age", "email", "joined", "city", "mood", "price", "tags", "nickname"],
        "additionalProperties": False,
    }
    assert instance(schema, PERSON) == {
        "name": "Jane Doe",
        "age": 34,
        "email": "jane@x.org",
        "joined": "2024-05-06",
        "city": "Oslo",
        "mood": "happy",
        "price": 9.5,
        "tags": ["red", "blue"],
        "nickname": None,
    }


UNSATISFIABLE: list[Any] = [
    {"$ref": "#"},
    {"$ref": "#/nowhere"},
    {"allOf": [{"$ref": "#"}]},
    {"anyOf": [{"$ref": "#"}]},
    {"type": "object", "properties": {"child": {"$ref": "#"}}, "required": ["child"]},
    {"type": "array", "minItems": 1_000_000_000},
    {"type": "string", "minLength": 1_000_000_000},
    {"type": "string", "pattern": "(a+)+$"},
    {"type": "string", "pattern": "("},
    {"type": "integer", "minimum": "x"},
    {"properties": 5, "required": 5},
    {"type": 5},
    {"enum": []},
]


@pytest.mark.parametrize("schema", UNSATISFIABLE, ids=str)
def test_hostile_schemas_end_in_some_json(schema: Any) -> None:
    """Loops, vast sizes and broken patterns neither raise nor take long."""
    assert len(json.dumps(instance(schema, PERSON))) < 1_000_000
