"""What attachments are inside the core: the parts that stand for them, and what they are handled with.

A resolved document is a part of type `attached` that carries `text`: it counts for the context, is
no word of the user's, and becomes a text part when a model is called. Not for: resolving
(`attachments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.ports.documents import FileIntake
from backend.ports.values import ChatMessage, JsonObject
from backend.ports.web import WebFiles

MIB = 1024 * 1024
ATTACHED = "attached"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentOptions:
    """Bounds of attachments; see ATTACHMENTS__ in docs/settings.md for each.

    `context_share` (0 to 1) is how much of a model's window attached text may take.
    """

    max_images: int = 20
    max_image_bytes: int = 20 * MIB
    max_image_pixels: int = 50_000_000
    max_files: int = 10
    max_file_bytes: int = 32 * MIB
    read_wait_s: float = 30.0
    context_share: float = 0.4
    inline_ttl_s: int = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Attaching:
    """What attachments are resolved with; without `web` no address is fetched, without `intake` no bytes kept."""

    options: AttachmentOptions = AttachmentOptions()
    web: WebFiles | None = None
    intake: FileIntake | None = None


def attached(text: str) -> JsonObject:
    """Make the part of a resolved document."""
    return {"type": ATTACHED, "text": text}


def has_parts(messages: Sequence[ChatMessage]) -> bool:
    """Tell whether any message is more than plain text."""
    return any(isinstance(one.get("content"), list) for one in messages)


def as_text(messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """Write attached documents as text parts, as models take them."""
    if not has_parts(messages):
        return messages
    return [_as_text(one) for one in messages]


def _as_text(message: ChatMessage) -> ChatMessage:
    content = message.get("content")
    if not isinstance(content, list) or all(part.get("type") != ATTACHED for part in content):
        return message
    parts = [
        {"type": "text", "text": part["text"]} if part.get("type") == ATTACHED else part
        for part in content
    ]
    if all(part.get("type") == "text" for part in parts):  # the plainest form serves every model
        return {**message, "content": "\n\n".join(part["text"] for part in parts)}
    return {**message, "content": parts}
