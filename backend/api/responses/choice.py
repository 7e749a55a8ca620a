"""Read the `tool_choice` of a Responses request, which is flat and may name a built-in tool. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from backend.api.responses.tools import BUILT_IN, ToolsAsked
from backend.errors import InvalidRequest
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which tools a turn has, and what it has to do with them.

    `client_choice` is about the caller's tools, in the form of chat completions; one of our tools
    in `first` has to be called before the answer.
    """

    client: tuple[JsonObject, ...]
    server: tuple[str, ...]
    client_choice: str | JsonObject | None = None
    first: tuple[str, ...] = ()


def read_choice(choice: str | JsonObject | None, asked: ToolsAsked) -> Choice:
    """Read the choice among the tools of a request.

    Raises:
        InvalidRequest: when it is none of OpenAI's forms, or names a tool that is not there.
    """
    client, server = tuple(asked.client), tuple(asked.server)
    if isinstance(choice, dict):
        return _of_object(choice, asked)
    return _of_mode(choice, client, server)


def _of_mode(mode: object, client: tuple[JsonObject, ...], server: tuple[str, ...]) -> Choice:
    if mode is None or mode == "auto":
        return Choice(client=client, server=server)
    if mode == "none":
        return Choice(client=client, server=(), client_choice="none")
    if mode != "required":
        msg = f"'{str(mode)[:40]}' is not one of none, auto, required"
        raise InvalidRequest(msg, param="tool_choice")
    if not client and not server:
        raise InvalidRequest("tool_choice needs tools", param="tool_choice")
    demanded = None if server else "required"
    return Choice(client=client, server=server, client_choice=demanded, first=server)


def _of_object(choice: JsonObject, asked: ToolsAsked) -> Choice:
    kind = choice.get("type")
    if kind == "allowed_tools":
        tools: Any = choice.get("tools")
        entries = cast("list[Any]", tools) if isinstance(tools, list) else []
        if not entries:
            msg = "allowed_tools wants a list of tools"
            raise InvalidRequest(msg, param="tool_choice.tools")
        client: list[JsonObject] = []
        server: list[str] = []
        for one in entries:
            found = _named(cast("JsonObject", one) if isinstance(one, dict) else {}, asked)
            client += found.client
            server += found.server
        return _of_mode(choice.get("mode"), tuple(client), tuple(server))
    found = _named(choice, asked)
    if found.server:
        return Choice(client=(), server=found.server, first=found.server[:1])
    name = found.client[0]["function"]["name"]
    demanded: JsonObject = {"type": "function", "function": {"name": name}}
    return Choice(client=found.client, server=(), client_choice=demanded)


def _named(entry: JsonObject, asked: ToolsAsked) -> Choice:
    """Find the tool that an entry names."""
    kind, name = str(entry.get("type")), entry.get("name")
    if kind in {"function", "custom"}:
        found = [one for one in asked.client if one["function"]["name"] == name]
        if found and (name in asked.custom) == (kind == "custom"):
            return Choice(client=tuple(found), server=())
    ours = tuple(one for one in BUILT_IN.get(kind, ()) if one in asked.server)
    if not ours:
        msg = "tool_choice names no tool of this request"
        raise InvalidRequest(msg, param="tool_choice")
    return Choice(client=(), server=ours)
