"""Tools of the servers that a caller names, as tools of one run: listed, bounded, shown, let go.

Names, descriptions and schemas come from strangers and reach the model's prompt: they are bounded
and fenced, and a run that has them is one that text entered which nobody vouches for. Not for: how
servers are reached (`ports.remote_tools`) or what is kept of them while a run waits (`remote_pause`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from pydantic import RootModel, model_validator

from backend.agent.policy import Caller
from backend.agent.remote_work import RemoteWork
from backend.agent.run import AgentParts, Run, TurnRequest
from backend.agent.toolbox import REMOTE, RemoteOrigin, ToolCard
from backend.errors import InvalidRequest, NotAllowed, RemoteServerFailed, ToolFailed
from backend.kit.fences import fenced
from backend.kit.foreign_schema import faults, plainly, without_nulls
from backend.kit.ids import new_id
from backend.kit.json_values import copy_json
from backend.kit.waiting import side_by_side
from backend.ports.remote_tools import RemoteListing, RemoteServer, RemoteSession, RemoteTool
from backend.ports.tools import ToolContext, ToolResult, Touch
from backend.ports.values import JsonObject, TurnEvent

MAX_NAME_CHARS = 64  # of a function in OpenAI's API
SERVER_DESCRIPTION_CHARS = 300
READS: frozenset[Touch] = frozenset({"reads_outside"})
WRITES: frozenset[Touch] = frozenset({"reads_outside", "writes_outside"})
NO_CHAT = "A plain chat calls no tools: leave out the mcp tools, or ask for another mode"
NOT_THIS_KEY = "This API key may not use remote MCP servers: it needs the scope tools:mcp"
NOT_BY_RULE = "The rules of this server do not let you use remote MCP servers (APPROVALS__RULES)"
NOT_HERE = "This server takes no remote MCP servers"


class RemoteArgs(RootModel[dict[str, Any]]):
    """Arguments of a remote tool, checked by what its server says of them, on the first level."""

    given: ClassVar[JsonObject] = {}

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return without_nulls(cls.given, cast("dict[str, Any]", given))

    @model_validator(mode="after")
    def _check(self) -> RemoteArgs:
        wrong = faults(self.given, self.root)
        if wrong:
            raise ValueError("; ".join(wrong[:5]))
        return self

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401
        """Show the schema as it was made plain."""
        return copy_json(cls.given)


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """One tool of a remote server behind the tool port."""

    session: RemoteSession
    label: str
    tool: str

    async def run(self, args: RemoteArgs, context: ToolContext) -> ToolResult:  # noqa: ARG002 - the port's signature
        """Call it; nothing of who asks goes along."""
        return await self.session.call(self.label, self.tool, args.root)


def check(request: TurnRequest, parts: AgentParts) -> None:
    """Refuse remote servers that this caller may not use, or that nobody may reach.

    Raises:
        InvalidRequest, NotAllowed: with what to change.
    """
    if not request.remote_servers:
        return
    if parts.remote is None:
        raise InvalidRequest(NOT_HERE, param="tools", code="unsupported_parameter")
    if request.mode == "chat":
        raise InvalidRequest(NO_CHAT, param="tools")
    if request.allowed_tools is not None and REMOTE not in request.allowed_tools:
        raise NotAllowed(NOT_THIS_KEY)
    caller = Caller(username=request.username, role=request.role)
    whole = ToolCard(name=REMOTE, description="", args=RemoteArgs, touches=WRITES)
    if parts.policy.verdict(caller, whole, by_default=False) == "deny":
        raise NotAllowed(NOT_BY_RULE)
    parts.remote.check(request.remote_servers)


async def bring(run: Run) -> None:
    """Ask every server for its tools, tell of them, and put them into the run's toolbox.

    Raises:
        RemoteServerFailed: when one of them cannot be used; the others are told of all the same.
    """
    servers = run.request.remote_servers
    if not servers or run.parts.remote is None:
        return
    session = run.parts.remote.open(servers)
    run.remote = RemoteWork(session=session, tools={})
    found = await side_by_side(_listed(session, one.label) for one in servers)
    for server, one in zip(servers, found, strict=True):
        run.say(_listing_event(server.label, one))
    failed = [one for one in found if isinstance(one, ToolFailed)]
    if failed:
        raise RemoteServerFailed(_sentence(failed[0].message), param="tools")
    shown = {
        server.label: one.tools
        for server, one in zip(servers, found, strict=True)
        if isinstance(one, RemoteListing)
    }
    put_in(run, RemoteWork(session=session, tools=shown))
    run.tainted |= any(shown.values())


def put_in(run: Run, work: RemoteWork) -> None:
    """Give a run the tools of its servers, under names that shadow none it has."""
    run.remote = work
    taken = {card.name for card in run.parts.toolbox.cards}
    taken |= {str(one["function"]["name"]) for one in run.request.client_tools}
    cards: list[ToolCard] = []
    for server in run.request.remote_servers:
        for tool in work.tools.get(server.label, ()):
            name = _free(f"{server.label}__{tool.name}", taken)
            taken.add(name)
            cards.append(_card(name, server, tool, session=work.session))
    if cards:
        run.parts = replace(run.parts, toolbox=run.parts.toolbox.with_cards(cards))


def close(run: Run) -> None:
    """Let go of a run's connections."""
    if run.remote is not None:
        run.remote.session.close()


async def _listed(session: RemoteSession, label: str) -> RemoteListing | ToolFailed:
    try:
        return await session.listing(label)
    except ToolFailed as exc:
        return exc


def _listing_event(label: str, found: RemoteListing | ToolFailed) -> TurnEvent:
    """Tell what a server offers, in the words of OpenAI's `mcp_list_tools`."""
    failed = isinstance(found, ToolFailed)
    data: JsonObject = {
        "id": new_id("mcpl"),
        "server_label": label,
        "tools": [] if failed else [_shown(one) for one in found.tools],
        "left_out": 0 if failed else found.left_out,
        "error": found.message if failed else None,
    }
    return TurnEvent(type="remote_tools", data=data)


def _shown(tool: RemoteTool) -> JsonObject:
    return {
        "name": tool.name,
        "description": tool.description or None,
        "input_schema": tool.input_schema,
        "annotations": tool.annotations or None,
    }


def _card(name: str, server: RemoteServer, tool: RemoteTool, *, session: RemoteSession) -> ToolCard:
    told = [f"The tool {tool.name} of the remote server {server.label}."]
    if server.description:
        told.append(server.description[:SERVER_DESCRIPTION_CHARS])
    if tool.description:
        told.append(fenced(tool.description, source=f"mcp:{server.label}"))
    given = plainly(tool.input_schema)
    return ToolCard(
        name=name,
        description="\n".join(told),
        args=_args_of(given),
        touches=READS if tool.read_only else WRITES,
        tool=RemoteCall(session, server.label, tool.name),
        remote=RemoteOrigin(label=server.label, tool=tool.name, asks=server.asks(tool)),
    )


def _args_of(schema: Mapping[str, Any]) -> type[RemoteArgs]:
    made = type("RemoteToolArgs", (RemoteArgs,), {"__module__": __name__})
    made.given = dict(schema)
    return made


def _free(name: str, taken: set[str]) -> str:
    """Make a name of letters, digits and _ that nothing else has."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:MAX_NAME_CHARS]
    if plain not in taken:
        return plain
    tries = (f"{plain[: MAX_NAME_CHARS - 4]}_{number}" for number in range(2, len(taken) + 3))
    return next(one for one in tries if one not in taken)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
