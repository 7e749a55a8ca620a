"""The tool port: what a tool is given, what it gives back, and how one is declared.

A tool module in `backend/tools/` has NAME, DESCRIPTION, Args, Options, TOUCHES and
`build(options, services) -> Tool`. `build` raises ToolUnavailable with the reason and the mend when
the tool cannot work on this server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast, runtime_checkable

from pydantic import BaseModel, ConfigDict, model_validator

from backend.kit.http import HttpClient
from backend.ports.clock import Clock
from backend.ports.documents import Documents
from backend.ports.query import Databases, TableEngine
from backend.ports.sandbox import MadeFile, Sandbox
from backend.ports.stores import Role
from backend.ports.values import Citation, Health, JsonObject
from backend.ports.web import WebReader

Touch = Literal["computes", "reads_user_data", "reads_outside", "executes", "writes_outside"]


class ToolArgs(BaseModel):
    """Base of every tool's Args: unknown fields are refused so that the model hears of them.

    A null argument counts as one not given: small models write null for every optional field.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        named = cast("dict[str, object]", given)
        return {name: value for name, value in named.items() if value is not None}


class ToolOptions(BaseModel):
    """Base of every tool's Options, read from TOOLS__<NAME>__<FIELD>; strict and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageBounds:
    """What a caller wants of a search in its documents; `most` is 0 for the tool's own number."""

    most: int = 0
    least_relevance: float = 0.0


ANY_PASSAGES = PassageBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """Who calls, and within which run; with `file_ids`, only these of the caller's files are there.

    `passages` bounds what a search in them brings.
    """

    user_id: str
    username: str = ""
    role: Role = "user"
    run_id: str = ""
    session_id: str | None = None
    file_ids: tuple[str, ...] | None = None
    passages: PassageBounds = ANY_PASSAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool brought: text for the model, data for the client, passages to cite, files it made.

    In `text`, the n-th citation of this result is marked [n] counting from 1; the run renumbers.
    The toolbox keeps `files` as artifacts of the user and adds their names and links to the text.
    """

    text: str
    data: JsonObject = field(default_factory=dict[str, Any])
    citations: tuple[Citation, ...] = ()
    files: tuple[MadeFile, ...] = ()


class Tool(Protocol):
    """Something the agent can do."""

    async def run(self, args: Any, context: ToolContext) -> ToolResult:  # noqa: ANN401
        """Do it; raise ToolRetry (mendable by other arguments) or ToolFailed, nothing else."""
        ...


@runtime_checkable
class Settling(Protocol):
    """A tool that tries itself before it may be used; until then it is "checking"."""

    async def settle(self) -> str:
        """Try it; give its description, or raise ToolUnavailable with the reason and the mend."""
        ...


@runtime_checkable
class Examined(Protocol):
    """A tool that knows how what it asks does."""

    async def health(self) -> Health:
        """Tell from the last calls; nothing is asked for this."""
        ...


@runtime_checkable
class Reaching(Protocol):
    """A tool of which some calls touch more than it declares for all of them."""

    def touched_by(self, args: Any) -> frozenset[Touch]:  # noqa: ANN401 - the tool's own Args
        """Say what one call touches besides."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a tool may use; grows by ports, never by settings. A port this server lacks is None."""

    http: HttpClient
    clock: Clock
    documents: Documents | None = None
    sandbox: Sandbox | None = None
    tables: TableEngine | None = None
    databases: Databases | None = None
    web: WebReader | None = None
