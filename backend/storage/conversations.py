"""Sessions and their messages in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, insert, or_, select, update

from backend.kit.branches import newest, newest_below, path_to
from backend.kit.folding import fold
from backend.ports.stores import Conversation, Edit, Page, Run, StoredMessage
from backend.ports.values import JsonObject
from backend.storage import turns
from backend.storage.database import Database
from backend.storage.listing import (
    checked_limit,
    read_cursor,
    search_key,
    search_text,
    write_cursor,
)
from backend.storage.message_rows import (
    MINE,
    MessageRow,
    chain,
    message_of,
    outline,
    row_of,
    rows_of,
    show_head,
)
from backend.storage.quotas import check_conversation
from backend.storage.tables import conversations, messages, runs

_GET = select(conversations).where(MINE)
_SIZE = select(func.coalesce(func.sum(func.length(messages.c.message)), 0)).where(
    messages.c.conversation_id == bindparam("wanted")
)
_SHOW = (
    update(conversations)
    .where(MINE, conversations.c.active_run_id.is_(None))
    .values(head_id=bindparam("new_head"))
)


class SqlConversationStore:
    """The `ConversationStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, conversation: Conversation, messages: Sequence[StoredMessage] = ()
    ) -> None:
        """Add a conversation with what it starts from."""
        await self._database.write(_create, conversation, messages)

    async def get(self, user_id: str, conversation_id: str) -> Conversation | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, conversation_id)

    async def messages(self, user_id: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Those of its messages that are shown, in order; empty when it is not the user's."""
        return await self._database.read(_messages, user_id, conversation_id)

    async def all_messages(self, user_id: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Its messages of every version, as they were written; empty when it is not the user's."""
        return await self._database.read(_all_messages, user_id, conversation_id)

    async def show(self, user_id: str, conversation_id: str, message_id: str) -> bool:
        """Show the version that holds a message, up to what was written last behind it.

        Tell whether there is such a message; SessionBusy while a run holds the conversation.
        """
        return await self._database.write(_show, user_id, conversation_id, message_id)

    async def list(
        self, user_id: str, *, query: str = "", limit: int = 20, cursor: str | None = None
    ) -> Page[Conversation]:
        """The user's conversations, last used first; `query` searches titles and messages.

        Raises:
            InvalidRequest: for a cursor no listing gave out, a query over 500 characters or a limit
                outside 1 to 1,000.
        """
        after = None if cursor is None else read_cursor(cursor)
        key, size = search_key(query), checked_limit(limit)
        rows = await self._database.read(_list, user_id, key=key, limit=size + 1, after=after)
        if len(rows) <= size:
            return Page(items=tuple(rows))
        last = rows[size - 1]
        return Page(items=tuple(rows[:size]), next_cursor=write_cursor(last.updated_at_ms, last.id))

    async def update(
        self,
        user_id: str,
        conversation_id: str,
        *,
        title: str | None = None,
        metadata: JsonObject | None = None,
    ) -> Conversation | None:
        """Change title or metadata; that is no use of it, so the list stays in its order."""
        values: dict[str, Any] = {}
        if title is not None:
            values |= {"title": title, "title_key": fold(title)}
        if metadata is not None:
            values["metadata"] = metadata
        return await self._database.write(_update, user_id, conversation_id, values=values)

    async def delete(self, user_id: str, conversation_id: str) -> bool:
        """Erase it with its messages and runs."""
        return await self._database.write(_delete, user_id, conversation_id)

    async def prune(self, before_ms: int) -> int:
        """Erase those last used before then that nothing runs or waits in; tell how many."""
        return await self._database.write(_prune, before_ms)

    async def append(
        self,
        user_id: str,
        conversation_id: str,
        messages: Sequence[StoredMessage],
        *,
        title_if_empty: str,
        now_ms: int,
    ) -> None:
        """Add messages behind the last one, outside of any turn, in one transaction.

        Raises SessionBusy while a run holds the conversation, NotFound when it is not the user's.
        """
        whose = {"wanted": conversation_id, "owner": user_id, "now": now_ms}
        title = {"new_title": title_if_empty, "new_key": fold(title_if_empty)}
        await self._database.write(_append, {**whose, **title}, messages)

    async def edit_message(
        self, user_id: str, conversation_id: str, message_id: str, edit: Edit, *, now_ms: int
    ) -> bool:
        """Put what `edit` makes of a message in its place, or drop it, in one transaction.

        What follows a dropped message follows the one before it from then on. Tell whether there is
        such a message; SessionBusy while a run holds the conversation.
        """
        whose = {"wanted": conversation_id, "owner": user_id, "now": now_ms}
        return await self._database.write(_edit_message, whose, message_id, edit)

    async def begin_turn(
        self,
        run: Run,
        new_messages: Sequence[StoredMessage],
        *,
        title_if_empty: str,
        replaces: str | None = None,
    ) -> None:
        """Claim the conversation for a run and store what is new, in one transaction.

        It stands behind what is shown, or in the place of the message `replaces`, of which it is
        another version; with nothing new the answer will. Raises SessionBusy when another run holds
        the conversation, NotFound when it is not the user's, Conflict without such a message.
        """
        await self._database.write(
            turns.begin_turn, run, new_messages, title=title_if_empty, replaces=replaces
        )

    async def end_turn(self, run: Run, new_messages: Sequence[StoredMessage]) -> None:
        """Store the run's end and its messages and free the conversation, in one transaction.

        A run that has ended already, or whose conversation was erased meanwhile, changes nothing.
        A message that is stored already, of a run that had waited, is replaced in its place. A run
        that says nothing leaves shown what was written last.
        """
        await self._database.write(turns.end_turn, run, new_messages)


def _conversation_of(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        user_id=row.user_id,
        title=row.title,
        metadata=row.metadata,
        active_run_id=row.active_run_id,
        head_id=row.head_id,
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
    )


def _create(
    connection: Connection, it: Conversation, new_messages: Sequence[StoredMessage]
) -> None:
    values = {
        "id": it.id,
        "user_id": it.user_id,
        "active_run_id": it.active_run_id,
        "created_at_ms": it.created_at_ms,
        "updated_at_ms": it.updated_at_ms,
        "title": it.title,
        "title_key": fold(it.title),
        "metadata": it.metadata,
        "head_id": newest(new_messages),
    }
    connection.execute(insert(conversations), values)
    chain(connection, it.id, new_messages, behind=None)


def _get(connection: Connection, user_id: str, conversation_id: str) -> Conversation | None:
    row = connection.execute(_GET, {"wanted": conversation_id, "owner": user_id}).first()
    return None if row is None else _conversation_of(row)


def _messages(
    connection: Connection, user_id: str, conversation_id: str
) -> Sequence[StoredMessage]:
    rows = rows_of(connection, user_id, conversation_id)
    return tuple(map(message_of, path_to(rows, rows[0].head_id))) if rows else ()


def _all_messages(
    connection: Connection, user_id: str, conversation_id: str
) -> Sequence[StoredMessage]:
    return tuple(map(message_of, rows_of(connection, user_id, conversation_id)))


def _show(connection: Connection, user_id: str, conversation_id: str, message_id: str) -> bool:
    whose = {"wanted": conversation_id, "owner": user_id}
    if row_of(connection, {**whose, "message_id": message_id}) is None:
        return False
    head = newest_below(outline(connection, conversation_id), message_id)
    if connection.execute(_SHOW, {**whose, "new_head": head}).rowcount == 0:
        turns.refuse_claim(connection, user_id, conversation_id)
    return True


def _list(
    connection: Connection, user_id: str, *, key: str, limit: int, after: tuple[int, str] | None
) -> Sequence[Conversation]:
    it = conversations.c
    found = select(conversations).where(it.user_id == user_id)
    if key:
        said = select(messages.c.seq).where(
            messages.c.conversation_id == it.id,
            messages.c.search_text.contains(key, autoescape=True),
        )
        found = found.where(it.title_key.contains(key, autoescape=True) | said.exists())
    if after is not None:
        at_ms, last_id = after
        older = it.updated_at_ms < at_ms
        found = found.where(or_(older, (it.updated_at_ms == at_ms) & (it.id < last_id)))
    ordered = found.order_by(it.updated_at_ms.desc(), it.id.desc()).limit(limit)
    return [_conversation_of(row) for row in connection.execute(ordered)]


def _update(
    connection: Connection, user_id: str, conversation_id: str, *, values: dict[str, Any]
) -> Conversation | None:
    mine = (conversations.c.id == conversation_id) & (conversations.c.user_id == user_id)
    if values:
        connection.execute(update(conversations).where(mine).values(values))
    return _get(connection, user_id, conversation_id)


def _delete(connection: Connection, user_id: str, conversation_id: str) -> bool:
    mine = (conversations.c.id == conversation_id) & (conversations.c.user_id == user_id)
    return connection.execute(delete(conversations).where(mine)).rowcount > 0


def _prune(connection: Connection, before_ms: int) -> int:
    it = conversations.c
    waits = exists().where(
        runs.c.conversation_id == it.id, runs.c.state.in_(("running", "waiting"))
    )
    idle = (it.updated_at_ms < before_ms) & it.active_run_id.is_(None) & ~waits
    return connection.execute(delete(conversations).where(idle)).rowcount


def _append(
    connection: Connection, touch: dict[str, Any], new_messages: Sequence[StoredMessage]
) -> None:
    touched = _touched(connection, touch)
    kept: int = connection.execute(_SIZE, {"wanted": touch["wanted"]}).scalar_one()
    check_conversation(kept, new_messages)
    head = chain(connection, touch["wanted"], new_messages, behind=touched.head_id)
    show_head(connection, touch["wanted"], head)


def _edit_message(
    connection: Connection, whose: dict[str, Any], message_id: str, edit: Edit
) -> bool:
    which = {"wanted": whose["wanted"], "owner": whose["owner"], "message_id": message_id}
    if row_of(connection, which) is None:
        return False
    _touched(connection, {**whose, "new_title": "", "new_key": ""})
    row = row_of(connection, which)  # as it is now that nobody else can write
    if row is None:
        return False
    left = edit(message_of(row))
    if left is None:
        _drop(connection, row)
    else:
        values = {"message": left, "search_text": search_text(left)}
        connection.execute(update(messages).where(messages.c.id == row.id).values(values))
    return True


def _drop(connection: Connection, row: MessageRow) -> None:
    """Erase a message; what follows it follows the one before it, and so does what is shown."""
    it = messages.c
    behind = update(messages).where(
        it.conversation_id == row.conversation_id, it.parent_id == row.id
    )
    connection.execute(behind.values(parent_id=row.parent_id))
    connection.execute(delete(messages).where(it.id == row.id))
    if row.head_id == row.id:
        head = row.parent_id or newest(outline(connection, row.conversation_id))
        show_head(connection, row.conversation_id, head)


def _touched(connection: Connection, touch: dict[str, Any]) -> Row[Any]:
    """Claim a conversation that no run holds for this transaction."""
    touched = connection.execute(turns.TOUCH, touch).first()
    if touched is None:
        turns.refuse_claim(connection, touch["owner"], touch["wanted"])
    return touched
