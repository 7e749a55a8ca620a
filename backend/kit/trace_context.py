"""Of which trace the current task is, as W3C's traceparent: for what is sent on to others.

Source: https://www.w3.org/TR/trace-context/. Empty while nobody traces.
"""

from __future__ import annotations

from contextvars import ContextVar, Token

_current: ContextVar[str] = ContextVar("traceparent", default="")


def current_traceparent() -> str:
    """Give the header's value, empty when there is no trace."""
    return _current.get()


def bind_traceparent(value: str) -> Token[str]:
    """Set it for this task and those it starts; `release_traceparent` undoes it."""
    return _current.set(value)


def release_traceparent(token: Token[str]) -> None:
    """Set it back to what it was."""
    _current.reset(token)
