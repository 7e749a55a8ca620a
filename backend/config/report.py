"""Which settings were given, as lines for a person, without any secret."""

from __future__ import annotations

from typing import Any, cast

from backend.config.catalogue import describe
from backend.config.settings import Settings
from backend.kit.redaction import redact


def given_settings(settings: Settings) -> list[str]:
    """Write `NAME = value (where from)` for each; secrets and tool options show only that they are given."""
    known = describe(Settings)
    lines: list[str] = []
    for name, origin in sorted(settings.origins()):
        setting = known.get(name)
        open_value = setting is not None and not setting.secret
        shown = redact(str(_value(settings, name))) if open_value else "given"
        lines.append(f"{name} = {shown} ({origin})")
    return lines


def _value(settings: Settings, name: str) -> object:
    value: Any = settings
    for part in name.lower().split("__"):
        value = getattr(value, part)
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in cast("tuple[object, ...]", value))
    return value
