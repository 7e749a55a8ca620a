"""The list of all settings with their defaults and ranges, read off the settings classes."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any, Literal, Union, cast, get_args, get_origin

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from backend.config.values import Allowed, DefaultWords, Hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting as a person sees it; `default` is empty when there is none."""

    name: str
    default: str
    allowed: str
    description: str
    secret: bool


def describe(model: type[BaseModel], *, prefix: str = "") -> dict[str, Setting]:
    """List the settings of a class and of the groups in it, by name, in order."""
    found: dict[str, Setting] = {}
    for field_name, field in model.model_fields.items():
        name = f"{prefix}{field_name.upper()}"
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            found |= describe(group, prefix=f"{name}__")
        elif get_origin(group) is not dict or any(isinstance(p, Allowed) for p in field.metadata):
            found[name] = _setting(name, field)
    return found


def _setting(name: str, field: FieldInfo) -> Setting:
    parts = _parts(field)
    words = next((part.words for part in parts if isinstance(part, DefaultWords)), "")
    default = "" if field.default is PydanticUndefined else _show(field.default)
    return Setting(
        name=name,
        default=words or default,
        allowed=_allowed(parts),
        description=field.description or "",
        secret=SecretStr in parts or any(isinstance(part, Hidden) for part in parts),
    )


def _parts(field: FieldInfo) -> list[Any]:
    """Collect the plain type and all its metadata, looking through `X | None` and Annotated."""
    parts: list[Any] = [*field.metadata]
    waiting: list[Any] = [field.annotation]
    while waiting:
        part = waiting.pop()
        if get_origin(part) in {Union, types.UnionType}:
            waiting += [arm for arm in get_args(part) if arm is not type(None)]
        elif hasattr(part, "__metadata__"):
            waiting.append(part.__origin__)
            parts += part.__metadata__
        else:
            parts.append(part)
    return parts


def _allowed(parts: list[Any]) -> str:
    for part in parts:
        if isinstance(part, Allowed):
            return part.words
        if get_origin(part) is Literal:
            return "one of: " + ", ".join(get_args(part))
    if bool in parts:
        return "true or false"
    low = next((_show(p.ge) for p in parts if isinstance(p, annotated_types.Ge)), "")
    high = next((_show(p.le) for p in parts if isinstance(p, annotated_types.Le)), "")
    kind = "a whole number" if int in parts else "a number" if float in parts else "a text"
    if low and high:
        return f"{kind} from {low} to {high}"
    return f"{kind} of at least {low}" if low else kind


def _show(value: object) -> str:
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(_show, cast("tuple[object, ...]", value)))
    return f"{value:g}" if isinstance(value, float) else str(value)
