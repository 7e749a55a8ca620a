"""Write a conversation as Markdown that reads well anywhere: who said what, when, with the sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from backend.api.items import text_of
from backend.kit.closed_markdown import closed, fenced_code
from backend.models.exports import attached_names
from backend.ports.stores import Conversation, StoredMessage
from backend.ports.values import KEPT_ITEM, ChatMessage, JsonObject

UNTITLED = "Conversation"
WHO = {"user": "You", "assistant": "Assistant", "tool": "Tool"}
NOTES = {
    "cancelled": "Stopped before it was complete.",
    "interrupted": "Interrupted: the server stopped before it was complete.",
    "failed": "The answer failed before it was complete.",
    "running": "Still being answered.",
    "waiting": "Waits for an approval.",
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|&~])")
_NUMBER = re.compile(r"\d{1,6}")


def markdown_head(found: Conversation) -> str:
    """Write the title, and when it was begun and went on last."""
    begun, last = moment(found.created_at_ms), moment(found.updated_at_ms)
    return f"# {_plain(found.title) or UNTITLED}\n\nBegun {begun}, last used {last}.\n"


def markdown_message(found: StoredMessage, *, model: str, route: str) -> str:
    """Write a message under a heading that says whose it is; "" when there is nothing to read in it."""
    blocks = [] if found.message["role"] == KEPT_ITEM else list(_blocks(found))
    if not blocks:
        return ""
    role = found.message["role"]
    by = [_plain(model), route and f"({_plain(route)})"] if role == "assistant" else []
    who = " ".join(filter(None, [WHO.get(role, role.capitalize()), *by]))
    heading = f"## {who}, {moment(found.created_at_ms)}"
    return "\n" + "\n\n".join([heading, *blocks]) + "\n"


def moment(at_ms: int) -> str:
    """Give date and time to the minute, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _blocks(found: StoredMessage) -> Iterator[str]:
    message = found.message
    text = text_of(message.get("content")).strip("\n")
    if text.strip():
        yield fenced_code(text) if message["role"] == "tool" else closed(text)
    for call in message.get("tool_calls") or ():
        function = call["function"]
        yield f"Called {_plain(function['name'])}:\n\n{fenced_code(function['arguments'], 'json')}"
    if names := list(attached_names(message)):
        yield "Attached: " + ", ".join(map(_plain, names))
    if sources := _sources(message, text_of(message.get("content"))):
        yield "Sources:\n\n" + "\n".join(sources)
    if found.state in NOTES and message["role"] == "assistant":
        yield f"*{NOTES[found.state]}*"


def _sources(message: ChatMessage, text: str) -> list[str]:
    """List what was cited by the numbers of the markers, each once.

    Not as a list that Markdown numbers: it would count anew where only some sources are cited.
    """
    found = dict[int, str]()
    for one in message.get("annotations") or ():
        cited: JsonObject = one.get("url_citation") or {}
        start, end = cited.get("start_index"), cited.get("end_index")
        marker = _NUMBER.search(text[start:end]) if isinstance(start, int) else None
        url = re.sub(r"[\s<>]", "", str(cited.get("url") or ""))
        title = _plain(str(cited.get("title") or url))
        link = f"[{title}](<{url}>)" if url.startswith(("http://", "https://")) else title
        if title:
            found.setdefault(int(marker[0]) if marker else len(found) + 1, link)
    return [f"* \\[{number}\\] {link}" for number, link in sorted(found.items())]


def _plain(text: str) -> str:
    """Give a text on one line, in which nothing is Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
