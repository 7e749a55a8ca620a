"""Wire shapes of exported conversations. What is in them only ever grows; anything else is a new `version`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict

from backend.models.sessions import conversation_fields
from backend.ports.stores import Conversation, StoredMessage
from backend.ports.values import ChatMessage, JsonObject

VERSION = 1


class ExportedMessage(BaseModel):
    """One message, with what else OpenAI's shape has of it: `annotations`, `tool_calls` and the like.

    `model` and `route` tell what answered, `files` names what was attached; the role `item` is for
    what a client kept in the conversation that is no message.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    role: str
    content: str | list[dict[str, Any]] | None
    created_at: int
    state: str
    run_id: str | None
    model: str | None
    route: str | None
    files: list[str]


class ExportedConversation(BaseModel):
    """One conversation; times are seconds since 1970 UTC."""

    version: Literal[1]
    id: str
    title: str
    metadata: dict[str, Any]
    created_at: int
    updated_at: int
    messages: list[ExportedMessage]


class ExportedConversations(BaseModel):
    """All conversations of one person, last used first."""

    version: Literal[1]
    exported_at: int
    conversations: list[ExportedConversation]


def head_fields(found: Conversation) -> JsonObject:
    """Give what is exported of a conversation beside its messages."""
    fields = conversation_fields(found)
    del fields["active_run_id"]
    return {"version": VERSION, **fields}


def message_fields(found: StoredMessage, *, model: str, route: str) -> JsonObject:
    """Give what is exported of a message."""
    rest = {name: it for name, it in found.message.items() if name != "call_numbers"}
    return {
        **rest,
        "id": found.id,
        "role": found.message["role"],
        "content": found.message.get("content"),
        "created_at": found.created_at_ms // 1000,
        "state": found.state,
        "run_id": found.run_id,
        "model": model or None,
        "route": route or None,
        "files": list(attached_names(found.message)),
    }


def attached_names(message: ChatMessage) -> Iterator[str]:
    """Name the files and pictures in a message, by their ids where they have no name."""
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        kind = str(part.get("type"))
        if kind not in _KINDS:
            continue
        held: object = part.get(kind)
        told = cast("JsonObject", held) if isinstance(held, dict) else {}
        yield " ".join(str(told.get("filename") or told.get("file_id") or _KINDS[kind]).split())


_KINDS = {"file": "file", "image_url": "picture", "input_audio": "sound"}
