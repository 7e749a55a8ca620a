"""Reads arguments in the shapes that small models write them in."""

from __future__ import annotations

import re

import orjson


def as_text(value: object) -> object:
    """Take data that was given as JSON instead of as text."""
    try:
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    except orjson.JSONEncodeError as exc:
        raise ValueError(str(exc)) from exc


def as_list(value: object) -> object:
    """Take "a, b" as two names; commas inside brackets do not separate."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in re.split(r",(?![^(]*\))", value) if part.strip()]


def as_conditions(value: object) -> object:
    """Take one text as a list of one, and nothing as an empty list."""
    return [value] if isinstance(value, str) and value.strip() else (value or [])
