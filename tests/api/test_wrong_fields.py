"""A wrong field is named, in OpenAI's spelling, and nothing happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.completions import CHAT, HI
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.refusals import JSON, MODEL, error_of

PROPERTIES = {"type": "object", "properties": 5}
TOOLS = [{"type": "function", "function": {"name": "a"}}]
WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"model": 5}, "model"),
    ({"model": ""}, "model"),
    ({"model": "x" * 300}, "model"),
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "hi"}, "messages"),
    ({"messages": {"role": "user"}}, "messages"),
    ({"messages": ["hi"]}, "messages[0]"),
    ({"messages": [{"content": "hi"}]}, "messages[0].role"),
    ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
    ({"messages": [*HI, {"role": None}]}, "messages[1].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": {"type": "text"}}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content[0]"),
    ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0].type"),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
        "messages[0].content[0].text",
    ),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0]"),
    ({"messages": [{"role": "assistant", "content": "hi"}]}, "messages"),
    ({"messages": [{"role": "system", "content": "hi"}]}, "messages"),
    (
        {"messages": [*HI, {"role": "assistant", "tool_calls": [{"id": "x"}]}]},
        "messages[1].tool_calls[0].function",
    ),
    (
        {"messages": [*HI, {"role": "assistant", "tool_calls": "x"}]},
        "messages[1].tool_calls",
    ),
    ({"temperature": 3}, "temperature"),
    ({"temperature": -0.1}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": [1]}, "temperature"),
    ({"top_p": 1.1}, "top_p"),
    ({"presence_penalty": 2.1}, "presence_penalty"),
    ({"frequency_penalty": -2.1}, "frequency_penalty"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"max_tokens": "many"}, "max_tokens"),
    ({"max_completion_tokens": 0}, "max_completion_tokens"),
    ({"max_tokens": 10**30}, "max_tokens"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ({"stop": 5}, "stop"),
    ({"stop": [5]}, "stop[0]"),
    ({"seed": "x"}, "seed"),
    ({"seed": 10**30}, "seed"),
    ({"n": 129}, "n"),
    ({"n": 2, "session_id": "conv_1"}, "n"),
    ({"n": 0}, "n"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"logit_bias": {"5": 3}}, "logit_bias"),
    ({"audio": {"voice": "x", "format": "mp3"}}, "audio"),
    ({"audio": {"voice": "x"}}, "audio.format"),
    ({"modalities": ["text", "audio"]}, "modalities"),
    ({"functions": [{"name": "x y"}]}, "functions[0].name"),
    ({"functions": [{"name": "x"}], "tools": TOOLS}, "functions"),
    ({"functions": [{"name": "x"}], "function_call": "always"}, "function_call"),
    ({"functions": [{"name": "x"}], "function_call": {"name": "y"}}, "function_call"),
    ({"messages": [*HI, {"role": "function", "name": "x", "content": "1"}]}, "messages[1].name"),
    ({"stream": "yes please"}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"stream": True, "stream_options": 5}, "stream_options"),
    ({"tools": 5}, "tools"),
    ({"tools": [{}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].function"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
    (
        {"tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]},
        "tools[0].function.parameters",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "a", "parameters": PROPERTIES}}]},
        "tools[0].function.parameters",
    ),
    ({"tools": [{"type": "sound"}]}, "tools[0].type"),
    ({"tools": [{"type": "custom"}]}, "tools[0].custom"),
    (
        {"tools": [{"type": "custom", "custom": {"name": "x", "format": {"type": "grammar"}}}]},
        "tools[0].custom.format",
    ),
    ({"metadata": {"a": 5}}, "metadata.a"),
    ({"metadata": {"a": "x" * 513}}, "metadata.a"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tool_choice": "sometimes"}, "tool_choice"),
    ({"tool_choice": 5}, "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
    ({"tool_choice": {"type": "function", "function": "x"}}, "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": []}}}, "tool_choice"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
    (
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"function": {"name": "x"}}]},
            }
        },
        "tool_choice",
    ),
    (
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"function": {"name": []}}]},
            }
        },
        "tool_choice.allowed_tools",
    ),
    (
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": "a"}},
        "tool_choice",
    ),
    ({"tools": TOOLS, "tool_choice": {"type": "function"}}, "tool_choice"),
    (
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "b"}}},
        "tool_choice",
    ),
    ({"tools": TOOLS, "tool_choice": {"type": "custom", "custom": {"name": "a"}}}, "tool_choice"),
    ({"parallel_tool_calls": "x"}, "parallel_tool_calls"),
    ({"response_format": {"type": "yaml"}}, "response_format.type"),
    ({"response_format": {}}, "response_format.type"),
    ({"response_format": "json"}, "response_format"),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
        "response_format.json_schema.schema",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        "response_format.json_schema.name",
    ),
    ({"reasoning_effort": "enormous"}, "reasoning_effort"),
    ({"agent_type": "swarm"}, "agent_type"),
    ({"session_id": 5}, "session_id"),
    ({"session_id": "x" * 200}, "session_id"),
    ({"on_disconnect": "panic"}, "on_disconnect"),
    ({"metadata": "x"}, "metadata"),
    ({"store": "perhaps"}, "store"),
    ({"top_k": "x"}, "top_k"),
    ({"keep_alive": [1]}, "keep_alive"),
    (
        {"tools": [{"type": "function", "function": {"name": "a", "strict": "x"}}]},
        "tools[0].function.strict",
    ),
]


@pytest.mark.parametrize(("fields", "param"), WRONG_FIELDS, ids=lambda x: str(x)[:60])
async def test_a_wrong_field_is_named(
    http: AsyncClient, ollama: OllamaDouble, fields: dict[str, Any], param: str
) -> None:
    """In OpenAI's spelling, and the model is not asked; `json` writes integers of any size."""
    body = json.dumps({"model": MODEL, "messages": HI, **fields})
    answer = await http.post(CHAT, content=body, headers=JSON)
    error = error_of(answer)
    assert (answer.status_code, error["type"], error["param"]) == (
        400,
        "invalid_request_error",
        param,
    )
    assert ollama.chats == []


async def test_a_missing_field_has_openais_code(http: AsyncClient) -> None:
    """missing_required_parameter."""
    answer = await http.post(CHAT, json={"messages": HI})
    assert error_of(answer)["code"] == "missing_required_parameter"


OTHER_ROUTES: list[tuple[str, str, Any, str]] = [
    ("POST", "/api/auth/login", {}, "username"),
    ("POST", "/api/auth/login", {"username": 5, "password": "x"}, "username"),
    ("POST", "/api/auth/login", {"username": "x", "password": None}, "password"),
    ("POST", "/api/auth/login", {"username": "x", "password": "y" * 2000}, "password"),
    ("POST", "/api/auth/login", {"username": "x", "password": "y", "z": 1}, "z"),
    ("POST", "/api/auth/password", {"old_password": "x"}, "new_password"),
    ("POST", "/api/auth/keys", {"name": ""}, "name"),
    ("POST", "/api/auth/keys", {"name": "x", "scopes": "chat"}, "scopes"),
    ("POST", "/api/auth/keys", {"name": "x", "scopes": [5]}, "scopes[0]"),
    ("POST", "/api/auth/keys", {"name": "x", "scopes": ["root"]}, "scopes"),
    ("POST", "/api/auth/keys", {"name": "x", "expires_in_days": -1}, "expires_in_days"),
    ("POST", "/api/auth/keys", {"name": "x", "expires_in_days": "x"}, "expires_in_days"),
    ("PATCH", "/api/conversations/conv_x", {"title": ""}, "title"),
    ("PATCH", "/api/conversations/conv_x", {"metadata": []}, "metadata"),
    ("PATCH", "/api/conversations/conv_x", {"colour": 1}, "colour"),
    ("POST", "/api/tools/math_calc", {"arguments": []}, "arguments"),
    ("POST", "/api/tools/math_calc", {"expression": "1"}, "expression"),
    ("POST", "/api/users", {"username": "x", "password": "short"}, "password"),
    ("POST", "/api/users", {"username": "x", "password": "é" * 40}, "password"),
    ("POST", "/api/users", {"username": "x", "password": "with\u0000nul here"}, "password"),
    ("POST", "/api/users", {"username": " ", "password": "long enough"}, "username"),
    ("POST", "/api/users", {"username": "a\u202eb", "password": "long enough"}, "username"),
    ("POST", "/api/users", {"username": "y", "password": "long enough", "role": "god"}, "role"),
    ("PATCH", "/api/users/user_x", {"role": "god"}, "role"),
    ("PATCH", "/api/users/user_x", {"disabled": "maybe"}, "disabled"),
    ("GET", "/api/conversations?limit=0", None, "limit"),
    ("GET", "/api/conversations?limit=x", None, "limit"),
    ("GET", "/api/conversations?cursor=x", None, "cursor"),
    ("GET", "/api/tools/usage?limit=0", None, "limit"),
    ("GET", "/api/tools/usage?everyone=x", None, "everyone"),
    ("GET", "/api/usage?days=0", None, "days"),
    ("GET", "/api/usage?days=367", None, "days"),
    ("GET", "/api/usage/users?days=x", None, "days"),
]


@pytest.mark.parametrize(("method", "path", "body", "param"), OTHER_ROUTES)
async def test_the_other_routes_name_the_field_too(
    http: AsyncClient, method: str, path: str, body: Any, param: str
) -> None:
    """With the same error object."""
    answer = await http.request(method, path, json=body)
    assert (answer.status_code, error_of(answer)["param"]) == (400, param)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"expression": None}, {"expression": "1 +"}, {"expression": "1/0"}, {"x" * 3000: 1}],
)
async def test_a_tool_tried_with_bad_arguments_tells_what_is_wrong(
    http: AsyncClient, arguments: dict[str, Any]
) -> None:
    """As the model would be told."""
    answer = await http.post("/api/tools/math_calc", json={"arguments": arguments})
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] in {"retry", "failed"}
    assert answer.json()["text"].startswith("Error")


async def test_a_refused_message_leaves_its_session_as_it_was(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Nothing is stored of a request that was not taken."""
    ollama.queue(Reply(content="Hi."))
    first = await http.post(CHAT, json={"model": MODEL, "messages": HI, "store": True})
    session = first.json()["x_session_id"]
    where = f"/api/conversations/{session}"
    before = (await http.get(where)).json()
    for bad in ({"temperature": 9}, {"n": 3}, {"model": "nobody"}, {"messages": []}):
        body = {"model": MODEL, "messages": HI, "session_id": session, **bad}
        assert (await http.post(CHAT, json=body)).status_code in {400, 404}
    assert (await http.get(where)).json() == before
