"""Makes the OpenAPI document, when it is asked for first.

The shapes of OpenAI's answers are hundreds of models that nothing else needs: routes name them, and
they are imported here. Not for: `/docs`, which shows it (`reference_page`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter

from backend.models.shown import PLACEHOLDER, shape_of

ADDRESS = "/openapi.json"
PLACE = "#/components/schemas/"
Json = dict[str, Any]


def install(app: FastAPI) -> None:
    """Serve the document of an application, filled with the shapes that its routes name.

    Making it takes a second of CPU, once: it is done in a thread, so that streams go on.
    """
    make, making = app.openapi, threading.Lock()

    def openapi() -> Json:
        with making:
            if app.openapi_schema is None:
                fill(make())
        return app.openapi_schema or {}

    async def document() -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(openapi))

    app.openapi = openapi
    app.add_api_route(ADDRESS, document, include_in_schema=False)


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
