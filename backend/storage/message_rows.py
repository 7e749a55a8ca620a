"""The messages of sessions as rows: reading them, chaining new ones, what is shown of them.

Not for: who may write them and when (`conversations`, `turns`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

import orjson
from sqlalchemy import Connection, Text, bindparam, insert, select, type_coerce, update

from backend.kit.branches import Following
from backend.ports.stores import StoredMessage
from backend.storage.listing import search_text
from backend.storage.tables import conversations, messages

MINE = (conversations.c.id == bindparam("wanted")) & (conversations.c.user_id == bindparam("owner"))
_IN = messages.c.conversation_id == bindparam("wanted")
# The JSON is read as text: that of versions which are not shown is never looked into.
_MESSAGES = (
    select(
        messages.c.id,
        messages.c.conversation_id,
        messages.c.run_id,
        messages.c.parent_id,
        messages.c.state,
        messages.c.created_at_ms,
        type_coerce(messages.c.message, Text).label("message"),
        conversations.c.head_id,
    )
    .join_from(messages, conversations)
    .where(MINE)
)
_IN_ORDER = _MESSAGES.order_by(messages.c.seq)
_MESSAGE = _MESSAGES.where(messages.c.id == bindparam("message_id"))
_OUTLINE = select(messages.c.id, messages.c.parent_id).where(_IN).order_by(messages.c.seq)
_ADD = insert(messages)
_SHOW_HEAD = (
    update(conversations)
    .where(conversations.c.id == bindparam("wanted"))
    .values(head_id=bindparam("new_head"))
)


class MessageRow(Following, Protocol):
    """A row of `_MESSAGES`: a message, and which one its conversation shows last."""

    @property
    def conversation_id(self) -> str:
        """Its conversation."""
        ...

    @property
    def head_id(self) -> str | None:
        """The last message of those that are shown."""
        ...


def rows_of(connection: Connection, user_id: str, conversation_id: str) -> Sequence[MessageRow]:
    """Read all messages of one of the user's conversations, as they were written."""
    found = connection.execute(_IN_ORDER, {"wanted": conversation_id, "owner": user_id})
    return cast("Sequence[MessageRow]", found.all())


def row_of(connection: Connection, which: dict[str, Any]) -> MessageRow | None:
    """Read the message that `which` names, with its conversation and its owner."""
    return cast("MessageRow | None", connection.execute(_MESSAGE, which).first())


def outline(connection: Connection, conversation_id: str | None) -> Sequence[Following]:
    """Read which message follows which, as they were written."""
    found = connection.execute(_OUTLINE, {"wanted": conversation_id})
    return cast("Sequence[Following]", found.all())


def message_of(row: MessageRow) -> StoredMessage:
    """Build a message from its row."""
    message_id, conversation_id, run_id, parent_id, state, created_at_ms, message, _ = cast(
        "tuple[Any, ...]", row
    )
    return StoredMessage(
        id=message_id,
        conversation_id=conversation_id,
        message=orjson.loads(message),
        run_id=run_id,
        parent_id=parent_id,
        state=state,
        created_at_ms=created_at_ms,
    )


def chain(
    connection: Connection,
    conversation_id: str | None,
    new_messages: Sequence[StoredMessage],
    *,
    behind: str | None,
) -> str | None:
    """Store messages one behind the other, the first behind `behind`; give the id of the last."""
    rows: list[dict[str, Any]] = []
    for new in new_messages:
        row = {
            "id": new.id,
            "conversation_id": conversation_id,
            "run_id": new.run_id,
            "parent_id": behind,
            "state": new.state,
            "created_at_ms": new.created_at_ms,
            "message": new.message,
            "search_text": search_text(new.message),
        }
        rows.append(row)
        behind = new.id
    if rows:
        connection.execute(_ADD, rows)
    return behind


def show_head(connection: Connection, conversation_id: str | None, head_id: str | None) -> None:
    """Note which message is the last one shown."""
    connection.execute(_SHOW_HEAD, {"wanted": conversation_id, "new_head": head_id})
