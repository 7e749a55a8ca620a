"""Checks answers against OpenAI's OpenAPI document, or against shapes of our own where it is absent.

    check = checker("/v1/chat/completions", "post", 200)
    assert check(answer.json()) == []

The document's path is given by the variable OPENAI_OPENAPI (JSON). A schema is found by path, method,
status and content type, or by its name in the document. Shapes of our own are in openai_shapes.py.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.fakes.openai_shapes import ERROR, SHAPES

Check = Callable[[Any], list[str]]
JSON, STREAM = "application/json", "text/event-stream"
HERE = "urn:openai"
MAPS = ("properties", "patternProperties", "$defs")
LISTS = ("allOf", "anyOf", "prefixItems")


@functools.cache
def document() -> dict[str, Any] | None:
    """Read OpenAI's document; None where it is not given."""
    given = os.environ.get("OPENAI_OPENAPI")  # noqa: TID251 - a harness
    return json.loads(Path(given).read_bytes()) if given else None


def checker(name: str, method: str = "get", status: int = 200, kind: str = JSON) -> Check:
    """Give a function that lists what is wrong with an answer; no answer can be checked: LookupError.

    `name` is a path, templates or real ids in it, or a schema's name in OpenAI's document.
    """
    if not name.startswith("/"):
        return _by_name(name)
    path = _template(name.removeprefix("/v1"))
    return _by_path(path, method.lower(), status, kind)


def stream_faults(text: str, check: Check) -> list[str]:
    """List what is wrong with the events of a stream; comments and the last [DONE] are fine."""
    found: list[str] = []
    for at, data in enumerate(events(text)):
        found += [f"event {at}: {fault}" for fault in ([] if data == "[DONE]" else check(data))]
    return found


def events(text: str) -> Iterator[Any]:
    """Take the data of server-sent events, "[DONE]" as it stands."""
    for line in text.split("\n"):
        if line.startswith("data: "):
            data = line.removeprefix("data: ")
            yield data if data == "[DONE]" else orjson.loads(data)


@functools.cache
def _by_name(name: str) -> Check:
    if document() is None:
        return _check(Draft202012Validator(SHAPES[name]))
    if name not in _resources()["components"]["schemas"]:
        msg = f"OpenAI's document has no schema {name}"
        raise LookupError(msg)
    return _check(_validator(f"/components/schemas/{name}"))


@functools.cache
def _by_path(path: str, method: str, status: int, kind: str) -> Check:
    if document() is None:
        shape = ERROR if status >= 400 else SHAPES[f"{method} {path} {kind}"]
        return _check(Draft202012Validator(shape))
    if status >= 400:
        return _by_name("ErrorResponse")
    answers = _resources()["paths"][path][method]["responses"]
    found = next(code for code in (str(status), "2XX", "default", "200") if code in answers)
    if kind not in answers[found].get("content", {}):
        msg = f"OpenAI's document gives {method} {path} {status} no {kind}"
        raise LookupError(msg)
    steps = ("paths", path, method, "responses", found, "content", kind, "schema")
    return _check(_validator("".join("/" + _escaped(step) for step in steps)))


def _check(validator: Draft202012Validator) -> Check:
    def faults(value: Any) -> list[str]:
        found: list[str] = []
        for error in validator.iter_errors(value):
            nearest = best_match([error]) or error
            found.append(f"{nearest.json_path}: {nearest.message[:300]}")
        return found

    return faults


def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": HERE + "#" + pointer}, registry=_registry())


@functools.cache
def _registry() -> Registry[Any]:
    made: Registry[Any] = Registry()
    return made.with_resource(HERE, DRAFT202012.create_resource(_resources()))


@functools.cache
def _resources() -> dict[str, Any]:
    """Bring the document's schemas into a form that a validator understands."""
    given = document()
    assert given is not None
    schemas = {name: plain(one) for name, one in given["components"]["schemas"].items()}
    paths = {path: _plain_paths(item) for path, item in given["paths"].items()}
    return {"components": {**given["components"], "schemas": schemas}, "paths": paths}


def _plain_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: plain(one) if name == "schema" else _plain_paths(one)
            for name, one in value.items()
        }
    return [_plain_paths(one) for one in value] if isinstance(value, list) else value


def plain(schema: Any) -> Any:
    """Rewrite what OpenAPI says in its own way: nullable, oneOf whose cases overlap, recursion."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for name, value in schema.items():
        key = "anyOf" if name == "oneOf" else name
        if name in {"nullable", "discriminator", "example", "examples", "default"}:
            continue
        if name.startswith("$recursive"):  # a filter inside a filter: any object
            continue
        if name in MAPS:
            made[key] = {inner: plain(one) for inner, one in value.items()}
        elif key in LISTS:
            made[key] = [*made.get(key, ()), *map(plain, value)]
        else:
            made[key] = plain(value)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def _template(path: str) -> str:
    """Find the path of the document that a request's path belongs to."""
    given = document()
    known = list(given["paths"]) if given else [key.split(" ")[1] for key in SHAPES if " " in key]
    if path in known:
        return path
    bare = re.sub(r"{[^}]*}", "x", path).partition("?")[0]
    for one in sorted(known, key=lambda one: (one.count("{"), -len(one))):
        if re.fullmatch(re.sub(r"{[^}]*}", "[^/]+", one), bare):
            return one
    if bare.startswith("/models/"):  # names of models may hold slashes
        return "/models/{model}"
    msg = f"OpenAI has no {path}"
    raise LookupError(msg)


def _escaped(step: str) -> str:
    step = step.replace("~", "~0").replace("/", "~1")
    return step.replace("{", "%7B").replace("}", "%7D")
