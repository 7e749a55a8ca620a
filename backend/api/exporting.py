"""Write conversations out for their owner, as JSON or as Markdown, piece by piece.

Pure: it is given what was stored. A piece is never much longer than the longest message, so that a
conversation is not held a second time as text. Not for: reading the store (`routes/conversation_exports`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson

from backend.api.export_markdown import markdown_head, markdown_message
from backend.models.exports import head_fields, message_fields
from backend.ports.stores import Conversation, StoredMessage

PIECE_BYTES = 64 * 1024
# Model and route of a run, by its id.
Origins = Mapping[str, tuple[str, str]]


def json_pieces(
    conversation: Conversation, messages: Sequence[StoredMessage], origins: Origins
) -> Iterator[bytes]:
    """Write one conversation as a JSON object on one line."""
    return _gathered(_json(conversation, messages, origins))


def markdown_pieces(
    conversation: Conversation, messages: Sequence[StoredMessage], origins: Origins
) -> Iterator[bytes]:
    """Write one conversation for people."""
    return _gathered(_markdown(conversation, messages, origins))


def _json(
    conversation: Conversation, messages: Sequence[StoredMessage], origins: Origins
) -> Iterator[bytes]:
    yield orjson.dumps(head_fields(conversation))[:-1] + b',"messages":['
    for at, one in enumerate(messages):
        model, route = _origin(one, origins)
        yield (b"," if at else b"") + orjson.dumps(message_fields(one, model=model, route=route))
    yield b"]}"


def _markdown(
    conversation: Conversation, messages: Sequence[StoredMessage], origins: Origins
) -> Iterator[bytes]:
    yield markdown_head(conversation).encode()
    for one in messages:
        model, route = _origin(one, origins)
        yield markdown_message(one, model=model, route=route).encode()


def _origin(message: StoredMessage, origins: Origins) -> tuple[str, str]:
    return (
        origins.get(message.run_id or "", ("", ""))
        if message.message["role"] != "user"
        else ("", "")
    )


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces: each that is sent costs a trip to another thread."""
    held, size = list[bytes](), 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
