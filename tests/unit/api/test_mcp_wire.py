"""OpenAI's `mcp` tool and its items."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import response_output_item as items

from backend.api.mcp_wire import approval_item, call_item, list_item, remote_servers
from backend.errors import InvalidRequest
from backend.ports.remote_tools import ALL_TOOLS, RemoteServer, ToolFilter

TOOL: dict[str, Any] = {
    "type": "mcp",
    "server_label": "lab",
    "server_url": "https://lab.example/mcp",
}
READ = ToolFilter(names=frozenset({"read"}))
CALL = {
    "call_id": "call_1",
    "tool": "lab__add",
    "arguments": {"a": 1},
    "server_label": "lab",
    "remote_tool": "add",
}


def test_a_tool_with_all_it_may_have_becomes_a_server():
    """Other tools of the request are somebody else's."""
    tool = {
        **TOOL,
        "headers": {"X-Team": "blue"},
        "authorization": "sesame",
        "server_description": "Our lab.",
        "allowed_tools": ["read", "write"],
        "require_approval": {"never": {"tool_names": ["read"]}},
        "allowed_callers": None,
    }
    [server] = remote_servers([{"type": "web_search"}, tool])
    assert server == RemoteServer(
        label="lab",
        url="https://lab.example/mcp",
        headers={"X-Team": "blue", "Authorization": "Bearer sesame"},
        description="Our lab.",
        allowed=ToolFilter(names=frozenset({"read", "write"})),
        never=READ,
    )
    assert "sesame" not in repr(server)


@pytest.mark.parametrize(
    ("given", "always", "never"),
    [
        (None, ALL_TOOLS, None),
        ("always", ALL_TOOLS, None),
        ("never", None, ALL_TOOLS),
        ({"never": {"tool_names": ["read"]}}, None, READ),
        ({"always": {"read_only": False}, "never": {}}, ToolFilter(read_only=False), ALL_TOOLS),
    ],
)
def test_approval_is_read_as_openai_writes_it(given, always, never):
    """Nothing given asks for every call."""
    [server] = remote_servers([{**TOOL, "require_approval": given}])
    assert (server.always, server.never, server.allowed) == (always, never, None)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"server_label": None}, "tools[0].server_label"),
        ({"server_label": 7}, "tools[0].server_label"),
        ({"server_url": None}, "tools[0].server_url"),
        ({"connector_id": "connector_gmail"}, "tools[0].connector_id"),
        ({"tunnel_id": "tunnel_1"}, "tools[0].tunnel_id"),
        ({"headers": []}, "tools[0].headers"),
        ({"headers": {"a": 1}}, "tools[0].headers"),
        ({"authorization": 1}, "tools[0].authorization"),
        (
            {"authorization": "a", "headers": {"AUTHORIZATION": "b"}},
            "tools[0].authorization",
        ),
        ({"server_description": 1}, "tools[0].server_description"),
        ({"allowed_tools": "read"}, "tools[0].allowed_tools"),
        ({"allowed_tools": [1]}, "tools[0].allowed_tools.tool_names"),
        ({"allowed_tools": {"read_only": "yes"}}, "tools[0].allowed_tools.read_only"),
        ({"require_approval": "sometimes"}, "tools[0].require_approval"),
        ({"require_approval": {"always": "all"}}, "tools[0].require_approval"),
    ],
)
def test_a_fault_names_its_field(changes, param):
    """And shows no header."""
    with pytest.raises(InvalidRequest) as told:
        remote_servers([{**TOOL, **changes}])
    assert told.value.param == param


def test_what_a_run_tells_becomes_items_of_openai():
    """The stock client's own models take them."""
    listed = {
        "id": "mcpl_1",
        "server_label": "lab",
        "tools": [
            {"name": "add", "description": None, "input_schema": {}, "annotations": None},
        ],
        "left_out": 0,
        "error": None,
    }
    items.McpListTools.model_validate(list_item(listed), strict=True)
    asked = {**CALL, "id": "apr_1", "reason": "because", "url": "x"}
    request = approval_item(asked)
    assert request == {
        "type": "mcp_approval_request",
        "id": "apr_1",
        "server_label": "lab",
        "name": "add",
        "arguments": '{"a":1}',
    }
    items.McpApprovalRequest.model_validate(request, strict=True)
    assert approval_item({"id": "apr_2", "tool": "web_fetch", "arguments": {}}) is None
    assert call_item("x", {"tool": "web_fetch"}, None) is None


@pytest.mark.parametrize(
    ("outcome", "status", "output", "error"),
    [
        (None, "calling", None, None),
        ("ok", "completed", "two", None),
        ("retry", "failed", None, "mcp_tool_execution_error"),
        ("failed", "failed", None, "mcp_protocol_error"),
        ("timeout", "failed", None, "mcp_protocol_error"),
    ],
)
def test_a_call_is_shown_as_far_as_it_is(outcome, status, output, error):
    """Its failure is the tool's own, or one on the way to it."""
    result = outcome and {"outcome": outcome, "text": "two"}
    item = call_item("mcp_1", {**CALL, "approval_id": "apr_1"}, result)
    assert item is not None
    read = items.McpCall.model_validate(item, strict=True)
    assert (read.status, read.output, read.approval_request_id) == (status, output, "apr_1")
    assert (item["error"] or {}).get("type") == error
    assert call_item("mcp_1", CALL, {"outcome": "denied", "text": "no"}) is None
