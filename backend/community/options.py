"""What an administrator says of LangChain's tools: TOOLS__COMMUNITY__IMPORTS and the bounds of calls."""

from __future__ import annotations

from typing import Annotated, Any, cast

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from backend.ports.tools import ToolOptions, Touch

NAME = "community"
# Nothing is known of such a tool, so the worst is assumed.
TOUCHES: frozenset[Touch] = frozenset({"reads_outside", "writes_outside"})


class CommunityImport(BaseModel):
    """One tool: where it is imported from, what it is made with, what it touches, its name here."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    place: str = Field(
        alias="import", pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$", max_length=300
    )
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any], repr=False)
    touches: frozenset[Touch] = Field(default=TOUCHES, min_length=1)
    name: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,63})?$")


def _entries(given: object) -> object:
    """Read a JSON array, or places separated by commas; errors name the entry, never a value."""
    if isinstance(given, tuple):
        return cast("tuple[object, ...]", given)
    found = _loaded(given)
    if isinstance(found, list):
        entries = cast("list[object]", found)
        return tuple(_entry(number, one) for number, one in enumerate(entries, start=1))
    msg = "it is not a JSON array of module:Name or objects"
    raise ValueError(msg)


def _loaded(given: object) -> object:
    if not isinstance(given, str):
        return given
    if not given.lstrip().startswith(("[", "{")):
        return [one.strip() for one in given.split(",") if one.strip()]
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as exc:
        msg = "it is not JSON"
        raise ValueError(msg) from exc


def _entry(number: int, given: object) -> CommunityImport:
    try:
        return CommunityImport.model_validate(
            {"import": given} if isinstance(given, str) else given
        )
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "entry"
        msg = f"entry {number}, {where}: {fault['msg']}"
        raise ValueError(msg) from None


class Options(ToolOptions):
    """Which tools there are, and how many of their calls may run or hang at a time."""

    imports: Annotated[tuple[CommunityImport, ...], BeforeValidator(_entries)] = Field(
        default=(), repr=False
    )
    max_threads: int = Field(default=8, ge=1, le=64)
    patience_s: float = Field(default=5.0, gt=0, le=60)
