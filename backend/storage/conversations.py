"""Sessions and their messages in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from backend.errors import NotFound, SessionBusy
from backend.kit.folding import fold
from backend.ports.stores import Conversation, Edit, Page, Run, StoredMessage
from backend.ports.values import JsonObject
from backend.storage.columns import CleanText
from backend.storage.database import Database, insert_or_update
from backend.storage.listing import (
    checked_limit,
    read_cursor,
    search_key,
    search_text,
    write_cursor,
)
from backend.storage.quotas import check_conversation
from backend.storage.run_files import FORGET_FILES, keep_files, without_deleted
from backend.storage.runs import run_values
from backend.storage.tables import conversations, messages, runs
from backend.storage.usage import add_run

_MINE = (conversations.c.id == bindparam("wanted")) & (
    conversations.c.user_id == bindparam("owner")
)
_GET = select(conversations).where(_MINE)
_SIZE = select(func.coalesce(func.sum(func.length(messages.c.message)), 0)).where(
    messages.c.conversation_id == bindparam("wanted")
)
_MESSAGES = (
    select(messages).join_from(messages, conversations).where(_MINE).order_by(messages.c.seq)
)
_MESSAGE = (
    select(messages)
    .join_from(messages, conversations)
    .where(_MINE, messages.c.id == bindparam("message_id"))
)
_ADD = insert(messages)
_UNTITLED = conversations.c.title == ""
_NEW_TITLE: ColumnElement[str] = bindparam("new_title", type_=CleanText)
_NEW_KEY: ColumnElement[str] = bindparam("new_key", type_=CleanText)
_CLAIM = (
    update(conversations)
    .where(_MINE, conversations.c.active_run_id.is_(None))
    .values(
        active_run_id=bindparam("run"),
        updated_at_ms=bindparam("now"),
        title=case((_UNTITLED, _NEW_TITLE), else_=conversations.c.title),
        title_key=case((_UNTITLED, _NEW_KEY), else_=conversations.c.title_key),
    )
)
# Locks the row, so that no turn can begin before what is written here is there.
_TOUCH = (
    update(conversations)
    .where(_MINE, conversations.c.active_run_id.is_(None))
    .values(
        updated_at_ms=bindparam("now"),
        title=case((_UNTITLED, _NEW_TITLE), else_=conversations.c.title),
        title_key=case((_UNTITLED, _NEW_KEY), else_=conversations.c.title_key),
    )
)
FREE = (
    update(conversations)
    .where(_MINE, conversations.c.active_run_id == bindparam("run"))
    .values(active_run_id=None, updated_at_ms=bindparam("now"))
)
_ADD_OR_REPLACE = insert_or_update(
    messages,
    "id",
    **{
        name: cast("ColumnElement[Any]", literal_column(f"excluded.{name}"))
        for name in ("state", "created_at_ms", "message", "search_text")
    },
)
_END_RUN = (
    update(runs)
    .where(
        runs.c.id == bindparam("run"),
        runs.c.user_id == bindparam("owner"),
        runs.c.conversation_id == bindparam("wanted"),
        runs.c.state == "running",
    )
    .values({
        name: bindparam(f"new_{name}")
        for name in ("model", "route", "state", "finished_at_ms", "trace", "events")
    })
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
        """Its messages in order; empty when it is not the user's."""
        return await self._database.read(_messages, user_id, conversation_id)

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
        now_ms: int,
    ) -> Conversation | None:
        """Change title or metadata."""
        values: dict[str, Any] = {"updated_at_ms": now_ms}
        if title is not None:
            values |= {"title": title, "title_key": fold(title)}
        if metadata is not None:
            values["metadata"] = metadata
        return await self._database.write(_update, user_id, conversation_id, values=values)

    async def delete(self, user_id: str, conversation_id: str) -> bool:
        """Erase it with its messages and runs."""
        return await self._database.write(_delete, user_id, conversation_id)

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

        Tell whether there is such a message; SessionBusy while a run holds the conversation.
        """
        whose = {"wanted": conversation_id, "owner": user_id, "now": now_ms}
        return await self._database.write(_edit_message, whose, message_id, edit)

    async def begin_turn(
        self, run: Run, new_messages: Sequence[StoredMessage], *, title_if_empty: str
    ) -> None:
        """Claim the conversation for a run and store what is new, in one transaction.

        Raises SessionBusy when another run holds it, NotFound when it is not the user's.
        """
        await self._database.write(_begin_turn, run, new_messages, title=title_if_empty)

    async def end_turn(self, run: Run, new_messages: Sequence[StoredMessage]) -> None:
        """Store the run's end and its messages and free the conversation, in one transaction.

        A run that has ended already, or whose conversation was erased meanwhile, changes nothing.
        A message that is stored already, of a run that had waited, is replaced in its place.
        """
        await self._database.write(_end_turn, run, new_messages)


def _conversation_of(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        user_id=row.user_id,
        title=row.title,
        metadata=row.metadata,
        active_run_id=row.active_run_id,
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
    }
    connection.execute(insert(conversations), values)
    _add_messages(connection, it.id, new_messages, statement=_ADD)


def _get(connection: Connection, user_id: str, conversation_id: str) -> Conversation | None:
    row = connection.execute(_GET, {"wanted": conversation_id, "owner": user_id}).first()
    return None if row is None else _conversation_of(row)


def _messages(
    connection: Connection, user_id: str, conversation_id: str
) -> Sequence[StoredMessage]:
    rows = connection.execute(_MESSAGES, {"wanted": conversation_id, "owner": user_id})
    return tuple(map(_message_of, rows))


def _message_of(row: Row[Any]) -> StoredMessage:
    return StoredMessage(
        id=row.id,
        conversation_id=row.conversation_id,
        message=row.message,
        run_id=row.run_id,
        state=row.state,
        created_at_ms=row.created_at_ms,
    )


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
    connection.execute(update(conversations).where(mine).values(values))
    return _get(connection, user_id, conversation_id)


def _delete(connection: Connection, user_id: str, conversation_id: str) -> bool:
    mine = (conversations.c.id == conversation_id) & (conversations.c.user_id == user_id)
    return connection.execute(delete(conversations).where(mine)).rowcount > 0


def _append(
    connection: Connection, touch: dict[str, Any], new_messages: Sequence[StoredMessage]
) -> None:
    if not _touched(connection, touch):
        raise NotFound
    kept: int = connection.execute(_SIZE, {"wanted": touch["wanted"]}).scalar_one()
    check_conversation(kept, new_messages)
    _add_messages(connection, touch["wanted"], new_messages, statement=_ADD)


def _edit_message(
    connection: Connection, whose: dict[str, Any], message_id: str, edit: Edit
) -> bool:
    which = {"wanted": whose["wanted"], "owner": whose["owner"], "message_id": message_id}
    if connection.execute(_MESSAGE, which).first() is None:
        return False
    _touched(connection, {**whose, "new_title": "", "new_key": ""})
    row = connection.execute(_MESSAGE, which).first()  # as it is now that nobody else can write
    if row is None:
        return False
    left = edit(_message_of(row))
    this = messages.c.seq == row.seq
    if left is None:
        connection.execute(delete(messages).where(this))
    else:
        values = {"message": left, "search_text": search_text(left)}
        connection.execute(update(messages).where(this).values(values))
    return True


def _touched(connection: Connection, touch: dict[str, Any]) -> bool:
    """Claim a conversation that no run holds for this transaction; False when there is none."""
    if connection.execute(_TOUCH, touch).rowcount > 0:
        return True
    if _get(connection, touch["owner"], touch["wanted"]) is None:
        return False
    raise SessionBusy


def _begin_turn(
    connection: Connection, run: Run, new_messages: Sequence[StoredMessage], *, title: str
) -> None:
    claim = {
        "wanted": run.conversation_id,
        "owner": run.user_id,
        "run": run.id,
        "now": run.started_at_ms,
        "new_title": title,
        "new_key": fold(title),
    }
    if connection.execute(_CLAIM, claim).rowcount == 0:
        if _get(connection, run.user_id, run.conversation_id or "") is None:
            raise NotFound
        raise SessionBusy
    begun = without_deleted(connection, run)
    connection.execute(insert(runs), run_values(begun))
    keep_files(connection, begun)
    _add_messages(connection, run.conversation_id, new_messages, statement=_ADD)


def _end_turn(connection: Connection, run: Run, new_messages: Sequence[StoredMessage]) -> None:
    whose = {"wanted": run.conversation_id, "owner": run.user_id, "run": run.id}
    add_run(connection, run)
    kept = without_deleted(connection, run)
    values = {f"new_{name}": value for name, value in run_values(kept).items()}
    if connection.execute(_END_RUN, {**whose, **values}).rowcount == 0:
        return
    if kept.file_ids:
        connection.execute(FORGET_FILES, {"run": run.id})
    keep_files(connection, kept)
    add_or_replace(connection, run, new_messages)
    now_ms = run.started_at_ms if run.finished_at_ms is None else run.finished_at_ms
    connection.execute(FREE, {**whose, "now": now_ms})


def add_or_replace(connection: Connection, run: Run, new_messages: Sequence[StoredMessage]) -> None:
    """Store the messages of a run that ends or waits; those stored already keep their place."""
    _add_messages(connection, run.conversation_id, new_messages, statement=_ADD_OR_REPLACE)


def _add_messages(
    connection: Connection,
    conversation_id: str | None,
    new_messages: Sequence[StoredMessage],
    *,
    statement: Insert,
) -> None:
    rows = [
        {
            "id": new.id,
            "conversation_id": conversation_id,
            "run_id": new.run_id,
            "state": new.state,
            "created_at_ms": new.created_at_ms,
            "message": new.message,
            "search_text": search_text(new.message),
        }
        for new in new_messages
    ]
    if rows:
        connection.execute(statement, rows)
