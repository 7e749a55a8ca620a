"""Translate between items, the language of Responses and Conversations, and chat messages. Pure.

One assistant message with calls is several items, and the other way round. Ids of items made here
are the message's own, so that an item can be found again by its id. Not for: the items of an answer
being given (`responses`), or parts that must be fetched, which stay references here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from backend.errors import InvalidRequest
from backend.ports.values import ChatMessage, JsonObject, ToolCall

ROLES = frozenset({"user", "assistant", "system", "developer"})
# What this server did itself in an earlier answer, or says of it: a model is told by its own transcript.
PASSED_OVER = frozenset({
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "image_generation_call",
    "computer_call",
    "local_shell_call",
})
# Items of a message that may have several of them: their ids end in a number.
NUMBERED = frozenset({"fc", "ctc"})
MADE_SHORT = "steward1"
TEXT_PARTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})


def messages_of(items: Sequence[JsonObject], *, param: str = "input") -> list[ChatMessage]:
    """Translate items to chat messages; what an assistant said and called becomes one message.

    Raises:
        InvalidRequest: naming the item that is of no known kind or lacks something.
    """
    return [message for _, message in placed_messages_of(items, param=param)]


def placed_messages_of(
    items: Sequence[JsonObject], *, param: str = "input"
) -> list[tuple[int, ChatMessage]]:
    """Translate as `messages_of`, each message with the number of the item that its content is of."""
    made: list[ChatMessage] = []
    places: list[int] = []
    for at, item in enumerate(items):
        message = message_of(item, f"{param}[{at}]")
        if message is None:
            continue
        _join(made, message)
        if len(made) > len(places):
            places.append(at)
        elif message.get("content") is not None:
            places[-1] = at
    return list(zip(places, made, strict=True))


def message_of(item: JsonObject, where: str) -> ChatMessage | None:
    """Translate one item by itself; None for one that no model is told of.

    Raises:
        InvalidRequest: naming what is wrong below `where`.
    """
    kind = kind_of(item)
    if kind in PASSED_OVER:
        return None
    read = _READERS.get(kind)
    if read is None:
        msg = f"Items of type '{kind[:40]}' are not known"
        raise InvalidRequest(msg, param=f"{where}.type")
    return read(item, where)


def kind_of(item: JsonObject) -> str:
    """Give the type of an item; what has a role is a message without saying so."""
    return str(item.get("type") or ("message" if "role" in item else None))


def _join(made: list[ChatMessage], new: ChatMessage) -> None:
    """Add a message; calls and thoughts join the assistant message that they belong to."""
    last = made[-1] if made else None
    if last is None or last["role"] != "assistant" or new["role"] != "assistant":
        made.append(new)
    elif calls := new.get("tool_calls"):
        last["tool_calls"] = [*(last.get("tool_calls") or ()), *calls]
    elif last.get("content") is None and not last.get("tool_calls"):
        last.update(new)  # a thought stood alone before
    else:
        made.append(new)


def _message(item: JsonObject, where: str) -> ChatMessage:
    role = str(item.get("role"))
    if role not in ROLES:
        msg = f"A message's role is one of {', '.join(sorted(ROLES))}"
        raise InvalidRequest(msg, param=f"{where}.role")
    content = _content(item.get("content"), f"{where}.content")
    if content is None and role != "assistant":
        raise InvalidRequest("A message needs content", param=f"{where}.content")
    return {"role": "system" if role == "developer" else role, "content": content}


def _call(item: JsonObject, where: str) -> ChatMessage:
    arguments = item.get("arguments", item.get("input"))
    return {"role": "assistant", "content": None, "tool_calls": [
        {
            "id": _needed(item, "call_id", where),
            "type": "function",
            "function": {"name": _needed(item, "name", where), "arguments": str(arguments or "")},
        }
    ]}  # fmt: skip


def _call_output(item: JsonObject, where: str) -> ChatMessage:
    content = _content(item.get("output"), f"{where}.output")
    call_id = _needed(item, "call_id", where)
    return {"role": "tool", "tool_call_id": call_id, "content": content or ""}


def _reasoning(item: JsonObject, _: str) -> ChatMessage:
    lists: Iterable[Any] = (item.get("content"), item.get("summary"))
    parts = [one for given in lists if isinstance(given, list) for one in cast("list[Any]", given)]
    said = [str(cast("JsonObject", one).get("text", "")) for one in parts if isinstance(one, dict)]
    return {"role": "assistant", "content": None, "reasoning_content": "\n".join(said)}


def compaction_item(summary: str, item_id: str) -> JsonObject:
    """Give what stands for a conversation that was made short; its content is opaque, not secret."""
    packed = base64.b64encode(summary.encode()).decode()
    return {"id": item_id, "type": "compaction", "encrypted_content": f"{MADE_SHORT}:{packed}"}


def _compaction(item: JsonObject, where: str) -> ChatMessage:
    mark, _, packed = _needed(item, "encrypted_content", where).rpartition(":")
    try:
        summary = base64.b64decode(packed if mark == MADE_SHORT else "!", validate=True).decode()
    except ValueError as exc:
        msg = "This is no compaction of this server's; send the conversation itself"
        raise InvalidRequest(msg, param=f"{where}.encrypted_content", code="invalid_value") from exc
    return {"role": "assistant", "content": f"What was said before, in short:\n{summary}"}


_READERS: dict[str, Callable[[JsonObject, str], ChatMessage]] = {
    "message": _message,
    "function_call": _call,
    "custom_tool_call": _call,
    "function_call_output": _call_output,
    "custom_tool_call_output": _call_output,
    "reasoning": _reasoning,
    "compaction": _compaction,
}


def _needed(item: JsonObject, name: str, where: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        msg = f"An item of type '{item.get('type')}' needs {name}"
        raise InvalidRequest(msg, param=f"{where}.{name}", code="missing_required_parameter")
    return value


def _content(given: object, where: str) -> str | list[JsonObject] | None:
    """Translate content; text alone stays a string."""
    if given is None or isinstance(given, str):
        return given
    if not isinstance(given, list):
        raise InvalidRequest("Content is a string or a list of parts", param=where)
    parts = [_part(one, f"{where}[{at}]") for at, one in enumerate(cast("list[object]", given))]
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _part(given: object, where: str) -> JsonObject:
    part = cast("JsonObject", given) if isinstance(given, dict) else {}
    kind = str(part.get("type"))
    if kind in TEXT_PARTS or kind == "refusal":
        text = part.get("refusal" if kind == "refusal" else "text")
        if not isinstance(text, str):
            raise InvalidRequest("A text part needs text", param=f"{where}.text")
        return {"type": "text", "text": text}
    if kind == "input_image":
        image = {"url": part.get("image_url"), "file_id": part.get("file_id")}
        return {"type": "image_url", "image_url": _told(image, detail=part.get("detail"))}
    if kind == "input_file":
        names = ("file_id", "file_data", "file_url", "filename")
        return {"type": "file", "file": _told({name: part.get(name) for name in names})}
    if kind == "input_audio":
        return {"type": "input_audio", "input_audio": part.get("input_audio")}
    msg = f"Parts of type '{kind[:40]}' are not known"
    raise InvalidRequest(msg, param=f"{where}.type")


def _told(names: JsonObject, **more: object) -> JsonObject:
    return {name: value for name, value in {**names, **more}.items() if value is not None}


def items_of(
    message: ChatMessage, message_id: str, *, status: str = "completed"
) -> list[JsonObject]:
    """Translate one chat message: the message itself, if it says anything, then its calls.

    The first item has the message's id, a further one that id with another prefix and a number.
    """
    role = message["role"]
    key = message_id.partition("_")[2]
    if role == "tool":
        return [
            {
                "id": f"fco_{key}",
                "type": "function_call_output",
                "call_id": message.get("tool_call_id", ""),
                "output": text_of(message.get("content")),
                "status": status,
            }
        ]
    made: list[JsonObject] = []
    content = _parts_of(message)
    calls = message.get("tool_calls") or ()
    if content or not calls:
        made.append({
            "id": message_id,
            "type": "message",
            "role": role,
            "status": status,
            "content": content,
        })
    return [*made, *(_call_item(call, f"{key}_{at}", status) for at, call in enumerate(calls))]


def message_of_item(item_id: str) -> str:
    """Give the id of the message that an item made by `items_of` stands for."""
    prefix, _, rest = item_id.partition("_")
    key = rest.rpartition("_")[0] if prefix in NUMBERED else rest
    return f"msg_{key}"


def _call_item(call: ToolCall, key: str, status: str) -> JsonObject:
    custom: JsonObject | None = cast("JsonObject", call).get("custom")
    if custom is not None:
        return {
            "id": f"ctc_{key}",
            "type": "custom_tool_call",
            "call_id": call["id"],
            "name": custom["name"],
            "input": custom["input"],
            "status": status,
        }
    return {
        "id": f"fc_{key}",
        "type": "function_call",
        "call_id": call["id"],
        "name": call["function"]["name"],
        "arguments": call["function"]["arguments"],
        "status": status,
    }


def _parts_of(message: ChatMessage) -> list[JsonObject]:
    content = message.get("content")
    given: Sequence[JsonObject] = (
        ([{"type": "text", "text": content}] if content else [])
        if isinstance(content, str)
        else content or ()
    )
    if message["role"] == "assistant":
        annotations = [url_citation(one) for one in message.get("annotations") or ()]
        return [
            {
                "type": "output_text",
                "text": text_of([one]),
                "annotations": annotations,
                "logprobs": [],
            }
            for one in given
        ]
    return [_input_part(one) for one in given]


def url_citation(annotation: JsonObject) -> JsonObject:
    """Flatten a chat annotation as Responses have it."""
    return {"type": "url_citation", **annotation.get("url_citation", {})}


def _input_part(part: JsonObject) -> JsonObject:
    kind = part.get("type")
    if kind == "image_url":
        image: Any = part.get("image_url")
        image = {"url": image} if isinstance(image, str) else image or {}
        made = {"image_url": image.get("url"), "file_id": image.get("file_id")}
        return {"type": "input_image", "detail": image.get("detail") or "auto", **_told(made)}
    if kind == "file":
        return {"type": "input_file", **(part.get("file") or {})}
    if kind == "input_audio":
        return _audio_file(part.get("input_audio") or {})
    return {"type": "input_text", "text": text_of([part])}


def _audio_file(audio: JsonObject) -> JsonObject:
    """Give sound as a file: items have no part of its own for it."""
    form = audio.get("format") or "wav"
    data = f"data:audio/{form};base64,{audio.get('data') or ''}"
    return {"type": "input_file", "filename": f"audio.{form}", "file_data": data}


def text_of(content: str | Sequence[JsonObject] | None) -> str:
    """Give the text of a message's content, its parts one below the other."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(part.get("text") or part.get("refusal") or "") for part in content)
