"""Make a conversation's title from its first message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.agent.context import message_text
from backend.ports.values import ChatMessage

MAX_CHARS = 60
CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
SPACE = re.compile(r"\s+")


def title_of(messages: Sequence[ChatMessage]) -> str:
    """Give the first sentence of the first user message, cut at a word; "" when there is none."""
    for message in messages:
        if message["role"] != "user":
            continue
        whole = message_text(message)[:2_000]
        text = SPACE.sub(" ", CODE_BLOCK.sub(" ", whole)).strip() or SPACE.sub(" ", whole).strip()
        if text:
            return _cut(re.split(r"(?<=[.!?\u3002\uff01\uff1f])\s", text, maxsplit=1)[0])
    return ""


def _cut(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    head = text[: MAX_CHARS - 1]
    space = head.rfind(" ")
    return (head[:space] if space > MAX_CHARS // 2 else head).rstrip(" ,;:-") + "…"
