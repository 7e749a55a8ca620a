"""Answers that clients keep, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Select, bindparam, delete, literal, select, update

from backend.ports.answers import MAX_CHAIN, AnswerListing, StoredAnswer
from backend.ports.stores import Page
from backend.ports.values import JsonObject
from backend.storage.answer_files import answer_of, files_of, note_files, without_deleted
from backend.storage.answer_tables import answers
from backend.storage.database import Database, upsert
from backend.storage.listing import checked_limit

_UPSERT = upsert(answers, "id")
_MINE = (answers.c.id == bindparam("wanted")) & (answers.c.user_id == bindparam("owner"))
_GET = select(answers).where(_MINE)
_DELETE = delete(answers).where(_MINE)
_RELINK = (
    update(answers)
    .where(answers.c.previous_id == bindparam("wanted"), answers.c.user_id == bindparam("owner"))
    .values(previous_id=bindparam("before"))
)
_COLUMNS = tuple(answers.c.keys())


class SqlAnswerStore:
    """The `AnswerStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, answer: StoredAnswer) -> None:
        """Insert or replace one; another user's answer of the same id stays as it is."""
        await self._database.write(_save, answer)

    async def get(self, user_id: str, answer_id: str) -> StoredAnswer | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, answer_id)

    async def list(self, user_id: str, listing: AnswerListing) -> Page[StoredAnswer]:
        """A slice of the user's by time of making; one that begins after nothing known is empty.

        Raises:
            InvalidRequest: for a limit outside 1 to 1,000.
        """
        size = checked_limit(listing.limit)
        found = await self._database.read(_list, user_id, listing, size + 1)
        items = found[:size]
        more = len(found) > size
        return Page(items=items, next_cursor=items[-1].id if more else None)

    async def change_metadata(
        self, user_id: str, answer_id: str, metadata: JsonObject
    ) -> StoredAnswer | None:
        """Replace the metadata, in `body` too."""
        return await self._database.write(_change_metadata, user_id, answer_id, metadata)

    async def context(self, user_id: str, answer_id: str) -> Sequence[JsonObject]:
        """The messages of an answer and of those before it, oldest first."""
        return await self._database.read(_context, user_id, answer_id)

    async def prune(self, before_ms: int) -> int:
        """Forget all that were made before then; tell how many."""
        return await self._database.write(_prune, before_ms)

    async def delete(self, user_id: str, answer_id: str) -> bool:
        """Forget one; what goes on from it goes on from the one before it."""
        return await self._database.write(_delete, user_id, answer_id)


def _save(connection: Connection, answer: StoredAnswer) -> None:
    kept = without_deleted(connection, answer)
    row = {name: getattr(kept, name) for name in _COLUMNS}
    connection.execute(_UPSERT, row)
    if connection.execute(_GET, {"wanted": kept.id, "owner": kept.user_id}).first() is not None:
        note_files(connection, kept)


def _get(connection: Connection, user_id: str, answer_id: str) -> StoredAnswer | None:
    row = connection.execute(_GET, {"wanted": answer_id, "owner": user_id}).first()
    return None if row is None else answer_of(row, files_of(connection, row.id))


def _list(
    connection: Connection, user_id: str, listing: AnswerListing, size: int
) -> tuple[StoredAnswer, ...]:
    if not listing.metadata:
        found = _ordered(connection, user_id, listing, select(answers).limit(size))
        rows = () if found is None else connection.execute(found).all()
        return tuple(answer_of(row, files_of(connection, row.id)) for row in rows)
    # Pairs are compared here: JSON is plain text in the database. Bodies are read only where they fit.
    outline = cast("Select[Any]", select(answers.c.id, answers.c.metadata))
    found = _ordered(connection, user_id, listing, outline)
    fitting: list[StoredAnswer] = []
    for row in () if found is None else connection.execute(found).all():
        if listing.metadata.items() <= row.metadata.items():
            whole = _get(connection, user_id, row.id)
            fitting += [whole] if whole else []
        if len(fitting) == size:
            break
    return tuple(fitting)


def _ordered(
    connection: Connection, user_id: str, listing: AnswerListing, wanted: Select[Any]
) -> Select[Any] | None:
    """Narrow and order a query; None when there is no answer of the id to begin after."""
    it = answers.c
    wanted = wanted.where(it.user_id == user_id, it.kind == listing.kind)
    if listing.model is not None:
        wanted = wanted.where(it.model == listing.model)
    if listing.after is not None:
        last = connection.execute(_GET, {"wanted": listing.after, "owner": user_id}).first()
        if last is None:
            return None
        at_ms, last_id = last.created_at_ms, last.id
        same = it.created_at_ms == at_ms
        if listing.descending:
            wanted = wanted.where((it.created_at_ms < at_ms) | (same & (it.id < last_id)))
        else:
            wanted = wanted.where((it.created_at_ms > at_ms) | (same & (it.id > last_id)))
    order = (it.created_at_ms, it.id)
    return wanted.order_by(*(one.desc() if listing.descending else one for one in order))


def _change_metadata(
    connection: Connection, user_id: str, answer_id: str, metadata: JsonObject
) -> StoredAnswer | None:
    known = _get(connection, user_id, answer_id)
    if known is None:
        return None
    body = {**known.body, "metadata": metadata}
    changed = update(answers).where(answers.c.id == answer_id, answers.c.user_id == user_id)
    connection.execute(changed.values(metadata=metadata, body=body))
    return _get(connection, user_id, answer_id)


def _chain() -> Select[Any]:
    it = answers.c
    newest = select(it.previous_id, it.context, literal(1).label("at")).where(_MINE)
    chain = newest.cte("chain", recursive=True)
    before = select(it.previous_id, it.context, chain.c.at + 1).where(
        it.id == chain.c.previous_id, it.user_id == bindparam("owner"), chain.c.at < MAX_CHAIN
    )
    chain = chain.union_all(before)
    return select(chain.c.context).order_by(chain.c.at.desc())


_CONTEXT = _chain()


def _context(connection: Connection, user_id: str, answer_id: str) -> Sequence[JsonObject]:
    rows = connection.execute(_CONTEXT, {"wanted": answer_id, "owner": user_id})
    return [message for row in rows for message in row.context]


def _prune(connection: Connection, before_ms: int) -> int:
    return connection.execute(delete(answers).where(answers.c.created_at_ms < before_ms)).rowcount


def _delete(connection: Connection, user_id: str, answer_id: str) -> bool:
    known = _get(connection, user_id, answer_id)
    if known is None:
        return False
    which = {"wanted": answer_id, "owner": user_id}
    connection.execute(_RELINK, {**which, "before": known.previous_id})
    return connection.execute(_DELETE, {"wanted": answer_id, "owner": user_id}).rowcount > 0
