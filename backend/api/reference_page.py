"""`/docs`: the API described on a page of our own, which loads nothing from anywhere else.

Not for: the description itself, which is `/openapi.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from backend.kit.page_headers import page_headers
from backend.ports.values import JsonObject

_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Steward API</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="icon" href="/favicon.svg"></head><body><main>'
)
_REFERENCE = "#/components/schemas/"


def install(app: FastAPI) -> None:
    """Add the page to an application whose own documentation pages are off."""

    async def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()), headers=page_headers())

    app.add_api_route("/docs", docs, include_in_schema=False)


def reference_page(document: JsonObject) -> str:
    """Write an OpenAPI document as HTML: every operation, then every schema it names."""
    described: Any = document
    title = f"{described['info']['title']} {described['info']['version']}"
    parts = [_HEAD, f'<h1>{escape(title)}</h1><p><a href="/openapi.json">OpenAPI document</a></p>']
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parts += _operation(f"{method.upper()} {path}", operation)
    parts.append("<h2>Schemas</h2>")
    for name, schema in described.get("components", {}).get("schemas", {}).items():
        parts += _schema(name, schema)
    return "".join([*parts, "</main></body></html>"])


def _operation(heading: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{escape(heading)}</code></h2>"
    yield f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p><ul>"
    for parameter in operation.get("parameters", ()):
        about = f"{parameter['in']}: {parameter['name']}"
        told = parameter.get("description", "")
        yield f"<li><code>{escape(about)}</code> {_type(parameter.get('schema', {}))} {escape(told)}"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<li>body, {escape(kind)}: {_type(content.get('schema', {}))}"
    for status, answer in operation.get("responses", {}).items():
        shapes = [
            _type(content.get("schema", {})) for content in answer.get("content", {}).values()
        ]
        yield f"<li>{escape(status)}: {escape(answer['description'])} {', '.join(shapes)}"
    yield "</ul>"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f'<h3 id="{escape(name)}">{escape(name)}</h3>'
    yield f"<p>{escape(schema.get('description', ''))}</p><ul>"
    for field, about in schema.get("properties", {}).items():
        needed = ", required" if field in schema.get("required", ()) else ""
        told = escape(about.get("description", ""))
        yield f"<li><code>{escape(field)}</code> {_type(about)}{needed} {told}"
    yield "</ul>"


def _type(schema: dict[str, Any]) -> str:
    """Name a type; one that has a name of its own is a link to it."""
    if reference := schema.get("$ref"):
        name = escape(reference.removeprefix(_REFERENCE))
        return f'<a href="#{name}">{name}</a>'
    if several := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(map(_type, several))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    return escape(str(schema.get("const", schema.get("type", "any"))))
