"""One renderer for every failure: OpenAI's error object, whatever went wrong."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from backend import errors
from backend.api import unoffered
from backend.api.openai_wire import error_object

logger = logging.getLogger(__name__)
WRONG_LENGTH = frozenset({"too_long", "too_short"})  # of lists: the type was right
BY_STATUS: dict[int, type[errors.StewardError]] = {
    400: errors.InvalidRequest,
    401: errors.NotAuthenticated,
    403: errors.NotAllowed,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.RequestTooLarge,
    415: errors.UnsupportedMediaType,
    422: errors.InvalidRequest,
    429: errors.TooManyRequests,
}


def install(app: FastAPI) -> None:
    """Register the renderer for our errors, the framework's and bugs."""
    app.add_exception_handler(errors.StewardError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _bug)  # raised again by the framework, logged at the edge


def render(error: errors.StewardError, *, body: bytes | None = None) -> Response:
    """Render an error with the headers that clients act on; `body` replaces OpenAI's error object."""
    headers = dict(error.headers)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
        headers["retry-after-ms"] = str(math.ceil(error.retry_after_s * 1000))
    if error.repeats_work or error.status == 500:
        headers["x-should-retry"] = "false"
    return Response(
        body or orjson.dumps(error_object(error)),
        status_code=error.status,
        media_type="application/json",
        headers=headers,
    )


async def _ours(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, errors.StewardError)
    if exc.status >= 500:
        logger.warning("%s: %s", type(exc).__name__, exc.for_log)
    return render(exc)


async def _invalid(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    return render(invalid(exc))


def invalid(exc: RequestValidationError) -> errors.InvalidRequest:
    """Name the field that a request is wrong in."""
    faults: Sequence[Any] = exc.errors()
    first = _plainest(faults) if faults else {"loc": (), "msg": "invalid"}
    missing = first.get("type") == "missing"
    place, *location = first["loc"] or ("",)
    if place == "body":
        param = param_name(location, exc.body, missing=missing)
    else:
        at = "".join(f"[{one}]" for one in location[1:] if isinstance(one, int))
        param = f"{location[0]}{at}" if location else ""
    message = f"{param}: {first['msg']}" if param else str(first["msg"])
    code = "missing_required_parameter" if missing else "invalid_value"
    return errors.InvalidRequest(message, param=param or None, code=code)


async def _framework(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    kind = BY_STATUS.get(exc.status_code, errors.ServerFault)
    detail = None if exc.detail in {"Not Found", "Method Not Allowed"} else str(exc.detail)
    if exc.status_code == 404:
        detail = unoffered.not_found(request.method, request.url.path) or detail
    answer = render(kind(detail))
    answer.headers.update(exc.headers or {})
    return answer


async def _bug(_: Request, __: Exception) -> Response:
    return render(errors.ServerFault())


def _plainest(faults: Sequence[Any]) -> Any:  # noqa: ANN401 - pydantic's error dictionaries
    """Choose the first fault; of a field with several types, the one that got furthest."""
    field = faults[0]["loc"][:-1]
    return max(
        (one for one in faults if one["loc"][: len(field)] == field),
        key=lambda one: (one["type"] in WRONG_LENGTH, len(one["loc"])),
    )


def param_name(location: Sequence[str | int], given: object, *, missing: bool) -> str:
    """Name a field as OpenAI does: `messages[0].role`.

    What pydantic puts between the fields (which member of a union was tried, which validator) has no
    place in the value that was given; of what is `missing`, the last name has none either.
    """
    name, value = "", given
    for at, part in enumerate(location):
        if isinstance(value, list):
            items = cast("list[object]", value)
            if isinstance(part, int) and part < len(items):
                name, value = f"{name}[{part}]", items[part]
            continue
        fields = cast("dict[str | int, object]", value) if isinstance(value, dict) else {}
        if part in fields or (missing and at == len(location) - 1):
            name = f"{name}.{part}" if name else str(part)
            value = fields.get(part)
    return name
