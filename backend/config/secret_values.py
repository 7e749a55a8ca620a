"""Finds the values among the settings that nobody may see, for `kit.redaction`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from backend.config.settings import Settings
from backend.kit.masking import SECRET_WORDS


def secrets_of(settings: Settings) -> set[str]:
    """Give every secret of the settings: keys, passwords, tokens, and those inside addresses."""
    found = set(_secrets(settings))
    return {value for value in found if value}


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield from _within(value.get_secret_value())
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _named(cast("Mapping[Any, object]", value))
    elif isinstance(value, list | tuple):
        for one in cast("list[object] | tuple[object, ...]", value):
            yield from _secrets(one)
    elif isinstance(value, str) and "://" in value and "@" in value:
        yield from _password(value)


def _named(values: Mapping[Any, object]) -> Iterator[str]:
    """Look through options whose names alone tell what is secret."""
    for name, value in values.items():
        if isinstance(value, str) and any(word in str(name).lower() for word in SECRET_WORDS):
            yield value
        else:
            yield from _secrets(value)


def _within(secret: str) -> Iterator[str]:
    """Give a secret; of an address its password alone, so that the rest of it may be told."""
    if "://" in secret:
        yield from _password(secret)
    else:
        yield secret


def _password(address: str) -> Iterator[str]:
    """Give the password of an address; PostgreSQL takes it, and that of a key file, in the query too."""
    try:
        parts = urlsplit(address)
        password, asked = parts.password, parse_qsl(parts.query)
    except ValueError:
        return
    if password:
        yield from {password, unquote(password)}
    yield from _named(dict(asked))
