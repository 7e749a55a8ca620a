"""Read the `tool_choice` of OpenAI in its four forms.

Not for: carrying a choice out, which the core and the providers do.
"""

from __future__ import annotations

from typing import Any, cast

from backend.errors import InvalidRequest
from backend.ports.values import JsonObject


def read_tool_choice(
    choice: str | JsonObject | None, tools: list[JsonObject]
) -> tuple[str | JsonObject | None, list[JsonObject]]:
    """Give the choice as none, auto, required or one function, and the tools it is among.

    Raises:
        InvalidRequest: when it is none of these, or names a tool that is not there.
    """
    mode, chosen = _allowed(choice, tools)
    return _checked(mode, chosen), chosen


def _allowed(
    choice: str | JsonObject | None, tools: list[JsonObject]
) -> tuple[str | JsonObject | None, list[JsonObject]]:
    """Read `allowed_tools`: a choice of mode among some of the tools."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return choice, tools
    allowed: Any = choice.get("allowed_tools")
    try:
        names: set[Any] = {tool["function"]["name"] for tool in allowed["tools"]}
        mode: Any = allowed["mode"]
    except (KeyError, TypeError) as exc:
        msg = "allowed_tools wants a mode and function tools"
        raise InvalidRequest(msg, param="tool_choice.allowed_tools") from exc
    chosen = [tool for tool in tools if tool["function"]["name"] in names]
    if len(chosen) < len(names) or not isinstance(mode, str):
        raise InvalidRequest("tool_choice names no tool of this request", param="tool_choice")
    return mode, chosen


def _checked(choice: str | JsonObject | None, tools: list[JsonObject]) -> str | JsonObject | None:
    if choice is None or choice == "none" or choice == "auto":
        return choice
    if isinstance(choice, str) and choice != "required":
        msg = f"'{choice[:40]}' is not one of none, auto, required"
        raise InvalidRequest(msg, param="tool_choice")
    if not tools:
        raise InvalidRequest("tool_choice needs tools", param="tool_choice")
    if isinstance(choice, dict):
        function: Any = choice.get("function")
        named = cast("JsonObject", function).get("name") if isinstance(function, dict) else None
        names = [tool["function"]["name"] for tool in tools]
        if choice.get("type") != "function" or named not in names:
            raise InvalidRequest("tool_choice names no tool of this request", param="tool_choice")
    return choice
