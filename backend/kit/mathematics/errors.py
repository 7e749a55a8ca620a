"""The two ways in which mathematics from text fails."""

from __future__ import annotations

_SHOWN = 30


class NotUnderstood(ValueError):
    """The text cannot be read; the message says what, where, and how to write it."""


class CannotCompute(ValueError):
    """The text is understood, but the answer does not exist or is out of reach."""


def misread(what: str, *, text: str, at: int) -> NotUnderstood:
    """Make the error for something wrong at character `at` (from 0) of the text as read."""
    before = text[max(0, at - _SHOWN) : at]
    after = text[at : at + _SHOWN]
    head = "..." if at > _SHOWN else ""
    tail = "..." if at + _SHOWN < len(text) else ""
    place = f'in "{head}{before} >>> {after}{tail}"' if after else f'after "{head}{before}"'
    return NotUnderstood(f"{what} at character {at + 1}, {place}")
