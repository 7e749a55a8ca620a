"""OpenAI's `mcp` tool and its items, to and from our values. Not for: what runs (`agent.remote`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from backend.errors import InvalidRequest
from backend.kit.json_values import dump_json
from backend.ports.remote_tools import ALL_TOOLS, RemoteServer, ToolFilter
from backend.ports.values import JsonObject

NO_CONNECTORS = (
    "Connectors and tunnels of OpenAI do not exist here; give the server's own server_url"
)
SERVER_ERROR = -32_000  # of JSON-RPC, for what an implementation defines


def remote_servers(tools: Sequence[JsonObject]) -> tuple[RemoteServer, ...]:
    """Read every tool of type `mcp`; `tools` are all of the request, for the place in a fault.

    Raises:
        InvalidRequest: naming the field.
    """
    return tuple(
        _server(tool, f"tools[{at}]") for at, tool in enumerate(tools) if tool.get("type") == "mcp"
    )


def _server(tool: JsonObject, place: str) -> RemoteServer:
    for name in ("connector_id", "tunnel_id"):
        if tool.get(name) is not None:
            raise InvalidRequest(
                NO_CONNECTORS, param=f"{place}.{name}", code="unsupported_parameter"
            )
    headers = _headers(tool, place)
    always, never = _approval(tool.get("require_approval"), f"{place}.require_approval")
    return RemoteServer(
        label=_text(tool, "server_label", place),
        url=_text(tool, "server_url", place),
        headers=headers,
        description=_text(tool, "server_description", place, needed=False),
        allowed=_allowed(tool.get("allowed_tools"), f"{place}.allowed_tools"),
        always=always,
        never=never,
    )


def _text(tool: JsonObject, name: str, place: str, *, needed: bool = True) -> str:
    found: object = tool.get(name)
    if found is None and not needed:
        return ""
    if not isinstance(found, str) or (needed and not found):
        code = "missing_required_parameter" if found is None else "invalid_type"
        msg = f"{place}.{name} wants a text"
        raise InvalidRequest(msg, param=f"{place}.{name}", code=code)
    return found


def _headers(tool: JsonObject, place: str) -> dict[str, str]:
    given: object = tool.get("headers")
    found = cast("dict[object, object]", given) if isinstance(given, dict) else {}
    texts = {
        name: it for name, it in found.items() if isinstance(name, str) and isinstance(it, str)
    }
    if len(texts) != len(found) or not isinstance(given, dict | None):
        msg = "headers wants an object of texts"
        raise InvalidRequest(msg, param=f"{place}.headers", code="invalid_type")
    token = _text(tool, "authorization", place, needed=False)
    if not token:
        return texts
    if any(name.lower() == "authorization" for name in texts):
        msg = "Give either authorization or the header Authorization"
        raise InvalidRequest(msg, param=f"{place}.authorization")
    return {**texts, "Authorization": f"Bearer {token}"}


def _allowed(given: object, param: str) -> ToolFilter | None:
    if given is None:
        return None
    if isinstance(given, list):
        return _filter({"tool_names": cast("list[object]", given)}, param)
    return _filter(given, param)


def _filter(given: object, param: str) -> ToolFilter:
    """Read a list of names and whether tools only read, each of which may be missing."""
    if not isinstance(given, dict):
        msg = "a filter is an object with tool_names, read_only, or both"
        raise InvalidRequest(msg, param=param, code="invalid_type")
    found = cast("JsonObject", given)
    names, read_only = found.get("tool_names"), found.get("read_only")
    several = cast("list[object]", names) if isinstance(names, list) else []
    texts = frozenset(one for one in several if isinstance(one, str))
    if not (names is None or isinstance(names, list)) or not all(
        isinstance(one, str) for one in several
    ):
        msg = "tool_names wants a list of names"
        raise InvalidRequest(msg, param=f"{param}.tool_names", code="invalid_type")
    if not isinstance(read_only, bool | None):
        msg = "read_only wants true or false"
        raise InvalidRequest(msg, param=f"{param}.read_only", code="invalid_type")
    return ToolFilter(names=None if names is None else texts, read_only=read_only)


def _approval(given: object, param: str) -> tuple[ToolFilter | None, ToolFilter | None]:
    """Read which calls are asked for, and which are not; nothing given asks for all."""
    if given is None or given == "always":
        return ALL_TOOLS, None
    if given == "never":
        return None, ALL_TOOLS
    if not isinstance(given, dict):
        msg = "require_approval is always, never, or an object with filters of these names"
        raise InvalidRequest(msg, param=param)
    found = cast("JsonObject", given)
    sides = [found.get(name) for name in ("always", "never")]
    always, never = (None if it is None else _filter(it, param) for it in sides)
    return always, never


def list_item(data: Mapping[str, Any]) -> JsonObject:
    """Give the `mcp_list_tools` item of a run's `remote_tools` event."""
    return {
        "type": "mcp_list_tools",
        "id": data["id"],
        "server_label": data["server_label"],
        "tools": data["tools"],
        "error": data["error"],
    }


def approval_item(data: Mapping[str, Any]) -> JsonObject | None:
    """Give the `mcp_approval_request` item of an `approval` event; None for a tool of ours."""
    if "server_label" not in data:
        return None
    return {
        "type": "mcp_approval_request",
        "id": data["id"],
        "server_label": data["server_label"],
        "name": data["remote_tool"],
        "arguments": dump_json(data["arguments"]),
    }


def call_item(
    item_id: str, call: Mapping[str, Any], result: Mapping[str, Any] | None
) -> JsonObject | None:
    """Give the `mcp_call` item of a `tool_call` event and its `tool_result`, once that is there.

    None for a tool of ours, and for a call that the user refused.
    """
    outcome = None if result is None else result["outcome"]
    if "server_label" not in call or outcome == "denied":
        return None
    text: str = "" if result is None else result["text"]
    return {
        "type": "mcp_call",
        "id": item_id,
        "server_label": call["server_label"],
        "name": call["remote_tool"],
        "arguments": dump_json(call["arguments"]),
        "approval_request_id": call.get("approval_id"),
        "status": {None: "calling", "ok": "completed"}.get(outcome, "failed"),
        "output": text if outcome == "ok" else None,
        "error": None if outcome in {None, "ok"} else _error(text, reported=outcome == "retry"),
    }


def _error(text: str, *, reported: bool) -> JsonObject:
    """Give a failure as the tool's own, which it reported, or one on the way to it."""
    if reported:
        return {
            "type": "mcp_tool_execution_error",
            "content": [{"type": "text", "text": text}],
        }
    return {"type": "mcp_protocol_error", "code": SERVER_ERROR, "message": text}
