"""The one place that sets up logging: text or JSON lines on standard error, without secrets.

Prompts and answers are never logged: code logs ids, names, counts and times only, and of errors that
end up in the log the texts are left out, because they may quote anything.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import orjson

from backend.config.secret_values import secrets_of
from backend.config.settings import Settings
from backend.kit.log_context import log_context
from backend.kit.redaction import keep_secret, redact
from backend.kit.safe_trace import trace_of

_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_CHATTY = (
    "uvicorn.error",
    "aiosqlite",
    "alembic",
    "asyncio",
    "faiss",
    "httpcore",
    "httpx",
    "langsmith",
    "openai",
)
# What ends a line, or commands a terminal, is spelled out: messages may quote what people wrote.
_CONTROLS = (*range(32), *range(127, 160), 0x2028, 0x2029)
_SPELLED = {
    one: chr(one).encode("unicode_escape").decode() for one in _CONTROLS if chr(one) != "\t"
}


class TextLines(logging.Formatter):
    """`time level logger message key=value`, one event per line, trace-backs indented below."""

    def __init__(self, *, with_texts: bool = False) -> None:
        super().__init__()
        self._with_texts = with_texts

    def format(self, record: logging.LogRecord) -> str:
        """Write one event."""
        context = "".join(f" {name}={value}" for name, value in log_context().items())
        message = record.getMessage().translate(_SPELLED)
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {message}{context}"
        trace = trace_of(record.exc_info, with_texts=self._with_texts)
        return redact(line + "\n    " + trace.replace("\n", "\n    ") if trace else line)


class JsonLines(logging.Formatter):
    """One JSON object per line with time, level, logger, message, the context and the trace-back."""

    def __init__(self, *, with_texts: bool = False) -> None:
        super().__init__()
        self._with_texts = with_texts

    def format(self, record: logging.LogRecord) -> str:
        """Write one event."""
        event: dict[str, str] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            **log_context(),
        }
        if trace := trace_of(record.exc_info, with_texts=self._with_texts):
            event["trace"] = redact(trace)
        return orjson.dumps({key: _utf8(value) for key, value in event.items()}).decode()


def configure_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Send every logger of the process, uvicorn's too, through one handler; may be called again.

    Libraries that report every step are quiet unless LOG_LEVEL is DEBUG.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    keep_secret(secrets_of(settings))
    made = JsonLines if settings.log.format == "json" else TextLines
    handler.setFormatter(made(with_texts=settings.log.error_texts))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _UVICORN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = not settings.log.access
    if settings.log_level != "DEBUG":
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _utf8(text: str) -> str:
    """Replace lone surrogates, which orjson refuses."""
    return text.encode("utf-8", "replace").decode()
