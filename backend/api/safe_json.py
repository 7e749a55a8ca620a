"""Read JSON bodies strictly: UTF-8, no NaN, bounded depth, no lone surrogates.

A body that is not JSON is the client's mistake and says so; it never becomes a 500.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, cast

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Scope

from backend.api.deps import account, authenticate
from backend.errors import InvalidRequest, UnsupportedMediaType

SURROGATE = re.compile("[\ud800-\udfff]")
CURL_TYPE = b"application/x-www-form-urlencoded"
READ = b"{}"
WITH_BODY = ("POST", "PUT", "PATCH")
# JSON is written down to 254 levels, and what a client sends is written inside other things.
DEEPEST = 200
_SPARE_LEVELS = 254 - DEEPEST
ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class SafeRequest(Request):
    """A request whose JSON is read by `read_json`.

    Once it is read, the bytes are let go: messages may hold files, and the framework would keep both
    for as long as the answer takes.
    """

    async def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Give the parsed body."""
        if not hasattr(self, "_safe"):
            self._safe = read_json(await self.body())
            self._body = READ
        return self._safe


class SafeRoute(APIRoute):
    """A route that reads its JSON body before validation, so that the error names the cause.

    Who must be known is asked first: a stranger's body is not read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        handle = super().get_route_handler()
        protected = _asks_for(self.dependant, account)

        async def handler(request: Request) -> Response:
            takes_json = self.body_field is not None and request.method in WITH_BODY
            scope = _as_json(request.scope) if takes_json else request.scope
            safe = SafeRequest(scope, request.receive)
            if takes_json and protected:
                await authenticate(safe)
            if takes_json:
                await _check(safe)
            return await handle(safe)

        return handler


def _asks_for(dependant: Dependant, call: Callable[..., Any]) -> bool:
    return any(one.call is call or _asks_for(one, call) for one in dependant.dependencies)


def _as_json(scope: Scope) -> Scope:
    """Take a body for JSON whose type is missing, or is the one that curl gives every body."""
    headers = [
        (name, b"application/json" if name == b"content-type" and value == CURL_TYPE else value)
        for name, value in scope["headers"]
    ]
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/json"))
    return {**scope, "headers": headers}


async def _check(request: SafeRequest) -> None:
    check_type(media_type(request))
    await read_object(request)


def media_type(request: Request) -> str:
    """Give the type of the body without parameters, in small letters; "" when it is not told."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def check_type(kind: str) -> None:
    """Refuse a body that does not claim to be JSON."""
    if kind != "application/json" and not kind.endswith("+json"):
        msg = f"The body is '{kind[:60]}', but application/json is wanted"
        raise UnsupportedMediaType(msg)


async def read_object(request: Request) -> dict[str, Any]:
    """Give the body as a JSON object.

    Raises:
        InvalidRequest: when it is empty, no JSON or no object.
    """
    if not await request.body():
        raise InvalidRequest("The body is empty, but a JSON object is wanted")
    found = await request.json()
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object")
    return cast("dict[str, Any]", found)


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Parse JSON.

    Half a surrogate pair (an emoji cut in two by a client) is dropped, not refused.

    Raises:
        InvalidRequest: when it is not JSON, naming the place.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        if not ESCAPED_SURROGATE.search(body):
            msg = f"The body is not valid JSON: {exc}"
            raise InvalidRequest(msg) from exc
        found = _without_surrogates(body)
    if body.count(b"{") + body.count(b"[") > DEEPEST:
        _check_depth(found)
    return found


def _check_depth(found: Any) -> None:  # noqa: ANN401 - any JSON
    """Refuse what could be read but not written again, as part of something larger."""
    for _ in range(_SPARE_LEVELS):
        found = [found]
    try:
        orjson.dumps(found)
    except orjson.JSONEncodeError as exc:
        msg = f"The body is nested more than {DEEPEST} levels deep"
        raise InvalidRequest(msg) from exc


def _without_surrogates(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False)
        return orjson.loads(SURROGATE.sub("", text))
    except (ValueError, RecursionError) as exc:
        msg = f"The body is not valid JSON: {exc}"
        raise InvalidRequest(msg) from exc
