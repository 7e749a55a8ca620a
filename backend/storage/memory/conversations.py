"""Sessions and their messages in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict, NotFound, SessionBusy
from backend.kit.branches import newest, newest_below, path_to
from backend.kit.folding import fold
from backend.kit.json_values import copy_json, dump_json
from backend.ports.stores import Conversation, Edit, Page, Run, StoredMessage
from backend.ports.values import JsonObject
from backend.storage.listing import (
    checked_limit,
    read_cursor,
    search_key,
    search_text,
    write_cursor,
)
from backend.storage.memory.shelves import Shelves
from backend.storage.quotas import check_conversation


class MemoryConversationStore:
    """The `ConversationStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def create(
        self, conversation: Conversation, messages: Sequence[StoredMessage] = ()
    ) -> None:
        """Add a conversation with what it starts from."""
        self._shelves.require_user(conversation.user_id)
        if conversation.id in self._shelves.conversations:
            raise Conflict
        self._refuse_known(messages)
        self._keep(replace(conversation, head_id=None))
        self._shelves.put_messages(conversation.id, messages)

    async def get(self, user_id: str, conversation_id: str) -> Conversation | None:
        """Find one of the user's."""
        it = self._mine(user_id, conversation_id)
        return None if it is None else replace(it, metadata=copy_json(it.metadata))

    async def messages(self, user_id: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Those of its messages that are shown, in order; empty when it is not the user's."""
        it = self._mine(user_id, conversation_id)
        stored = await self.all_messages(user_id, conversation_id)
        return () if it is None else tuple(path_to(stored, it.head_id))

    async def all_messages(self, user_id: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Its messages of every version, as they were written; empty when it is not the user's."""
        if self._mine(user_id, conversation_id) is None:
            return ()
        stored = self._shelves.messages.get(conversation_id, [])
        return tuple(replace(it, message=copy_json(it.message)) for it in stored)

    async def show(self, user_id: str, conversation_id: str, message_id: str) -> bool:
        """Show the version that holds a message, up to what was written last behind it.

        Tell whether there is such a message; SessionBusy while a run holds the conversation.
        """
        it = self._mine(user_id, conversation_id)
        rows = self._shelves.messages.get(conversation_id, [])
        if it is None or all(row.id != message_id for row in rows):
            return False
        if it.active_run_id is not None:
            raise SessionBusy
        self._shelves.show_head(it.id, newest_below(rows, message_id))
        return True

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
        found = [
            it
            for it in self._shelves.conversations.values()
            if it.user_id == user_id
            and (after is None or (it.updated_at_ms, it.id) < after)
            and self._says(it, key)
        ]
        found.sort(key=lambda it: (it.updated_at_ms, it.id), reverse=True)
        items = tuple(replace(it, metadata=copy_json(it.metadata)) for it in found[:size])
        if len(found) <= size:
            return Page(items=items)
        return Page(items=items, next_cursor=write_cursor(items[-1].updated_at_ms, items[-1].id))

    async def update(
        self,
        user_id: str,
        conversation_id: str,
        *,
        title: str | None = None,
        metadata: JsonObject | None = None,
    ) -> Conversation | None:
        """Change title or metadata; that is no use of it, so the list stays in its order."""
        it = self._mine(user_id, conversation_id)
        if it is None:
            return None
        changed = replace(
            it,
            title=it.title if title is None else title,
            metadata=it.metadata if metadata is None else metadata,
        )
        self._keep(changed)
        return await self.get(user_id, conversation_id)

    async def delete(self, user_id: str, conversation_id: str) -> bool:
        """Erase it with its messages and runs."""
        if self._mine(user_id, conversation_id) is None:
            return False
        self._shelves.erase_conversation(conversation_id)
        return True

    async def prune(self, before_ms: int) -> int:
        """Erase those last used before then that nothing runs or waits in; tell how many."""
        shelves = self._shelves
        live = {"running", "waiting"}
        busy = {run.conversation_id for run in shelves.runs.values() if run.state in live}
        idle = [
            it.id
            for it in shelves.conversations.values()
            if it.updated_at_ms < before_ms and it.active_run_id is None and it.id not in busy
        ]
        for one in idle:
            shelves.erase_conversation(one)
        return len(idle)

    async def append(
        self,
        user_id: str,
        conversation_id: str,
        messages: Sequence[StoredMessage],
        *,
        title_if_empty: str,
        now_ms: int,
    ) -> None:
        """Add messages behind the last one, outside of any turn.

        Raises SessionBusy while a run holds the conversation, NotFound when it is not the user's.
        """
        it = self._mine(user_id, conversation_id)
        if it is None:
            raise NotFound
        if it.active_run_id is not None:
            raise SessionBusy
        self._refuse_known(messages)
        there = self._shelves.messages.get(it.id, [])
        check_conversation(sum(len(dump_json(one.message)) for one in there), messages)
        self._keep(replace(it, title=it.title or title_if_empty, updated_at_ms=now_ms))
        self._shelves.put_messages(it.id, messages)

    async def edit_message(
        self, user_id: str, conversation_id: str, message_id: str, edit: Edit, *, now_ms: int
    ) -> bool:
        """Put what `edit` makes of a message in its place, or drop it.

        What follows a dropped message follows the one before it from then on. Tell whether there is
        such a message; SessionBusy while a run holds the conversation.
        """
        it = self._mine(user_id, conversation_id)
        if it is None:
            return False
        rows = self._shelves.messages.get(it.id, [])
        at = next((at for at, row in enumerate(rows) if row.id == message_id), None)
        if at is None:
            return False
        if it.active_run_id is not None:
            raise SessionBusy
        self._keep(replace(it, updated_at_ms=now_ms))
        left = edit(replace(rows[at], message=copy_json(rows[at].message)))
        if left is None:
            self._drop(it, rows, at)
        else:
            rows[at] = replace(rows[at], message=copy_json(left))
        return True

    async def begin_turn(
        self,
        run: Run,
        new_messages: Sequence[StoredMessage],
        *,
        title_if_empty: str,
        replaces: str | None = None,
    ) -> None:
        """Claim the conversation for a run and store what is new.

        It stands behind what is shown, or in the place of the message `replaces`, of which it is
        another version; with nothing new the answer will. Raises SessionBusy when another run holds
        the conversation, NotFound when it is not the user's, Conflict without such a message.
        """
        it = self._mine(run.user_id, run.conversation_id)
        if it is None:
            raise NotFound
        if it.active_run_id is not None:
            raise SessionBusy
        if run.id in self._shelves.runs:
            raise Conflict
        self._refuse_known(new_messages)
        claimed = replace(
            it,
            active_run_id=run.id,
            title=it.title or title_if_empty,
            updated_at_ms=run.started_at_ms,
        )
        if replaces is not None:
            claimed = replace(claimed, head_id=self._found(it.id, replaces).parent_id)
        self._keep(claimed)
        self._shelves.keep_run(run)
        self._shelves.put_messages(it.id, new_messages)

    async def end_turn(self, run: Run, new_messages: Sequence[StoredMessage]) -> None:
        """Store the run's end and its messages and free the conversation.

        A run that has ended already, or whose conversation was erased meanwhile, changes nothing.
        A message that is stored already, of a run that had waited, is replaced in its place. A run
        that says nothing leaves shown what was written last.
        """
        self._shelves.use_run(run)
        begun = self._shelves.runs.get(run.id)
        it = self._mine(run.user_id, run.conversation_id)
        if (
            begun is None
            or it is None
            or (begun.conversation_id, begun.state) != (it.id, "running")
            or begun.server_id != run.server_id
        ):
            return
        self._shelves.keep_run(replace(run, started_at_ms=begun.started_at_ms))
        if it.active_run_id == run.id:
            now_ms = run.started_at_ms if run.finished_at_ms is None else run.finished_at_ms
            self._keep(replace(it, active_run_id=None, updated_at_ms=now_ms))
            if not new_messages:
                self._shelves.show_newest(it.id)
        self._shelves.put_messages(it.id, new_messages)

    def _drop(self, it: Conversation, rows: list[StoredMessage], at: int) -> None:
        """Erase a message; what follows it follows the one before it, and so does what is shown."""
        gone = rows.pop(at)
        rows[:] = [
            replace(row, parent_id=gone.parent_id) if row.parent_id == gone.id else row
            for row in rows
        ]
        if it.head_id == gone.id:
            self._shelves.show_head(it.id, gone.parent_id or newest(rows))

    def _found(self, conversation_id: str, message_id: str) -> StoredMessage:
        for row in self._shelves.messages.get(conversation_id, []):
            if row.id == message_id:
                return row
        raise Conflict("The message to be replaced is not there any more")

    def _mine(self, user_id: str, conversation_id: str | None) -> Conversation | None:
        it = self._shelves.conversations.get(conversation_id or "")
        return it if it is not None and it.user_id == user_id else None

    def _keep(self, it: Conversation) -> None:
        self._shelves.conversations[it.id] = replace(it, metadata=copy_json(it.metadata))

    def _says(self, it: Conversation, key: str) -> bool:
        said = self._shelves.messages.get(it.id, [])
        return key in fold(it.title) or any(key in search_text(one.message) for one in said)

    def _refuse_known(self, new_messages: Sequence[StoredMessage]) -> None:
        known = {one.id for stored in self._shelves.messages.values() for one in stored}
        if known & {new.id for new in new_messages}:
            raise Conflict
