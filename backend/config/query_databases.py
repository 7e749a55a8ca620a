"""The databases an administrator opens to queries, read from one JSON object by name."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, cast

import orjson
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from backend.config.values import Allowed, Hidden

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ADDRESS = re.compile(r"[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)?://\S+", re.IGNORECASE)


class QueryDatabase(BaseModel):
    """One database; without users and roles everybody may ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    url: SecretStr
    users: tuple[str, ...] = ()
    roles: tuple[Literal["user", "admin"], ...] = ()
    schemas: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    description: str = Field(default="", max_length=500)
    account_is_read_only: bool = False

    @field_validator("url")
    @classmethod
    def _address(cls, given: SecretStr) -> SecretStr:
        if _ADDRESS.fullmatch(given.get_secret_value()) is None:
            msg = "it is not an address such as postgresql+psycopg://user:password@host/name"
            raise ValueError(msg)
        return given


def _by_name(given: object) -> object:
    """Turn the object into a tuple; errors name the database and the field, never a value."""
    if isinstance(given, tuple):
        return cast("tuple[object, ...]", given)
    entries = _loaded(given)
    if isinstance(entries, dict):
        named = cast("dict[str, Any]", entries)
        return tuple(_entry(name, entry) for name, entry in named.items())
    msg = "it is not a JSON object by name"
    raise ValueError(msg)


def _loaded(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as exc:
        msg = "it is not JSON"
        raise ValueError(msg) from exc


def _entry(name: str, entry: object) -> QueryDatabase:
    if _NAME.fullmatch(name) is None:
        msg = "the name of a database is not 1 to 40 small letters, digits, _ or -"
        raise ValueError(msg)
    if not isinstance(entry, dict) or "name" in entry:
        msg = f"database {name}: it is not an object with a url"
        raise ValueError(msg)
    fields = cast("dict[str, Any]", entry)
    try:
        return QueryDatabase.model_validate({"name": name, **fields})
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        msg = f"database {name}, {where}: {fault['msg']}"
        raise ValueError(msg) from None


QueryDatabases = Annotated[
    tuple[QueryDatabase, ...],
    BeforeValidator(_by_name),
    Hidden(),
    Allowed('a JSON object such as {"sales": {"url": "postgresql+psycopg://..."}}'),
]
