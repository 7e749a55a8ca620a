"""Which request, user and run the current task works for, so that every log line can say it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")

_EMPTY: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=_EMPTY)


def log_context() -> Mapping[str, str]:
    """Return what is bound in this task, such as `{"request_id": "req_..."}`."""
    return _bound.get()


def note_user(user_id: str) -> None:
    """Name the user from now on, until the block of `bind_log_context` around it ends."""
    _bound.set({**_bound.get(), "user_id": user_id})


@contextmanager
def bind_log_context(
    *, request_id: str | None = None, user_id: str | None = None, run_id: str | None = None
) -> Generator[None]:
    """Name the request, user or run for all log lines of the block and the tasks it starts."""
    given = {"request_id": request_id, "user_id": user_id, "run_id": run_id}
    added = {name: value for name, value in given.items() if value is not None}
    token = _bound.set({**_bound.get(), **added})
    try:
        yield
    finally:
        _bound.reset(token)


def start_unbound(work: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
    """Start work that goes on for everybody, in a context without the request (and trace) that happens to start it."""
    return asyncio.create_task(work, name=name, context=Context())
