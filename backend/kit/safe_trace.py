"""Trace-backs for logs: where an error came from, without the words it quotes.

The text of an error may hold anything that people wrote: `int("...")` and databases say what they were
given. Types, files and lines are enough to find a mistake in the code.
"""

from __future__ import annotations

import traceback
from types import TracebackType
from typing import Any

_MOST_ERRORS = 10
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def trace_of(exc_info: Any, *, with_texts: bool) -> str:  # noqa: ANN401 - what logging has
    """Write a trace-back; empty without an error. Texts of errors only `with_texts`."""
    if not exc_info or exc_info[1] is None:
        return ""
    error: BaseException = exc_info[1]
    if with_texts:
        return "".join(traceback.format_exception(error)).rstrip("\n")
    return "\n".join(_chain(error, 0))


def _chain(error: BaseException, depth: int) -> list[str]:
    lines: list[str] = []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and depth < _MOST_ERRORS:
        lines += [*_chain(before, depth + 1), "which led to:"]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}")
    lines.append(f"{_name(error)}{_told(error)}")
    return lines


def _name(error: BaseException) -> str:
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _told(error: BaseException) -> str:
    """Give what an error of the operating system means; it quotes nobody, but for names of files."""
    if isinstance(error, OSError) and error.strerror:
        return f": [Errno {error.errno}] {error.strerror}"
    return ""
