"""What counts as a difference between two OpenAPI documents, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.conformance import OGX, categories, detail, our_document, table
from benchmarks.openapi_diff import Comparison, Document

TEXT = {"type": "string"}
PERSON = {"type": "object", "properties": {"name": TEXT, "age": {"type": "integer"}}}


def whole(schema: Any, *, prefix: str = "", **parts: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}}
    operation = {"tags": ["Things"], "responses": {"200": body}, **parts}
    schemas = {"Person": PERSON, "Tree": tree()}
    return {
        "info": {"version": "1"},
        "paths": {f"{prefix}/things/{{id}}": {"post": operation}},
        "components": {"schemas": schemas},
    }


def tree() -> dict[str, Any]:
    below = {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
    return {"type": "object", "properties": {"name": TEXT, "below": below}}


def found(theirs: Any, ours: Any, *, deep: bool = False) -> list[tuple[str, bool, str]]:
    comparison = Comparison(Document(whole(theirs)), Document(whole(ours)), deep=deep)
    findings = comparison.operation("/things/{id}", "/things/{id}", "post")
    return [
        (one.path.removeprefix("200 application/json"), one.missing, one.detail) for one in findings
    ]


def a(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"$ref": "#/components/schemas/Person"}, PERSON),
        ({"$ref": "#/components/schemas/Tree"}, {"$ref": "#/components/schemas/Tree"}),
        ({"type": ["string", "null"]}, {"anyOf": [TEXT, {"type": "null"}]}),
        ({"type": "string", "nullable": True}, {"oneOf": [{"type": "null"}, TEXT]}),
        ({"enum": ["x"], "type": "string"}, {"const": "x", "type": "string"}),
        ({"oneOf": [TEXT, PERSON]}, {"anyOf": [PERSON, TEXT]}),
        (TEXT, {"type": "string", "default": None}),
        ({"enum": ["x"]}, {"enum": ["x", "y"]}),
        ({"allOf": [PERSON, a(city=TEXT)]}, a(name=TEXT, age={"type": "integer"}, city=TEXT)),
        ({"anyOf": [{**TEXT, "default": "x"}, PERSON]}, {"anyOf": [TEXT, PERSON]}),
        (a(name=TEXT), a(name=TEXT, more=TEXT)),
    ],
    ids=[
        "a reference", "a cycle", "null as a type", "nullable", "const", "order of a union",
        "no default", "more values", "allOf", "a default inside a union", "more properties",
    ],
)  # fmt: skip
def test_the_same_meaning_is_no_difference(theirs: Any, ours: Any) -> None:
    """However it is written."""
    assert found(a(it=theirs), a(it=ours)) == []
    assert found(a(it=theirs), a(it=ours), deep=True) == []


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (TEXT, {"type": "integer"}, "type integer instead of string"),
        (TEXT, {"type": ["string", "null"]}, "nullable in ours only"),
        ({"type": ["string", "null"]}, TEXT, "nullable in OpenAI's only"),
        ({"enum": ["x", "y"]}, {"enum": ["x"]}, "enum lacks ['y']"),
        ({"enum": ["x"]}, TEXT, "no enum, should be ['x']"),
        ({**TEXT, "default": "x"}, TEXT, "default None instead of 'x'"),
        ({"anyOf": [TEXT, PERSON]}, TEXT, "union lacks object"),
        (TEXT, {"anyOf": [TEXT, PERSON]}, "union adds object"),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": PERSON}, "items: type object instead of string"),
    ],
)  # fmt: skip
def test_a_different_meaning_is_one_issue(theirs: Any, ours: Any, said: str) -> None:
    """It says what differs."""
    assert found(a(it=theirs), a(it=ours)) == [(".it", False, said)]


def test_fewer_values_matter_in_what_is_asked_only() -> None:
    """A client that reads any text can read these; one that sends any cannot."""
    free, bound = a(it=TEXT), a(it={"type": "string", "enum": ["x"]})
    assert found(free, bound) == []
    theirs, ours = (
        Document(whole(TEXT, requestBody={"content": {"application/json": {"schema": one}}}))
        for one in (free, bound)
    )
    [issue] = Comparison(theirs, ours, deep=False).operation("/things/{id}", "/things/{id}", "post")
    assert issue.detail == "enum ['x'] where any value goes"


def test_what_is_not_there_is_missing() -> None:
    """One property, whatever it holds."""
    assert found(a(it=PERSON, name=TEXT), a(name=TEXT)) == [(".it", True, "")]
    assert found(a(it=a(x=TEXT)), a(it=a())) == [(".it.x", True, "")]


def test_alternatives_are_compared_in_the_deep_count_only() -> None:
    """They are paired by the words that only they may hold."""
    cat = a(type={"const": "cat"}, lives={"type": "integer"})
    dog = a(type={"const": "dog"}, bark=TEXT)
    mute = a(type={"const": "dog"})
    theirs, ours = a(it={"oneOf": [cat, dog]}), a(it={"anyOf": [mute, cat]})
    assert found(theirs, ours) == []
    assert found(theirs, ours, deep=True) == [(".it<object dog>.bark", True, "")]


def test_parameters_and_bodies_that_are_missing_are_found() -> None:
    """Those in the path are told apart by their place alone."""
    asked = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    named = {"name": "id", "in": "path", "schema": TEXT}
    theirs = Document(whole(PERSON, parameters=[asked, named], requestBody={"$ref": "#/body"}))
    theirs.raw["body"] = {"content": {"application/json": {"schema": PERSON}}}  # type: ignore[index]
    ours = Document(whole({}, prefix="/v1"), prefix="/v1")
    findings = Comparison(theirs, ours, deep=False).operation(
        "/things/{id}", "/things/{id}", "post"
    )
    assert [(one.path, one.weight) for one in findings] == [
        ("query limit", 1),
        ("request application/json", 2),
        ("200 application/json", 2),
    ]
    summed = categories(theirs, ours)["Things"]
    assert (summed.properties, summed.missing, summed.score) == (6, 5, 16.7)
    assert "missing query limit" in detail(theirs, ours, "/v1/things/{thing}")


def test_a_document_agrees_with_itself() -> None:
    """Ours, in full; and the table has a line for each category."""
    document = our_document()
    for path, item in document["paths"].items():
        for operation in item.values():
            operation["tags"] = ["Chat" if "chat" in path else "Models"]
    both = Document(document, prefix="/v1")
    assert {one.deep_score for one in categories(both, both).values()} == {100.0}
    assert f"| Chat | 100.0 | {categories(both, both)['Chat'].properties} |" in table(both, both)
    assert f"{OGX['Chat'][0]} % of" in table(both, both)
