"""Read the `tool_choice` of a Responses request, which is flat and may name a built-in tool. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from backend.agent.toolbox import REMOTE
from backend.api.responses.tools import BUILT_IN, ToolsAsked
from backend.errors import InvalidRequest
from backend.ports.remote_tools import RemoteServer, ToolFilter
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which tools a turn has, and what it has to do with them.

    `client_choice` is about the caller's tools, in the form of chat completions; one of the tools
    in `first` has to be called before the answer, where REMOTE is any of the `remote` servers'.
    """

    client: tuple[JsonObject, ...] = ()
    server: tuple[str, ...] = ()
    remote: tuple[RemoteServer, ...] = ()
    client_choice: str | JsonObject | None = None
    first: tuple[str, ...] = ()


def read_choice(choice: str | JsonObject | None, asked: ToolsAsked) -> Choice:
    """Read the choice among the tools of a request.

    Raises:
        InvalidRequest: when it is none of OpenAI's forms, or names a tool that is not there.
    """
    whole = Choice(client=tuple(asked.client), server=tuple(asked.server), remote=asked.remote)
    return _of_object(choice, asked) if isinstance(choice, dict) else _of_mode(choice, whole)


def _of_mode(mode: object, tools: Choice) -> Choice:
    if mode is None or mode == "auto":
        return tools
    if mode == "none":
        return Choice(client=tools.client, client_choice="none")
    if mode != "required":
        msg = f"'{str(mode)[:40]}' is not one of none, auto, required"
        raise InvalidRequest(msg, param="tool_choice")
    if not (tools.client or tools.server or tools.remote):
        raise InvalidRequest("tool_choice needs tools", param="tool_choice")
    if not (tools.server or tools.remote):
        return replace(tools, client_choice="required")
    names = (str(one["function"]["name"]) for one in tools.client)
    return replace(tools, first=(*tools.server, *_any_of(tools.remote), *names))


def _any_of(remote: tuple[RemoteServer, ...]) -> tuple[str, ...]:
    return (REMOTE,) if remote else ()


def _of_object(choice: JsonObject, asked: ToolsAsked) -> Choice:
    if choice.get("type") == "allowed_tools":
        tools: Any = choice.get("tools")
        entries = cast("list[Any]", tools) if isinstance(tools, list) else []
        if not entries:
            msg = "allowed_tools wants a list of tools"
            raise InvalidRequest(msg, param="tool_choice.tools")
        found = [
            _named(cast("JsonObject", one) if isinstance(one, dict) else {}, asked)
            for one in entries
        ]
        some = Choice(
            client=tuple(it for one in found for it in one.client),
            server=tuple(dict.fromkeys(it for one in found for it in one.server)),
            remote=tuple(it for one in found for it in one.remote),
        )
        return _of_mode(choice.get("mode"), some)
    found = _named(choice, asked)
    if not found.client:
        return replace(found, first=found.server[:1] or _any_of(found.remote))
    name = found.client[0]["function"]["name"]
    return replace(found, client_choice={"type": "function", "function": {"name": name}})


def _named(entry: JsonObject, asked: ToolsAsked) -> Choice:
    """Find the tool that an entry names."""
    kind, name = str(entry.get("type")), entry.get("name")
    if kind in {"function", "custom"}:
        found = [one for one in asked.client if one["function"]["name"] == name]
        if found and (name in asked.custom) == (kind == "custom"):
            return Choice(client=tuple(found))
    ours = tuple(one for one in BUILT_IN.get(kind, ()) if one in asked.server)
    remote = _remote(entry, asked) if kind == "mcp" else ()
    if not ours and not remote:
        msg = "tool_choice names no tool of this request"
        raise InvalidRequest(msg, param="tool_choice")
    return Choice(server=ours, remote=remote)


def _remote(entry: JsonObject, asked: ToolsAsked) -> tuple[RemoteServer, ...]:
    """Find the remote server that an entry names, with all it allows or the one tool named."""
    label, name = entry.get("server_label"), entry.get("name")
    found = [one for one in asked.remote if one.label == label]
    if not isinstance(name, str):
        return tuple(found)
    only = frozenset({name})
    return tuple(replace(one, allowed=_narrowed(one.allowed, only)) for one in found)


def _narrowed(allowed: ToolFilter | None, only: frozenset[str]) -> ToolFilter:
    if allowed is None or allowed.names is None:
        return replace(allowed or ToolFilter(), names=only)
    return replace(allowed, names=allowed.names & only)
