"""Turn what pydantic found into one line: name, problem, what is allowed, where it stood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from backend.config.catalogue import Setting
from backend.config.errors import SettingsError
from backend.config.sources import Entry
from backend.kit.redaction import redact

_SHOWN_CHARS = 60
_PROBLEMS = {
    "greater_than_equal": "it is too small",
    "less_than_equal": "it is too large",
    "int_parsing": "it is not a whole number",
    "int_from_float": "it is not a whole number",
    "int_parsing_size": "it is too large",
    "float_parsing": "it is not a number",
    "finite_number": "it is not a finite number",
    "bool_parsing": "it is neither true nor false",
    "literal_error": "it is not one of the choices",
    "string_pattern_mismatch": "it is not written as expected",
    "string_too_long": "it is too long",
    "missing": "it is not given",
    "extra_forbidden": "there is no such setting",
}


def explain(
    error: ValidationError,
    *,
    known: Mapping[str, Setting],
    entries: Mapping[str, Entry],
    prefix: str = "",
) -> SettingsError:
    """Make the error to raise; values of secrets are left out of it."""
    found = error.errors(include_url=False, include_input=False)
    return SettingsError([
        _line(item, known=known, entries=entries, prefix=prefix)
        for item in found
        if item["type"] != "default_factory_not_called"  # it follows from another problem
    ])


def _line(
    item: Mapping[str, Any],
    *,
    known: Mapping[str, Setting],
    entries: Mapping[str, Entry],
    prefix: str,
) -> str:
    name = _name(item, prefix)
    setting, entry = known.get(name), entries.get(name)
    shown = ""
    if entry and setting and not setting.secret:
        text = redact(entry.value)
        shown = repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "...") + ": "
    fix = f"; give {setting.allowed}" if setting else "; see docs/settings.md"
    origin = entry.origin if entry else "default"
    return f"{name}: {shown}{_problem(item)}{fix} ({origin})"


def _name(item: Mapping[str, Any], prefix: str) -> str:
    named = item.get("ctx", {}).get("setting")
    if named:
        return str(named)
    parts: list[str] = []
    for part in item["loc"]:
        if isinstance(part, int):
            break
        parts.append(part.upper())
    return prefix + "__".join(parts)


def _problem(item: Mapping[str, Any]) -> str:
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, ValueError):
        return str(cause)
    return _PROBLEMS.get(item["type"], str(item["msg"]))
