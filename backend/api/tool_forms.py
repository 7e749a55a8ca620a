"""Read the tools of a chat completion in every form OpenAI has had, and write calls back in that form.

The core knows functions alone. A custom tool becomes a function with one argument, `input`; the older
`functions` become tools. Not for: what a choice means (`tool_choice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from backend.api.tool_choice import read_tool_choice
from backend.errors import InvalidRequest, UnsupportedByModel
from backend.models.openai import (
    ChatCompletionRequest,
    CustomSpec,
    MessageIn,
    NamedFunction,
    ToolSpec,
)
from backend.ports.values import ChatMessage, JsonObject, ToolCall

NEEDED = "missing_required_parameter"


@dataclass(frozen=True, slots=True)
class CallForms:
    """How calls are written: which names are custom tools, and whether by the older `function_call`."""

    custom: frozenset[str] = frozenset()
    legacy: bool = False

    def written(self, call: ToolCall) -> JsonObject:
        """Write one call of `tool_calls`."""
        name = call["function"]["name"]
        if name not in self.custom:
            return cast("JsonObject", call)
        custom = {"name": name, "input": _custom_input(call["function"]["arguments"])}
        return {"id": call["id"], "type": "custom", "custom": custom}

    def finish_reason(self, reason: str) -> str:
        """Write the reason why an answer ended."""
        return "function_call" if self.legacy and reason == "tool_calls" else reason


PLAIN_CALLS = CallForms()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsAsked:
    """The tools of a request as functions, the choice among them, and how calls are written."""

    tools: list[JsonObject]
    choice: str | JsonObject | None
    forms: CallForms


def read_tools(body: ChatCompletionRequest) -> ToolsAsked:
    """Read `tools` and `tool_choice`, or `functions` and `function_call`.

    Raises:
        InvalidRequest: naming the field that is wrong.
        UnsupportedByModel: for a grammar, which nothing here can enforce.
    """
    legacy = bool(body.functions)
    if legacy and body.tools:
        raise InvalidRequest("Give tools or functions, not both", param="functions")
    specs = [_function(one.model_dump(exclude_none=True)) for one in body.functions or ()]
    specs += [_spec(tool, at) for at, tool in enumerate(body.tools)]
    given = _legacy_choice(body) if body.function_call is not None else body.tool_choice
    custom = frozenset(tool.custom.name for tool in body.tools if tool.custom is not None)
    choice, tools = read_tool_choice(_as_function_choice(given, custom), specs)
    return ToolsAsked(tools=tools, choice=choice, forms=CallForms(custom=custom, legacy=legacy))


def _spec(tool: ToolSpec, at: int) -> JsonObject:
    where = f"tools[{at}].{tool.type}"
    if tool.type == "function" and tool.function is not None:
        return _function(tool.function.model_dump(exclude_none=True))
    if tool.type == "function" or tool.custom is None:
        msg = f"{where}: Field required"
        raise InvalidRequest(msg, param=where, code=NEEDED)
    if tool.custom.format is not None and tool.custom.format.type == "grammar":
        msg = "Grammars of custom tools cannot be enforced here; ask for text"
        raise UnsupportedByModel(msg, param=f"{where}.format")
    return custom_as_function(tool.custom)


def custom_as_function(custom: CustomSpec) -> JsonObject:
    """Offer a custom tool as a function with one argument, `input`."""
    parameters = {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
        "additionalProperties": False,
    }
    named = {"name": custom.name, "description": custom.description, "parameters": parameters}
    return _function({key: value for key, value in named.items() if value is not None})


def _function(function: JsonObject) -> JsonObject:
    return {"type": "function", "function": function}


def _custom_input(arguments: str) -> str:
    found: Any = orjson.loads(arguments or "{}")
    given: Any = cast("JsonObject", found).get("input") if isinstance(found, dict) else found
    return given if isinstance(given, str) else arguments


def _legacy_choice(body: ChatCompletionRequest) -> str | JsonObject | None:
    choice = body.function_call
    if isinstance(choice, NamedFunction):
        named = {"type": "function", "function": {"name": choice.name}}
        if choice.name not in {one.name for one in body.functions or ()}:
            raise InvalidRequest("function_call names no function given", param="function_call")
        return named
    if choice not in {"none", "auto"}:
        raise InvalidRequest("function_call is none, auto or a function", param="function_call")
    return choice


def _as_function_choice(
    choice: str | JsonObject | None, custom: frozenset[str]
) -> str | JsonObject | None:
    """Read the choice of a custom tool as that of its function, also among allowed tools."""
    if not isinstance(choice, dict):
        return choice
    named: Any = choice.get("custom")
    if choice.get("type") == "custom" and isinstance(named, dict):
        is_there = cast("JsonObject", named).get("name") in custom
        return {"type": "function", "function": named} if is_there else choice
    allowed: Any = choice.get("allowed_tools")
    if choice.get("type") == "allowed_tools" and isinstance(allowed, dict):
        within = cast("JsonObject", allowed)
        tools: Any = within.get("tools")
        if isinstance(tools, list):
            read = [
                _as_function_choice(cast("JsonObject", one), custom)
                if isinstance(one, dict)
                else one
                for one in cast("list[Any]", tools)
            ]
            return {**choice, "allowed_tools": {**within, "tools": read}}
    return choice


def read_messages(given: Sequence[MessageIn]) -> list[ChatMessage]:
    """Read messages; calls and results of the older kind become those of tools.

    Raises:
        InvalidRequest: for a user message without content, or a function's result nobody asked for.
    """
    made: list[ChatMessage] = []
    open_calls: dict[str, str] = {}
    for at, one in enumerate(given):
        if one.role == "user" and one.content is None:
            raise InvalidRequest("A user message needs content", param=f"messages[{at}].content")
        message: JsonObject = one.model_dump(exclude_none=True)
        if one.role == "developer":
            message["role"] = "system"
        elif one.function_call is not None and not one.tool_calls:
            call = message.pop("function_call")
            call_id = open_calls[call["name"]] = f"call_function_{at}"
            message["tool_calls"] = [{"id": call_id, "type": "function", "function": call}]
        elif one.role == "function":
            call_id = open_calls.pop(one.name or "", "")
            if not call_id:
                msg = "A function message must answer a function_call before it"
                raise InvalidRequest(msg, param=f"messages[{at}].name")
            message |= {"role": "tool", "tool_call_id": call_id}
        made.append(cast("ChatMessage", message))
    return made
