"""Keep items in a session's messages, and find them again.

An item that a chat message says in full is kept as that message alone. Any other is kept word for
word beside it: what no model is told of, thoughts, calls of kinds that chat does not have. One
message of a turn may be several items. Not for: the translation itself (`items`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from pydantic import BaseModel, ValidationError

from backend.agent.trust import may_be_tainted
from backend.api.errors import param_name
from backend.api.items import NUMBERED, items_of, kind_of, message_of
from backend.errors import InvalidRequest, NotFound
from backend.kit.ids import new_id
from backend.models.shown import shape_of
from backend.ports.stores import RunState, StoredMessage
from backend.ports.values import KEPT_ITEM, ChatMessage, JsonObject

TOLD = frozenset({
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "reasoning",
})
# How an item's id begins, and the shape it must have to be given back as OpenAI would. The shapes are
# imported when somebody adds an item: they are hundreds of models.
SHAPES: dict[str, tuple[str, str]] = {
    "message": ("msg", "Message"),
    "function_call": ("fc", "FunctionToolCallResource"),
    "function_call_output": ("fco", "FunctionToolCallOutputResource"),
    "custom_tool_call": ("ctc", "CustomToolCall"),
    "custom_tool_call_output": ("ctco", "CustomToolCallOutput"),
    "reasoning": ("rs", "ReasoningItem"),
    "file_search_call": ("fs", "FileSearchToolCall"),
    "web_search_call": ("ws", "WebSearchToolCall"),
    "image_generation_call": ("ig", "ImageGenToolCall"),
    "computer_call": ("cu", "ComputerToolCall"),
    "computer_call_output": ("cuo", "ComputerToolCallOutputResource"),
    "tool_search_call": ("tsc", "ToolSearchCall"),
    "tool_search_output": ("tso", "ToolSearchOutput"),
    "additional_tools": ("at", "AdditionalTools"),
    "program": ("prg", "Program"),
    "program_output": ("prgo", "ProgramOutput"),
    "compaction": ("cmp", "CompactionBody"),
    "code_interpreter_call": ("ci", "CodeInterpreterToolCall"),
    "local_shell_call": ("lsh", "LocalShellToolCall"),
    "local_shell_call_output": ("lsho", "LocalShellToolCallOutput"),
    "shell_call": ("sh", "FunctionShellCall"),
    "shell_call_output": ("sho", "FunctionShellCallOutput"),
    "apply_patch_call": ("apc", "ApplyPatchToolCall"),
    "apply_patch_call_output": ("apco", "ApplyPatchToolCallOutput"),
    "mcp_list_tools": ("mcpl", "MCPListTools"),
    "mcp_approval_request": ("mcpr", "MCPApprovalRequest"),
    "mcp_approval_response": ("mcpa", "MCPApprovalResponseResource"),
    "mcp_call": ("mcp", "MCPToolCall"),
}
# What clients leave out, and OpenAI puts in.
DEFAULTS: dict[str, JsonObject] = {
    "output_text": {"annotations": [], "logprobs": []},
    "input_image": {"detail": "auto"},
    "tool_search_call": {"call_id": None, "execution": "client"},
    "tool_search_output": {"call_id": None, "execution": "client"},
    "shell_call": {"environment": None},
    "shell_call_output": {"max_output_length": None},
}
THOUGHT_PARTS = {"summary": "summary_text", "content": "reasoning_text"}
DEFAULTS_WITHIN: dict[str, tuple[str, JsonObject]] = {
    "shell_call": ("action", {"timeout_ms": None, "max_output_length": None}),
    "local_shell_call": ("action", {"type": "exec"}),
    "computer_call_output": ("output", {"type": "computer_screenshot"}),
}
STATUS: dict[RunState, str] = {
    "completed": "completed",
    "running": "in_progress",
    "waiting": "in_progress",
}


def stored_items(
    given: Sequence[object], *, conversation_id: str, now_ms: int
) -> list[StoredMessage]:
    """Make one message of each item, which is a JSON object.

    Raises:
        InvalidRequest: naming what is wrong with an item.
    """
    return [
        StoredMessage(
            id=new_id("msg"),
            conversation_id=conversation_id,
            message=_kept(item, f"items[{at}]"),
            created_at_ms=now_ms,
        )
        for at, item in enumerate(cast("Sequence[JsonObject]", given))
    ]


def listed(stored: Sequence[StoredMessage]) -> list[JsonObject]:
    """Give the items of a session, in order."""
    return [item for one in stored for item in shown(one)]


def shown(stored: StoredMessage) -> list[JsonObject]:
    """Give the items that one message is."""
    message = stored.message
    status = STATUS.get(stored.state, "incomplete")
    kept = message.get("item")
    if kept is not None:
        prefix = SHAPES[kept["type"]][0]
        key = stored.id.partition("_")[2] + ("_0" if prefix in NUMBERED else "")
        return [{**kept, "id": f"{prefix}_{key}"}]
    items = items_of(message, stored.id, status=status)
    calls = [one for one in items if one["type"] != "message"]
    for number, call in zip(message.get("call_numbers") or (), calls, strict=False):
        call["id"] = f"{call['id'].rpartition('_')[0]}_{number}"
    return items


def without(item_id: str) -> Callable[[StoredMessage], ChatMessage | None]:
    """Make the edit that takes one item out of its message; the other items keep their ids.

    Raises, when it is called:
        NotFound: when the message has no such item.
    """

    def edit(stored: StoredMessage) -> ChatMessage | None:
        items = shown(stored)
        left = [one for one in items if one["id"] != item_id]
        if len(left) == len(items):
            raise NotFound(missing(item_id))
        return _reduced(stored.message, items, left) if left else None

    return edit


def _reduced(
    message: ChatMessage, items: Sequence[JsonObject], left: Sequence[JsonObject]
) -> ChatMessage:
    """Give a message of which only some items are left; calls are known by their old numbers."""
    reduced: ChatMessage = {**message}
    calls = message.get("tool_calls") or []
    numbers = message.get("call_numbers") or range(len(calls))
    shown_calls = [one for one in items if one["type"] != "message"]
    kept = [at for at, one in enumerate(shown_calls) if one in left]
    reduced["tool_calls"] = [calls[at] for at in kept]
    reduced["call_numbers"] = [numbers[at] for at in kept]
    if not kept:
        del reduced["tool_calls"], reduced["call_numbers"]
    if left[0]["type"] != "message":
        reduced["content"] = None
    return reduced


def missing(item_id: str) -> str:
    """Say that there is no such item."""
    return f"There is no item '{item_id[:80]}' in this conversation"


def _kept(item: JsonObject, where: str) -> ChatMessage:
    kind = kind_of(item)
    if kind not in SHAPES:
        raise InvalidRequest(_refusal(kind), param=f"{where}.type")
    told = message_of(item, where) if kind in TOLD else None
    whole = _whole(item, kind)
    whole = _checked(whole, _shape(kind), where)
    message: ChatMessage = told or {"role": KEPT_ITEM}
    if not _says(message, whole):
        message["item"] = whole
    if may_be_tainted([message]):
        message["annotations"] = []  # nobody vouches for what a model is said to have said
    return message


def _refusal(kind: str) -> str:
    if kind == "item_reference":
        return "An item of another conversation is added by what it holds, not by its id"
    if kind == "compaction_trigger":
        return "A conversation is made shorter when a turn needs room, not by an item"
    return f"Items of type '{kind[:40]}' are not known"


def _whole(item: JsonObject, kind: str) -> JsonObject:
    """Give an item as it is given back, but for its id: content in parts, nothing left out."""
    fields = _shape(kind).model_fields
    whole = {**DEFAULTS.get(kind, {}), **item, "type": kind}
    whole.pop("id", None)
    if kind == "mcp_approval_response":  # OpenAI's document asks for both names
        whole.setdefault("request_id", whole.get("approval_request_id"))
    if "status" in fields and whole.get("status") is None:
        whole["status"] = "completed"
    if kind == "message":
        whole["content"] = _parts(item.get("content"), said=item.get("role") == "assistant")
    elif isinstance(whole.get("output"), list):
        whole["output"] = _parts(whole["output"], said=False)
    for name in THOUGHT_PARTS.keys() & whole.keys() if kind == "reasoning" else ():
        whole[name] = _typed(whole[name], THOUGHT_PARTS[name])
    field, missing_within = DEFAULTS_WITHIN.get(kind, ("", {}))
    if isinstance(within := whole.get(field), dict):
        whole[field] = {**missing_within, **cast("JsonObject", within)}
    return {name: value for name, value in whole.items() if value is not None or _nullable(name)}


def _nullable(name: str) -> bool:
    """Tell whether a field is told even when it is null, because OpenAI's answers always have it."""
    return name in {"call_id", "environment", "max_output_length", "result", "code", "outputs"}


def _typed(given: object, kind: str) -> object:
    """Give the parts of a thought with the type that goes without saying."""
    if not isinstance(given, list):
        return given
    parts = cast("list[JsonObject]", given)
    return [{"type": kind, **one} if isinstance(one, dict) else one for one in parts]  # pyright: ignore[reportUnnecessaryIsInstance] - nobody has looked yet


def _parts(content: object, *, said: bool) -> list[JsonObject]:
    if not isinstance(content, list):
        text = "output_text" if said else "input_text"
        return [_part({"type": text, "text": content})] if content else []
    parts = cast("list[JsonObject]", content)
    return [_part(one) if isinstance(one, dict) else one for one in parts]  # pyright: ignore[reportUnnecessaryIsInstance] - nobody has looked yet


def _part(given: JsonObject) -> JsonObject:
    told = {name: value for name, value in given.items() if value is not None}
    return {**DEFAULTS.get(str(given.get("type")), {}), **told}


def _shape(kind: str) -> type[BaseModel]:
    return shape_of(f"openai_shapes.conversations:{SHAPES[kind][1]}")


def _checked(whole: JsonObject, shape: type[BaseModel], where: str) -> JsonObject:
    """Give an item without the nulls that only mean "left out".

    Raises:
        InvalidRequest: when it could not be given back as OpenAI's document has it.
    """
    try:
        item = shape.model_validate({"id": "", **whole})
    except ValidationError as exc:
        fault = exc.errors()[0]
        missing = fault["type"] == "missing"
        field = param_name(fault["loc"], whole, missing=missing)
        place = f"{where}.{field}" if field else where
        msg = f"{place}: {fault['msg']}"
        raise InvalidRequest(
            msg,
            param=place,
            code="missing_required_parameter" if missing else "invalid_value",
        ) from exc
    return item.model_dump(exclude_unset=True, exclude={"id"}, by_alias=True)


def _says(message: ChatMessage, whole: JsonObject) -> bool:
    """Tell whether a chat message alone gives the same item back."""
    if message["role"] == KEPT_ITEM:
        return False
    made = items_of(message, "msg_0")
    return len(made) == 1 and {**made[0], "id": ""} == {**whole, "id": ""}
