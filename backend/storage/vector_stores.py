"""Vector stores in the database: which files are in them, and the batches they came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, func, insert, select, update
from sqlalchemy import delete as sql_delete

from backend.errors import NotFound
from backend.ports.clock import Clock
from backend.ports.documents import FINAL_STATES
from backend.ports.stores import Page
from backend.ports.vector_stores import (
    MOST_PER_USER,
    FileBatch,
    MemberFile,
    MemberStatus,
    NewMember,
    VectorStore,
    too_many,
)
from backend.storage.answer_tables import vector_store_batches as batches
from backend.storage.answer_tables import vector_store_files as members
from backend.storage.answer_tables import vector_stores as stores
from backend.storage.database import Database, insert_or_update, upsert
from backend.storage.document_rows import ALIVE, FILES, file_of, pieces
from backend.storage.document_tables import documents, files

_OWNER: ColumnElement[str] = bindparam("owner")
_KEEP = upsert(stores, "id")
_GET = select(stores).where(stores.c.id == bindparam("wanted"), stores.c.user_id == _OWNER)
_KNOWN = select(stores.c.id).where(stores.c.id == bindparam("wanted"))
_NUMBER = select(func.count()).select_from(stores).where(stores.c.user_id == _OWNER)
_DELETE = sql_delete(stores).where(stores.c.id == bindparam("wanted"), stores.c.user_id == _OWNER)
_PUT = insert_or_update(members, "store_id", "file_id")
_OWN_FILES = select(files.c.id).where(
    files.c.id.in_(bindparam("ids", expanding=True)), files.c.user_id == _OWNER, ALIVE
)
_MEMBERS = (
    FILES
    .add_columns(
        members.c.store_id,
        members.c.attributes,
        members.c.chunking,
        members.c.cancelled,
        members.c.created_at_ms.label("member_since_ms"),
    )
    .join(members, members.c.file_id == files.c.id)
    .where(members.c.store_id == bindparam("store"), members.c.user_id == _OWNER, ALIVE)
)
_LISTED = _MEMBERS.order_by(members.c.created_at_ms, members.c.file_id)
_ONE = _MEMBERS.where(members.c.file_id == bindparam("wanted"))
_REMOVE = sql_delete(members).where(
    members.c.store_id == bindparam("store"),
    members.c.file_id == bindparam("wanted"),
    members.c.user_id == _OWNER,
)
_BATCH = select(batches).where(
    batches.c.id == bindparam("wanted"),
    batches.c.store_id == bindparam("store"),
    batches.c.user_id == _OWNER,
)
_CANCEL = update(batches).where(batches.c.id == bindparam("wanted")).values(cancelled=True)
_UNFINISHED = select(documents.c.id).where(
    documents.c.user_id == _OWNER,
    documents.c.revision == 0,
    documents.c.state.not_in(sorted(FINAL_STATES)),
)
_CANCEL_FILES = (
    update(members)
    .where(
        members.c.store_id == bindparam("store"),
        members.c.file_id.in_(bindparam("ids", expanding=True)),
        members.c.file_id.in_(
            select(files.c.id).where(
                files.c.user_id == _OWNER, files.c.document_id.in_(_UNFINISHED)
            )
        ),
    )
    .values(cancelled=True)
)
_STATUS: ColumnElement[str] = case(
    (members.c.cancelled, "cancelled"),
    (documents.c.revision > 0, "completed"),
    (documents.c.state.in_(sorted(FINAL_STATES)), "failed"),
    else_="in_progress",
)
_COUNTS = (
    select(members.c.store_id, _STATUS, func.count(), func.sum(documents.c.size_bytes))
    .join_from(members, files, members.c.file_id == files.c.id)
    .join(documents, files.c.document_id == documents.c.id)
    .where(
        members.c.store_id.in_(bindparam("ids", expanding=True)), members.c.user_id == _OWNER, ALIVE
    )
    .group_by(members.c.store_id, _STATUS)
)
_TOUCH = (
    update(stores)
    .where(stores.c.id.in_(bindparam("ids", expanding=True)), stores.c.user_id == _OWNER)
    .where(stores.c.last_active_at_ms < bindparam("at"))
    .values(last_active_at_ms=bindparam("at"))
)


class SqlVectorStoreStore:
    """The `VectorStoreStore` port over SQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.most_per_user = MOST_PER_USER

    async def save(self, store: VectorStore) -> None:
        """Insert or replace one.

        Raises:
            QuotaExceeded: when it is new and the user has `most_per_user` already.
        """
        await self._database.write(_save, store, self.most_per_user)

    async def get(self, user_id: str, store_id: str) -> VectorStore | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, store_id)

    async def list(
        self, user_id: str, *, after: str | None, before: str | None, limit: int, descending: bool
    ) -> Page[VectorStore]:
        """The user's by time of making, between the ids given."""
        found = select(stores).where(stores.c.user_id == user_id)
        first, last = (before, after) if descending else (after, before)
        if first is not None:
            found = found.where(stores.c.id > first)
        if last is not None:
            found = found.where(stores.c.id < last)
        backwards = before is not None and after is None
        order = stores.c.id.desc() if descending != backwards else stores.c.id
        items = await self._database.read(_stores, found.order_by(order).limit(limit + 1))
        kept = tuple(items[:limit][:: -1 if backwards else 1])
        return Page(items=kept, next_cursor=kept[-1].id if len(items) > limit else None)

    async def delete(self, user_id: str, store_id: str) -> bool:
        """Forget one; its files stay files."""
        return await self._database.write(_changes, _DELETE, {"wanted": store_id, "owner": user_id})

    async def put_files(
        self,
        user_id: str,
        store_id: str,
        members: Sequence[NewMember],
        *,
        at_ms: int,
        batch: FileBatch | None = None,
    ) -> None:
        """Add files, or replace what is said of them; all of it or nothing.

        Raises:
            NotFound: when the store or a file is not the user's.
        """
        now_ms = self._clock.now_ms()
        rows = [
            {
                "store_id": store_id,
                "file_id": one.file_id,
                "user_id": user_id,
                "cancelled": one.cancelled,
                "created_at_ms": at_ms,
                "attributes": one.attributes,
                "chunking": one.chunking,
            }
            for one in members
        ]
        which = {"wanted": store_id, "owner": user_id, "now": now_ms}
        await self._database.write(_put_files, which, rows, batch=batch)

    async def files(self, user_id: str, store_id: str) -> Sequence[MemberFile]:
        """All files of one of the user's stores, oldest first."""
        asked = {"owner": user_id, "store": store_id, "now": self._clock.now_ms()}
        return await self._database.read(_files, asked)

    async def file(self, user_id: str, store_id: str, file_id: str) -> MemberFile | None:
        """Find one file of one of the user's stores."""
        asked = {"owner": user_id, "store": store_id, "now": self._clock.now_ms()}
        return await self._database.read(_file, {**asked, "wanted": file_id})

    async def remove_file(self, user_id: str, store_id: str, file_id: str) -> bool:
        """Take a file out; it stays a file."""
        if await self.file(user_id, store_id, file_id) is None:
            return False
        which = {"owner": user_id, "store": store_id, "wanted": file_id}
        return await self._database.write(_changes, _REMOVE, which)

    async def batch(self, user_id: str, store_id: str, batch_id: str) -> FileBatch | None:
        """Find a batch of one of the user's stores."""
        return await self._database.read(_batch, user_id, store_id, batch_id)

    async def cancel_batch(self, user_id: str, store_id: str, batch_id: str) -> bool:
        """Cancel those files of a batch that are in progress; False when it is not the user's."""
        return await self._database.write(_cancel_batch, user_id, store_id, batch_id)

    async def counts(
        self, user_id: str, store_ids: Sequence[str]
    ) -> Sequence[tuple[str, MemberStatus, int, int]]:
        """How many files, of how many bytes, each store has in each status."""
        return await self._database.read(_counts, user_id, store_ids, now_ms=self._clock.now_ms())

    async def touch(self, user_id: str, store_ids: Sequence[str], at_ms: int) -> None:
        """Note that stores were used."""
        await self._database.write(_touch, user_id, store_ids, at_ms=at_ms)


def _save(connection: Connection, store: VectorStore, most: int) -> None:
    new = connection.execute(_KNOWN, {"wanted": store.id}).first() is None
    if new and connection.execute(_NUMBER, {"owner": store.user_id}).scalar_one() >= most:
        raise too_many(most)
    values = {name: getattr(store, name) for name in stores.c.keys()}  # noqa: SIM118 - a column collection is no dict
    connection.execute(_KEEP, values)


def _get(connection: Connection, user_id: str, store_id: str) -> VectorStore | None:
    row = connection.execute(_GET, {"wanted": store_id, "owner": user_id}).first()
    return None if row is None else _store_of(row)


def _stores(connection: Connection, wanted: Any) -> Sequence[VectorStore]:  # noqa: ANN401 - a SELECT
    return [_store_of(row) for row in connection.execute(wanted)]


def _changes(connection: Connection, statement: Any, which: dict[str, str]) -> bool:  # noqa: ANN401 - DELETE or UPDATE
    return connection.execute(statement, which).rowcount > 0


def _put_files(
    connection: Connection,
    which: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    batch: FileBatch | None,
) -> None:
    if connection.execute(_GET, which).first() is None:
        msg = f"There is no vector store '{which['wanted'][:100]}'"
        raise NotFound(msg, param="vector_store_id")
    wanted: list[str] = list(dict.fromkeys(row["file_id"] for row in rows))
    there: set[str] = set()
    for ids in pieces(wanted):
        there.update(connection.execute(_OWN_FILES, {**which, "ids": ids}).scalars())
    missing = next((one for one in wanted if one not in there), None)
    if missing is not None:
        msg = f"There is no file '{missing[:100]}'"
        raise NotFound(msg, param="file_id")
    if rows:
        connection.execute(_PUT, rows)
    if batch is not None:
        values = {name: getattr(batch, name) for name in batches.c.keys()}  # noqa: SIM118 - a column collection is no dict
        connection.execute(insert(batches), {**values, "file_ids": list(batch.file_ids)})


def _files(connection: Connection, asked: dict[str, Any]) -> Sequence[MemberFile]:
    return [_member_of(row) for row in connection.execute(_LISTED, asked)]


def _file(connection: Connection, asked: dict[str, Any]) -> MemberFile | None:
    row = connection.execute(_ONE, asked).first()
    return None if row is None else _member_of(row)


def _batch(connection: Connection, user_id: str, store_id: str, batch_id: str) -> FileBatch | None:
    which = {"wanted": batch_id, "store": store_id, "owner": user_id}
    row = connection.execute(_BATCH, which).first()
    if row is None:
        return None
    return FileBatch(
        id=row.id,
        user_id=row.user_id,
        store_id=row.store_id,
        file_ids=tuple(row.file_ids),
        cancelled=row.cancelled,
        created_at_ms=row.created_at_ms,
    )


def _cancel_batch(connection: Connection, user_id: str, store_id: str, batch_id: str) -> bool:
    batch = _batch(connection, user_id, store_id, batch_id)
    if batch is None:
        return False
    for ids in pieces(batch.file_ids):
        which = {"owner": user_id, "store": store_id, "ids": ids}
        connection.execute(_CANCEL_FILES, which)
    connection.execute(_CANCEL, {"wanted": batch_id})
    return True


def _counts(
    connection: Connection, user_id: str, store_ids: Sequence[str], *, now_ms: int
) -> Sequence[tuple[str, MemberStatus, int, int]]:
    found: list[tuple[str, MemberStatus, int, int]] = []
    for ids in pieces(store_ids):
        asked = {"owner": user_id, "ids": ids, "now": now_ms}
        found += [
            (row[0], row[1], row[2], int(row[3])) for row in connection.execute(_COUNTS, asked)
        ]
    return found


def _touch(connection: Connection, user_id: str, store_ids: Sequence[str], *, at_ms: int) -> None:
    for ids in pieces(store_ids):
        connection.execute(_TOUCH, {"owner": user_id, "ids": ids, "at": at_ms})


def _store_of(row: Row[*tuple[Any, ...]]) -> VectorStore:
    return VectorStore(**{name: getattr(row, name) for name in stores.c.keys()})  # noqa: SIM118 - a column collection is no dict


def _member_of(row: Row[*tuple[Any, ...]]) -> MemberFile:
    return MemberFile(
        store_id=row.store_id,
        file=file_of(row),
        attributes=row.attributes,
        chunking=row.chunking,
        cancelled=row.cancelled,
        created_at_ms=row.member_since_ms,
    )
