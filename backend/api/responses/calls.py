"""Show the calls of this server's tools as OpenAI's output items. Pure.

Each kind of item says how it looks while the tool works and when it is done, and which events tell of
that. Any tool without a namesake at OpenAI is shown as a tool of an MCP server called "steward".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from backend.api import mcp_wire
from backend.api.responses.asked import Asked
from backend.api.responses.input import container_id
from backend.ports.values import JsonObject

SERVER_LABEL = "steward"
WORKING: dict[str, tuple[str, ...]] = {
    "web_search_call": ("in_progress", "searching"),
    "file_search_call": ("in_progress", "searching"),
    "code_interpreter_call": ("in_progress",),
    "mcp_call": ("in_progress",),
}
PREFIX = {
    "web_search_call": "ws",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "mcp_call": "mcp",
}
KIND = {
    "web_search": "web_search_call",
    "web_fetch": "web_search_call",
    "rag_retrieval": "file_search_call",
    "python_code": "code_interpreter_call",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """One call of a tool of ours, or of a remote server's: what its event told, and its result's."""

    call: JsonObject
    key: str
    result: JsonObject | None = None

    @property
    def tool(self) -> str:
        """Name the tool."""
        return str(self.call["tool"])

    @property
    def arguments(self) -> JsonObject:
        """Give what it was called with."""
        return cast("JsonObject", self.call["arguments"])

    @property
    def kind(self) -> str:
        """Name the kind of item."""
        return "mcp_call" if "server_label" in self.call else KIND.get(self.tool, "mcp_call")

    @property
    def worked(self) -> bool:
        """Tell whether the tool did what was asked."""
        return self.result is not None and self.result.get("outcome") == "ok"


def item_of(use: ToolUse, item_id: str, asked: Asked, *, status: str) -> JsonObject:
    """Render a call as it stands."""
    shown = _SHOWN[use.kind](use, asked)
    return {**shown, "id": item_id, "type": use.kind, "status": status}


def end_status(use: ToolUse) -> str:
    """Tell how a call ended; one without a result was cut short."""
    if use.result is None:
        return "failed" if use.kind == "web_search_call" else "incomplete"
    if use.worked or use.kind == "code_interpreter_call":
        return "completed"  # code that fails is still interpreted: its output says how
    return "failed"


def _web_search(use: ToolUse, asked: Asked) -> JsonObject:
    if use.tool == "web_fetch":
        return {"action": {"type": "open_page", "url": str(use.arguments.get("url") or "") or None}}
    query = str(use.arguments.get("query") or "")
    action: JsonObject = {"type": "search", "query": query, "queries": [query]}
    found: list[JsonObject] = _data(use).get("results") or []
    if {"web_search_call.action.sources", "web_search_call.results"} & asked.include:
        action["sources"] = [{"type": "url", "url": one["url"]} for one in found]
    return {"action": action}


def _file_search(use: ToolUse, asked: Asked) -> JsonObject:
    results = None
    if "file_search_call.results" in asked.include and use.result is not None:
        results = _passages(use.result, asked)
    return {"queries": [str(use.arguments.get("query") or "")], "results": results}


def _passages(result: JsonObject, asked: Asked) -> list[JsonObject]:
    cited: list[JsonObject] = [one for one in result.get("citations") or () if one.get("file_id")]
    data: JsonObject = result.get("data") or {}
    scores: list[float] = data.get("relevance") or []
    whole = len(scores) == len(cited)  # else the result's data was too long to be told
    return [
        {
            "file_id": one["file_id"],
            "filename": one.get("filename") or one.get("title") or "",
            "text": one.get("text") or "",
            "attributes": asked.attributes.get(one["file_id"], {}),
            "score": scores[at] if whole else 0.0,
        }
        for at, one in enumerate(cited)
    ]


def _code_interpreter(use: ToolUse, asked: Asked) -> JsonObject:
    outputs = None
    if "code_interpreter_call.outputs" in asked.include and use.result is not None:
        logs = str(use.result.get("text") or "")
        outputs = [{"type": "logs", "logs": logs}] if logs else []
        for made in use.result.get("artifacts") or ():
            if str(made.get("media_type", "")).startswith("image/"):
                outputs.append({"type": "image", "url": made["url"]})
    code = str(use.arguments.get("code") or "")
    return {"container_id": container_id(use.key), "code": code, "outputs": outputs}


def approval_item(data: Mapping[str, Any]) -> JsonObject:
    """Render a call that waits for the user's word; one of a tool of ours as one of this server's."""
    ours = {**data, "server_label": SERVER_LABEL, "remote_tool": data.get("tool")}
    return cast("JsonObject", mcp_wire.approval_item({**ours, **data}))


def _mcp(use: ToolUse, _: Asked) -> JsonObject:
    remote = mcp_wire.call_item("", use.call, use.result)
    if remote is not None:
        return remote
    text = str(use.result.get("text") or "") if use.result else None
    failed = use.result is not None and not use.worked
    return {
        "server_label": SERVER_LABEL,
        "name": use.tool,
        "arguments": orjson.dumps(use.arguments, default=str).decode(),
        "output": None if failed else text,
        "error": {
            "type": "mcp_tool_execution_error",
            "content": [{"type": "text", "text": text}],
        }
        if failed
        else None,
        "approval_request_id": use.call.get("approval_id"),
    }


def _data(use: ToolUse) -> Mapping[str, Any]:
    return (use.result or {}).get("data") or {}


_SHOWN: dict[str, Callable[[ToolUse, Asked], JsonObject]] = {
    "web_search_call": _web_search,
    "file_search_call": _file_search,
    "code_interpreter_call": _code_interpreter,
    "mcp_call": _mcp,
}
