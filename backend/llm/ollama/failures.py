"""Turn Ollama's error texts and broken streams into our errors.

Ollama tells its errors apart by text alone: {"error": "text"} with a status that is often 500.
"""

from __future__ import annotations

import re
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
    r"out of memory|more system memory|insufficient memory|cudaMalloc failed"
    r"|(?:failed|unable) to allocate|not enough memory",
    re.IGNORECASE,
)
SERVE_HINT = "; start it with `ollama serve`."
NOT_SUPPORTED = re.compile(r"does not support (tools|thinking|chat|vision|images?|insert|generate)")
WRONG_OPTION = re.compile(r'option "(\w+)" must be of type')
TOO_LONG = re.compile(
    r"exceeds? the (?:available )?context|context (?:length|size) exceeded|too large to process"
    r"|exceeds maximum context"
)
PARAMS = {
    "tools": "tools",
    "thinking": "reasoning_effort",
    "chat": "model",
    "generate": "model",
    "insert": "suffix",
}


def failure_from(exc: StreamError, *, model: str, base_url: str) -> StewardError:
    """Translate what streaming raised."""
    if isinstance(exc, Busy):
        return Overloaded(retry_after_s=BUSY_RETRY_S)
    if isinstance(exc, TimedOut):
        return UpstreamTimeout(f"Ollama did not answer in time: {exc}.")
    if isinstance(exc, Refused):
        return _refused(exc, model=model, base_url=base_url)
    if isinstance(exc, Broken):
        return UpstreamCut()
    return unreachable(base_url)


def unreachable(base_url: str) -> UpstreamUnreachable:
    """Say that nothing listens, and what to do."""
    msg = f"Ollama cannot be reached at {base_url}{SERVE_HINT}"
    return UpstreamUnreachable(msg)


def failure_of(text: str, *, model: str, status: int = 500) -> StewardError:
    """Translate an error text, from a status answer or from a line inside a stream.

    It may quote the prompt: it is for the caller, not for the log.
    """
    failure = _failure_of(redact(text), model=model, status=status)
    failure.for_log = f"Ollama refuses with status {status}."
    return failure


def _failure_of(text: str, *, model: str, status: int) -> StewardError:
    said = f"Ollama: {text}"
    if found := NOT_SUPPORTED.search(text):
        msg = f"The model '{model}' does not support {found[1]}."
        return UnsupportedByModel(msg, param=PARAMS.get(found[1], "messages"))
    if found := WRONG_OPTION.search(text):
        return InvalidRequest(said, param=found[1])
    if OUT_OF_MEMORY.search(text):
        return UpstreamOutOfMemory(said)
    if TOO_LONG.search(text):
        return ContextTooLong(said, param="messages")
    return _by_status(said, model=model, status=status)


def _by_status(said: str, *, model: str, status: int) -> StewardError:
    if status == 404:
        return not_found(model)
    if status in {429, 503}:
        return Overloaded(said, retry_after_s=BUSY_RETRY_S)
    if "invalid format" in said:
        return InvalidRequest(said, param="response_format")
    if status == 400:
        return InvalidRequest(said)
    return UpstreamError(said)


def not_found(model: str) -> ModelNotFound:
    """Say that Ollama does not have the model, and how to get it."""
    msg = f"The model '{model}' is not there; get it with `ollama pull {model}`."
    return ModelNotFound(msg, param="model")


def _refused(exc: Refused, *, model: str, base_url: str) -> StewardError:
    text = error_text(exc.body)
    if text is not None:
        failure = failure_of(text, model=model, status=exc.status)
        if exc.retry_after_s is not None:
            failure.retry_after_s = exc.retry_after_s
        return failure
    if exc.status in {429, 503}:
        return Overloaded(retry_after_s=exc.retry_after_s or BUSY_RETRY_S)
    msg = f"The server at {base_url} does not answer as Ollama does (status {exc.status})."
    return UpstreamGarbage(msg)


def error_text(body: bytes) -> str | None:
    """Give the text of {"error": "text"}; None when the body is anything else."""
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    text: Any = cast(dict[str, Any], said).get("error") if isinstance(said, dict) else None
    return text if isinstance(text, str) else None
