"""Makes the OpenAPI document, when it is asked for first.

The shapes of OpenAI's answers are hundreds of models that nothing else needs: routes name them, and
they are imported here. Not for: `/docs`, which shows it (`reference_page`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from fastapi import FastAPI
from pydantic import TypeAdapter

from backend.models.shown import PLACEHOLDER, shape_of

PLACE = "#/components/schemas/"
Json = dict[str, Any]


def install(app: FastAPI) -> None:
    """Have the document of an application filled with the shapes that its routes name."""
    make = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            fill(make())
        return app.openapi_schema or {}

    app.openapi = openapi


def fill(document: Json) -> None:
    """Put shapes where a document names them, and what they refer to among its components."""
    gaps = [node for node in _objects(document) if PLACEHOLDER in node]
    names = sorted({node[PLACEHOLDER] for node in gaps})
    schemas, more = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter[Any](shape_of(name))) for name in names],
        ref_template=PLACE + "{model}",
    )
    known: Json = document.setdefault("components", {}).setdefault("schemas", {})
    made: Json = more.get("$defs", {})
    renamed = {
        PLACE + name: f"{PLACE}{name}.Shown"
        for name, schema in made.items()
        if name in known and known[name] != schema
    }
    for node in _objects([list(schemas.values()), made]):
        if node.get("$ref") in renamed:
            node["$ref"] = renamed[node["$ref"]]
    for name, schema in made.items():
        known[renamed.get(PLACE + name, PLACE + name).removeprefix(PLACE)] = schema
    for node in gaps:
        node.update(schemas[node.pop(PLACEHOLDER), "serialization"])


def _objects(node: object) -> Iterator[Json]:
    """Walk every JSON object within a value."""
    if isinstance(node, list):
        for one in cast("list[object]", node):
            yield from _objects(one)
    elif isinstance(node, dict):
        members = cast("Json", node)
        yield members
        for one in list(members.values()):
            yield from _objects(one)
