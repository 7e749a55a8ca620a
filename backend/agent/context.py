"""Fit a conversation into a model's context window.

Tokens are estimated from the text's size in UTF-8, which serves scripts of one and of three bytes a
character alike; the estimate is calibrated per model by what the upstream itself counted. Not for:
choosing what to say (`prompts`) or how much room there is (`room`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from backend.errors import ContextTooLong
from backend.kit import fences
from backend.ports.models import ModelRequest
from backend.ports.values import ChatMessage, JsonObject

MESSAGE_OVERHEAD_TOKENS = 5
IMAGE_TOKENS = 800
START_BYTES_PER_TOKEN = 3.6
# English comes to 4 to 5. Counts that leave out what was cached would drive the ratio up without
# end; at this bound a prompt of three quarters of the window still fits when the start was right.
MOST_BYTES_PER_TOKEN = 4.5
LEAST_BYTES_PER_TOKEN = 0.8
SHORTENED_CHARS = 600
SHORTENED = "\n[... shortened to fit the model's context]"


class TokenEstimate:
    """Bytes per token, learnt per model from the counts that come back with answers."""

    def __init__(self) -> None:
        self._bytes_per_token: dict[str, float] = {}

    def tokens(self, model: str, messages: Sequence[ChatMessage]) -> int:
        """Estimate the prompt tokens of messages for a model."""
        return _fixed(messages) + self._text_tokens(model, sum(map(_bytes, messages)))

    def tools(self, model: str, specs: Sequence[JsonObject]) -> int:
        """Estimate the prompt tokens of function specs for a model."""
        return self._text_tokens(model, len(orjson.dumps(specs))) if specs else 0

    def size(self, model: str, tokens: int) -> int:
        """Estimate how many bytes of text come to that many tokens."""
        return int(tokens * self._ratio(model))

    def learn(self, model: str, request: ModelRequest, prompt_tokens: int) -> None:
        """Take an upstream's own count into account: a moving average, bounded to sane ratios.

        Counts far below the estimate are ignored: upstreams report only what was not cached.
        """
        text_tokens = prompt_tokens - _fixed(request.messages)
        if text_tokens < 50:
            return
        size = sum(map(_bytes, request.messages))
        size += len(orjson.dumps(request.tools)) if request.tools else 0
        seen = size / text_tokens
        known = self._ratio(model)
        if size < 200 or seen > known * 2:
            return
        mixed = known * 0.7 + seen * 0.3
        self._bytes_per_token[model] = min(MOST_BYTES_PER_TOKEN, max(LEAST_BYTES_PER_TOKEN, mixed))

    def _text_tokens(self, model: str, size: int) -> int:
        return int(size / self._ratio(model))

    def _ratio(self, model: str) -> float:
        return self._bytes_per_token.get(model, START_BYTES_PER_TOKEN)


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
    When the newest exchange alone is too large, its tool results are shortened, oldest first and no
    more than needed; then its oldest calls go, with their results.

    Raises:
        ContextTooLong: when even that does not fit.
    """
    if estimate.tokens(model, messages) <= budget_tokens:
        return Fitted(messages=list(messages))
    pinned = [message for message in messages if message["role"] in {"system", "developer"}]
    exchanges = _exchanges(messages)
    newest = exchanges[-1] if exchanges else []

    def over(kept: Sequence[ChatMessage]) -> int:
        return estimate.tokens(model, [*pinned, *kept]) - budget_tokens

    newest, shortened = _shorten(newest, over=lambda kept: estimate.size(model, over(kept)))
    newest = _without_oldest_calls(newest, over=over)
    left = -over(newest)
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
    exchange: list[ChatMessage], *, over: Callable[[list[ChatMessage]], int]
) -> tuple[list[ChatMessage], int]:
    shortened = 0
    kept = list(exchange)
    for at, message in enumerate(exchange):
        excess = over(kept)
        if excess <= 0:
            break
        content = message.get("content")
        if (
            message["role"] == "tool"
            and isinstance(content, str)
            and len(content) > SHORTENED_CHARS
        ):
            room = max(SHORTENED_CHARS, len(content) - excess - 2 * len(SHORTENED))
            cut = fences.shortened(content, max_chars=room, note=SHORTENED)
            kept[at] = {**message, "content": cut}
            shortened += 1
    return kept, shortened


def _without_oldest_calls(
    exchange: list[ChatMessage], *, over: Callable[[list[ChatMessage]], int]
) -> list[ChatMessage]:
    starts = [at for at, message in enumerate(exchange) if message["role"] == "assistant"]
    head = exchange[: starts[0]] if starts else exchange
    kept = exchange
    for start in starts[1:]:
        if over(kept) <= 0:
            break
        kept = [*head, *exchange[start:]]
    return kept


def _fixed(messages: Sequence[ChatMessage]) -> int:
    return len(messages) * MESSAGE_OVERHEAD_TOKENS + sum(map(_images, messages)) * IMAGE_TOKENS


def _bytes(message: ChatMessage) -> int:
    content = message.get("content")
    size = _size(content) if isinstance(content, str) else 0
    size += sum(_size(part.get("text") or "") for part in message_parts(message))
    calls = message.get("tool_calls")
    return size + (sum(_size(call["function"]["arguments"]) + 60 for call in calls) if calls else 0)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


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


def plain(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Write tool calls and results as ordinary text, for models whose template knows no tools."""
    rendered: list[ChatMessage] = []
    for message in messages:
        calls = message.get("tool_calls")
        if message["role"] == "tool":
            rendered.append(_told_result(message))
        elif calls:
            said = "\n".join(
                f"I call {call['function']['name']} with {call['function']['arguments']}"
                for call in calls
            )
            content = message.get("content")
            before = f"{content}\n" if isinstance(content, str) and content else ""
            rendered.append({"role": "assistant", "content": before + said})
        else:
            rendered.append(message)
    return rendered


def _told_result(message: ChatMessage) -> ChatMessage:
    """Write a tool's result as a user message; what it shows besides its text stays with it."""
    told = f"Tool result:\n{message_text(message)}"
    shown = [part for part in message_parts(message) if part.get("type") != "text"]
    if not shown:
        return {"role": "user", "content": told}
    return {"role": "user", "content": [{"type": "text", "text": told}, *shown]}
