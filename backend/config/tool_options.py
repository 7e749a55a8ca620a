"""Check the raw TOOLS__<NAME>__<FIELD> settings against the model each tool brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from backend.config.catalogue import describe
from backend.config.errors import SettingsError
from backend.config.explain import explain
from backend.config.nearest import nearest
from backend.config.settings import Settings
from backend.config.sources import Entry

AnyOptions = TypeVar("AnyOptions", bound=BaseModel)


def tool_options(settings: Settings, name: str, model: type[AnyOptions]) -> AnyOptions:
    """Make one tool's options from what was set.

    Raises:
        SettingsError: on an unknown field or a bad value, with the setting's full name.
    """
    prefix = f"TOOLS__{name.upper()}__"
    raw = settings.tools.options.get(name, {})
    known = {
        found: replace(setting, secret=True)
        for found, setting in describe(model, prefix=prefix).items()
    }
    unknown = [f"{prefix}{field.upper()}" for field in raw if field not in model.model_fields]
    if unknown:
        raise SettingsError([_unknown(settings, found, known) for found in unknown])
    entries = {
        found: Entry(found, value, settings.origin(found)) for found, value in _leaves(raw, prefix)
    }
    try:
        return model.model_validate(raw)
    except ValidationError as exc:
        raise explain(exc, known=known, entries=entries, prefix=prefix) from None


def check_tool_names(settings: Settings, known: Iterable[str]) -> None:
    """Refuse options for, or switching off of, tools that do not exist.

    Raises:
        SettingsError: with one line per unknown tool.
    """
    names = {f"TOOLS__{name.upper()}": name for name in known}
    problems = [
        _unknown(settings, f"TOOLS__{name.upper()}", names)
        for name in settings.tools.options
        if name not in names.values()
    ]
    problems += [
        f"TOOLS__DISABLED: there is no tool {name!r}; the tools are {', '.join(sorted(names.values()))}"
        f" ({settings.origin('TOOLS__DISABLED')})"
        for name in settings.tools.disabled
        if name not in names.values()
    ]
    if problems:
        raise SettingsError(problems)


def _leaves(raw: dict[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for field, value in raw.items():
        name = f"{prefix}{field.upper()}"
        if isinstance(value, dict):
            yield from _leaves(cast("dict[str, Any]", value), f"{name}__")
        else:
            yield name, str(value)


def _unknown(settings: Settings, name: str, known: Iterable[str]) -> str:
    meant = nearest(name, known, within=4)
    choices = ", ".join(sorted(known)) or "none"
    fix = f"did you mean {meant}?" if meant else f"known are: {choices}"
    origin = next(
        (place for found, place in settings.origins() if found.startswith(name)), "default"
    )
    return f"{name}: there is no such setting; {fix} ({origin})"
