"""Fit a conversation into a model's context window.

Tokens are estimated from characters; the estimate is calibrated per model by what the upstream
itself counted. Not for: choosing what to say (`prompts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from backend.errors import ContextTooLong
from backend.ports.values import ChatMessage, JsonObject

MESSAGE_OVERHEAD_TOKENS = 5
IMAGE_TOKENS = 800
START_CHARS_PER_TOKEN = 3.6
SHORTENED_CHARS = 600
SHORTENED = "\n[... shortened to fit the model's context]"


class TokenEstimate:
    """Characters per token, learnt per model from the counts that come back with answers."""

    def __init__(self) -> None:
        self._chars_per_token: dict[str, float] = {}

    def tokens(self, model: str, messages: Sequence[ChatMessage]) -> int:
        """Estimate the prompt tokens of messages for a model."""
        return _tokens(messages, self._chars_per_token.get(model, START_CHARS_PER_TOKEN))

    def learn(self, model: str, messages: Sequence[ChatMessage], prompt_tokens: int) -> None:
        """Take an upstream's own count into account (a moving average, bounded to sane ratios).

        Counts far below the estimate are ignored: upstreams report only what was not cached.
        """
        fixed = _tokens(messages, float("inf"))
        chars = sum(_chars(message) for message in messages)
        text_tokens = prompt_tokens - fixed
        if text_tokens < 50 or chars < 200:
            return
        seen = chars / text_tokens
        known = self._chars_per_token.get(model, START_CHARS_PER_TOKEN)
        if seen > known * 2:
            return
        self._chars_per_token[model] = min(8.0, max(0.8, known * 0.7 + seen * 0.3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What fits, and what had to go: whole older messages, and shortened tool results."""

    messages: list[ChatMessage]
    dropped: int = 0
    shortened: int = 0


def fit(
    messages: Sequence[ChatMessage], *, model: str, budget_tokens: int, estimate: TokenEstimate
) -> Fitted:
    """Keep system messages and the newest exchanges; drop the oldest exchanges whole.

    An exchange is a user message with all that answers it, so a tool call never loses its result.
    When the newest exchange alone is too large, its older tool results are shortened.

    Raises:
        ContextTooLong: when even that does not fit.
    """
    if estimate.tokens(model, messages) <= budget_tokens:
        return Fitted(messages=list(messages))
    pinned = [message for message in messages if message["role"] in {"system", "developer"}]
    exchanges = _exchanges(messages)
    newest = exchanges[-1] if exchanges else []

    def room(kept: Sequence[ChatMessage]) -> int:
        return budget_tokens - estimate.tokens(model, [*pinned, *kept])

    newest, shortened = _shorten(newest, until=lambda kept: room(kept) >= 0)
    left = room(newest)
    if left < 0:
        msg = (
            f"The newest message needs about {budget_tokens - left} tokens, "
            f"but the model '{model}' has room for {budget_tokens}."
        )
        raise ContextTooLong(msg, param="messages")
    kept: list[list[ChatMessage]] = [newest]
    for exchange in reversed(exchanges[:-1]):
        left -= estimate.tokens(model, exchange)
        if left < 0:
            break
        kept.insert(0, exchange)
    fitted = [*pinned, *(message for exchange in kept for message in exchange)]
    return Fitted(messages=fitted, dropped=len(messages) - len(fitted), shortened=shortened)


def _exchanges(messages: Sequence[ChatMessage]) -> list[list[ChatMessage]]:
    exchanges: list[list[ChatMessage]] = []
    for message in messages:
        if message["role"] in {"system", "developer"}:
            continue
        if message["role"] == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(message)
    return exchanges


def _shorten(
    exchange: list[ChatMessage], *, until: Callable[[list[ChatMessage]], bool]
) -> tuple[list[ChatMessage], int]:
    shortened = 0
    kept = list(exchange)
    for at, message in enumerate(exchange):
        if until(kept):
            break
        content = message.get("content")
        if (
            message["role"] == "tool"
            and isinstance(content, str)
            and len(content) > SHORTENED_CHARS
        ):
            kept[at] = {**message, "content": content[:SHORTENED_CHARS] + SHORTENED}
            shortened += 1
    return kept, shortened


def _tokens(messages: Sequence[ChatMessage], chars_per_token: float) -> int:
    images = sum(_images(message) for message in messages)
    chars = sum(_chars(message) for message in messages)
    fixed = len(messages) * MESSAGE_OVERHEAD_TOKENS + images * IMAGE_TOKENS
    return fixed + int(chars / chars_per_token)


def _chars(message: ChatMessage) -> int:
    content: Any = message.get("content")
    size = len(content) if isinstance(content, str) else 0
    if isinstance(content, list):
        size = sum(len(part.get("text") or "") for part in message_parts(message))
    calls = message.get("tool_calls")
    return size + (len(orjson.dumps(calls)) if calls else 0)


def _images(message: ChatMessage) -> int:
    return sum(1 for part in message_parts(message) if part.get("type") == "image_url")


def message_parts(message: ChatMessage) -> list[JsonObject]:
    """Give a message's content parts; none when its content is plain text."""
    content = message.get("content")
    return content if isinstance(content, list) else []


def message_text(message: ChatMessage) -> str:
    """Give a message's text, its text parts joined."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = message_parts(message)
    return "\n".join(part.get("text") or "" for part in parts if part.get("type") == "text")
