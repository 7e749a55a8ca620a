"""The OpenAPI document: shapes that routes only name stand in it whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from backend.api.app import build_app
from backend.api.deps import ApiOptions
from backend.api.document import fill
from backend.models.shown import PLACEHOLDER, answers


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None]:
    yield


def document_of_the_server() -> dict[str, Any]:
    """Make the document as a server without a page would."""
    app: Any = build_app(ApiOptions(), lifespan=nothing, page=None)
    while not isinstance(app, FastAPI):
        app = app._app
    return app.openapi()


def objects(node: object) -> Iterator[dict[str, Any]]:
    """Walk every object."""
    members = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict):
        yield node
    for one in members:
        yield from objects(one)


def test_no_shape_is_left_out_and_every_reference_leads_somewhere():
    """Made twice it is the same document."""
    document = document_of_the_server()
    found = list(objects(document))
    assert [one for one in found if PLACEHOLDER in one] == []
    known = document["components"]["schemas"]
    references = {
        one["$ref"].removeprefix("#/components/schemas/") for one in found if "$ref" in one
    }
    assert references - set(known) == set()
    assert "ChatCompletion" in references


def test_a_name_that_means_something_else_already_is_not_taken():
    """Two shapes of one name stay two."""
    other = {"type": "object", "title": "Choice"}
    document = {"paths": {"/x": answers("chat_answers:ChatCompletion")}, "components": {"schemas": {"Choice": other}}}  # fmt: skip
    fill(document)
    known = document["components"]["schemas"]
    assert known["Choice"] == other
    whole = known["ChatCompletion"]["properties"]["choices"]["items"]["$ref"]
    assert "message" in known[whole.rpartition("/")[2]]["properties"]


async def test_the_document_is_made_beside_the_loop():
    """Whoever streams meanwhile is not held up; two who ask at once get the same one."""
    app: Any = build_app(ApiOptions(), lifespan=nothing, page=None)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)  # noqa: TID251 - lets the others go on

    ticking = asyncio.create_task(tick())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
        first, second = await asyncio.gather(http.get("/openapi.json"), http.get("/openapi.json"))
    ticking.cancel()
    assert (first.status_code, first.json()["info"]["title"]) == (200, "Steward")
    assert first.content == second.content
    assert ticks > 100
