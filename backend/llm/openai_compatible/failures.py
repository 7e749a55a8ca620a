"""Turn another server's errors and broken streams into ours.

Shapes seen: {"error": {message, type, param, code}} (code a word or the status), {"error": "text"},
{"message": ...}, {"detail": ...}.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

import orjson

from backend.errors import (
    ContextTooLong,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    StewardError,
    UnsupportedByModel,
    UpstreamCut,
    UpstreamError,
    UpstreamGarbage,
    UpstreamOutOfMemory,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from backend.kit.redaction import redact
from backend.kit.streaming import Broken, Busy, Refused, StreamError, TimedOut

BUSY_RETRY_S = 5.0
OUT_OF_MEMORY = re.compile(
    r"out of memory|more system memory|insufficient memory|(?:failed|unable) to allocate|not enough memory",
    re.IGNORECASE,
)
TOO_LONG = re.compile(
    r"maximum context length|exceeds? the (?:available |maximum )?context|context (?:size|window)",
    re.IGNORECASE,
)
NO_TOOLS = re.compile(
    r"tool[ _-]?(?:choice|call|use|parser)\w* (?:requires|is not|are not)|--jinja"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What an error body says; `status` is its own idea of a status, if it has one."""

    text: str
    code: str = ""
    param: str | None = None
    status: int | None = None


def failure_from(exc: StreamError, *, model: str, base_url: str) -> StewardError:
    """Translate what streaming raised."""
    if isinstance(exc, Busy):
        return Overloaded(retry_after_s=BUSY_RETRY_S)
    if isinstance(exc, TimedOut):
        return UpstreamTimeout(f"The model server did not answer in time: {exc}.")
    if isinstance(exc, Refused):
        return refusal_of(exc, model=model, base_url=base_url)
    if isinstance(exc, Broken):
        return UpstreamCut()
    return unreachable(base_url)


def unreachable(base_url: str) -> UpstreamUnreachable:
    """Say that nothing listens, and what to look at."""
    msg = f"The model server cannot be reached at {base_url}; check UPSTREAM_OPENAI_BASE_URL."
    return UpstreamUnreachable(msg)


def refusal_of(exc: Refused, *, model: str, base_url: str) -> StewardError:
    """Translate an answer with an error status."""
    said = said_in(exc.body)
    if exc.status in {401, 403}:
        msg = f"The model server at {base_url} refuses the key; check UPSTREAM_OPENAI_API_KEY."
        return UpstreamError(msg)
    if not said.text and exc.status not in {429, 503}:
        msg = f"The server at {base_url} does not speak chat completions (status {exc.status})."
        return UpstreamGarbage(msg)
    failure = failure_of(said, model=model, status=exc.status)
    if exc.retry_after_s is not None and isinstance(failure, Overloaded):
        failure.retry_after_s = exc.retry_after_s
    return failure


def failure_of(said: Said, *, model: str, status: int) -> StewardError:
    """Translate an error body, from a status answer or from an event inside a stream.

    Its words may quote the prompt: they are for the caller, not for the log.
    """
    failure = _failure_of(said, model=model, status=status)
    failure.for_log = f"The model server refuses with status {status}."
    return failure


def _failure_of(said: Said, *, model: str, status: int) -> StewardError:
    text = f"The model server: {said.text}"
    if said.code == "context_length_exceeded" or TOO_LONG.search(said.text):
        return ContextTooLong(text, param="messages")
    if OUT_OF_MEMORY.search(said.text):
        return UpstreamOutOfMemory(text)
    if status == 404 or said.code == "model_not_found":
        msg = f"The model '{model}' is not there: {said.text}"
        return ModelNotFound(msg, param="model")
    if status in {429, 503} and said.code != "insufficient_quota":
        return Overloaded(text if said.text else None, retry_after_s=BUSY_RETRY_S)
    return _rest(said, text, status)


def _rest(said: Said, text: str, status: int) -> StewardError:
    if NO_TOOLS.search(said.text):
        return UnsupportedByModel(text, param="tools")
    if status in {400, 413, 422}:
        return InvalidRequest(text, param=said.param)
    return UpstreamError(text)


def said_in(body: bytes) -> Said:
    """Read an error body of any known shape; the text is empty when it is none of them."""
    try:
        whole: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Said("")
    if not isinstance(whole, dict):
        return Said("")
    known = cast(dict[str, Any], whole)
    error = known.get("error") or known.get("message") or known.get("detail")
    if isinstance(error, dict):
        return _said(cast(dict[str, Any], error))
    return Said(redact(str(error or "")))


def _said(error: dict[str, Any]) -> Said:
    code: Any = error.get("code")
    param: Any = error.get("param")
    return Said(
        redact(str(error.get("message") or error.get("type") or "unknown error")),
        code="" if code is None else str(code),
        param=param if isinstance(param, str) else None,
        status=code if isinstance(code, int) else None,
    )
