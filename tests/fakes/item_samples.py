"""One item of every kind that a client may add to a conversation."""

from __future__ import annotations

from typing import Any

# One red pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
PIXEL = f"data:image/png;base64,{PNG}"
KEPT: list[dict[str, Any]] = [
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
    {
        "type": "file_search_call",
        "id": "fs_1",
        "status": "completed",
        "queries": ["tax"],
        "results": [{"file_id": "file-1", "text": "t", "filename": "a.pdf", "score": 0.5}],
    },
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "x", "queries": ["x"]},
    },
    {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk="},
    {
        "type": "computer_call",
        "id": "cu_1",
        "call_id": "c1",
        "action": {"type": "click", "button": "left", "x": 1, "y": 2},
        "pending_safety_checks": [],
        "status": "completed",
    },
    {
        "type": "computer_call_output",
        "call_id": "c1",
        "output": {"type": "computer_screenshot", "image_url": PIXEL},
    },
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "container_id": "cntr_1",
        "code": "1+1",
        "outputs": [{"type": "logs", "logs": "2"}],
    },
    {
        "type": "local_shell_call",
        "id": "lsh_1",
        "call_id": "c2",
        "action": {"type": "exec", "command": ["ls"], "env": {}},
        "status": "completed",
    },
    {"type": "shell_call", "call_id": "c3", "action": {"commands": ["ls"]}},
    {
        "type": "shell_call_output",
        "call_id": "c3",
        "output": [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
    },
    {
        "type": "apply_patch_call",
        "call_id": "c4",
        "status": "completed",
        "operation": {"type": "create_file", "path": "a", "diff": "+a"},
    },
    {"type": "apply_patch_call_output", "call_id": "c4", "status": "completed", "output": "ok"},
    {
        "type": "mcp_list_tools",
        "id": "mcpl_1",
        "server_label": "s",
        "tools": [{"name": "t", "input_schema": {"type": "object"}}],
    },
    {
        "type": "mcp_approval_request",
        "id": "mcpr_1",
        "server_label": "s",
        "name": "t",
        "arguments": "{}",
    },
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    {
        "type": "mcp_call",
        "id": "mcp_1",
        "server_label": "s",
        "name": "t",
        "arguments": "{}",
        "output": "done",
    },
    {"type": "custom_tool_call", "call_id": "c5", "name": "run", "input": "x = 1"},
    {"type": "custom_tool_call_output", "call_id": "c5", "output": "1"},
    {"type": "compaction", "encrypted_content": "abc"},
]
SAID: list[dict[str, Any]] = [
    {"role": "user", "content": "Hello"},
    {"type": "message", "role": "developer", "content": "Be brief."},
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": PIXEL, "file_id": None},
            {"type": "input_file", "file_data": "data:text/plain;base64,aGk=", "filename": "a.txt"},
        ],
    },
    {
        "id": "msg_mine",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "phase": "final_answer",
        "content": [
            {
                "type": "output_text",
                "text": "A file.",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url": "https://example.org/",
                        "title": "t",
                        "start_index": 0,
                        "end_index": 1,
                    }
                ],
            },
            {"type": "refusal", "refusal": "No more."},
        ],
    },
    {"type": "function_call", "call_id": "call_1", "name": "get_time", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "noon"},
    {"type": "function_call", "call_id": "call_2", "name": "draw", "arguments": "{}"},
    {
        "type": "function_call_output",
        "call_id": "call_2",
        "output": [{"type": "input_image", "image_url": PIXEL}],
    },
]


def call(call_id: str, name: str = "get_time") -> dict[str, Any]:
    """Make a call item."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}


def result(call_id: str, output: str) -> dict[str, Any]:
    """Make a result item."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}
