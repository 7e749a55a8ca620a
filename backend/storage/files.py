"""Files in the database: names over documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from backend.kit.folding import fold
from backend.ports.clock import Clock
from backend.ports.document_jobs import Job
from backend.ports.document_stores import FileLimits, Kept
from backend.ports.documents import FINAL_STATES, File, Listing, Order
from backend.ports.stores import Page
from backend.storage.answer_files import scrub_answers
from backend.storage.database import Database
from backend.storage.document_jobs import insert_job, queue
from backend.storage.document_rows import (
    ALIVE,
    FILES,
    document_of,
    document_values,
    file_of,
    pieces,
)
from backend.storage.document_tables import documents, files
from backend.storage.file_listing import (
    CheckedListing,
    checked,
    later,
    mark_of,
    next_cursor,
    unread,
)
from backend.storage.libraries import raise_version
from backend.storage.quotas import check_quota
from backend.storage.row_locks import wait_for_rows
from backend.storage.run_files import scrub_runs

_OWNER: ColumnElement[str] = bindparam("owner")
_ANY = FILES.where(files.c.id == bindparam("wanted"), files.c.user_id == _OWNER)
_GET = _ANY.where(ALIVE)
_OVERDUE = _ANY.where(files.c.expires_at_ms <= bindparam("now"))
_OF_DOCUMENTS = FILES.where(
    files.c.document_id.in_(bindparam("ids", expanding=True)), files.c.user_id == _OWNER, ALIVE
).order_by(files.c.created_at_ms, files.c.id)
_SAME_BYTES = select(documents).where(
    documents.c.user_id == _OWNER, documents.c.sha256 == bindparam("digest")
)
_SAME_NAME = select(files.c.id).where(
    files.c.document_id == bindparam("document"),
    files.c.filename == bindparam("name", type_=files.c.filename.type),
)
_OTHER_NAME = select(files.c.id).where(files.c.document_id == bindparam("document")).limit(1)
_NUMBER = select(func.count()).select_from(files).where(files.c.user_id == _OWNER)
_SIZES = select(
    func.coalesce(func.sum(documents.c.size_bytes), 0).label("size_bytes"),
    func.coalesce(
        func.sum(case((documents.c.state.in_(sorted(FINAL_STATES)), 0), else_=1)), 0
    ).label("waiting"),
).where(documents.c.user_id == _OWNER)
_LOCK = select(files.c.id).where(files.c.id == bindparam("wanted")).with_for_update()
_LOCK_DOCUMENT = (
    select(documents.c.id).where(documents.c.id == bindparam("document")).with_for_update()
)
_DELETE = delete(files).where(files.c.id == bindparam("wanted"))
_CHANGE = (
    update(files)
    .where(files.c.id == bindparam("wanted"))
    .values(purpose=bindparam("new_purpose"), expires_at_ms=bindparam("new_expiry"))
)
_EXPIRED = (
    FILES
    .where(files.c.expires_at_ms <= bindparam("now"))
    .order_by(files.c.expires_at_ms, files.c.id)
    .limit(bindparam("number"))
)
_DELETE_DOCUMENT = delete(documents).where(documents.c.id == bindparam("document"))
_ORDERS: Mapping[Order, ColumnElement[Any]] = {
    "created_at": files.c.created_at_ms,
    "filename": files.c.filename_key,
    "size": documents.c.size_bytes,
}


class SqlFileStore:
    """The `FileStore` port over SQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, file: File, *, limits: FileLimits, job: Job | None) -> File:
        """Add a file, with its document and job when the bytes are new to the user.

        Raises:
            QuotaExceeded: when a limit would be passed.
            Conflict: when the user does not exist any more.
        """
        return await self._database.write(_add, file, limits, job)

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, file_id, now_ms=self._now_ms)

    async def kept(self, user_id: str) -> Kept:
        """How much counts against the user's limits: also what has expired and is still to be erased."""
        return await self._database.read(_kept, user_id)

    async def of_documents(
        self, user_id: str, document_ids: Sequence[str]
    ) -> Mapping[str, Sequence[File]]:
        """The files of each document, oldest first."""
        return await self._database.read(_of_documents, user_id, document_ids, now_ms=self._now_ms)

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """A slice of the user's files.

        Raises:
            InvalidRequest: for a cursor no listing of this order gave out, a name over 500
                characters or a limit outside 1 to 10,000.
        """
        asked = checked(listing)
        if listing.after:
            last = await self.get(user_id, listing.after)
            asked = replace(asked, after=mark_of(listing, last))
        found = await self._database.read(_list, user_id, listing, asked, now_ms=self._now_ms)
        if len(found) <= asked.limit:
            return Page(items=tuple(found))
        items = tuple(found[: asked.limit])
        return Page(items=items, next_cursor=next_cursor(listing, items[-1]))

    async def delete(self, user_id: str, file_id: str, *, expired: bool = False) -> File | None:
        """Erase a file, and with the last file of a document everything made of it."""
        which = {"wanted": file_id, "owner": user_id, "now": self._now_ms}
        return await self._database.write(_delete, _OVERDUE if expired else _GET, which)

    async def expired(self, *, limit: int) -> Sequence[File]:
        """The files that have expired longest and are still to be erased."""
        return await self._database.read(_expired, now_ms=self._now_ms, limit=limit)

    async def ids(self) -> Mapping[str, frozenset[str]]:
        """All file ids by user."""
        return await self._database.read(_ids)

    @property
    def _now_ms(self) -> int:
        return self._clock.now_ms()


def _add(connection: Connection, file: File, limits: FileLimits, job: Job | None) -> File:
    user_id, digest = file.user_id, file.document.sha256
    same = connection.execute(_SAME_BYTES, {"owner": user_id, "digest": digest}).first()
    if same is None:
        waiting = int(job is not None)
        more = Kept(files=1, size_bytes=file.document.size_bytes, waiting=waiting)
        check_quota(limits, _kept(connection, user_id), more)
        connection.execute(insert(documents), document_values(file.document))
        if job is not None:
            insert_job(connection, job)
        return _named(connection, file, file.document.id)
    name = {"document": same.id, "name": file.filename}
    known = connection.execute(_SAME_NAME, name).scalar()
    reading = job is not None and unread(document_of(same))
    more = Kept(files=int(known is None), waiting=int(reading))
    check_quota(limits, _kept(connection, user_id), more)
    if job is not None and reading:
        queue(connection, replace(job, document_id=same.id))
    if known is None:
        return _named(connection, file, same.id)
    kept = _file(connection, user_id, known)
    expiry = later(kept.expires_at_ms, file.expires_at_ms)
    changes = {"wanted": known, "new_purpose": file.purpose, "new_expiry": expiry}
    connection.execute(_CHANGE, changes)
    return _file(connection, user_id, known)


def _kept(connection: Connection, user_id: str) -> Kept:
    owner = {"owner": user_id}
    sizes = connection.execute(_SIZES, owner).one()
    return Kept(
        files=connection.execute(_NUMBER, owner).scalar_one(),
        size_bytes=sizes.size_bytes,
        waiting=sizes.waiting,
    )


def _named(connection: Connection, file: File, document_id: str) -> File:
    values = {
        "id": file.id,
        "user_id": file.user_id,
        "document_id": document_id,
        "created_at_ms": file.created_at_ms,
        "purpose": file.purpose,
        "filename": file.filename,
        "filename_key": fold(file.filename),
        "expires_at_ms": file.expires_at_ms,
    }
    connection.execute(insert(files), values)
    return _file(connection, file.user_id, file.id)


def _file(connection: Connection, user_id: str, file_id: str) -> File:
    return file_of(connection.execute(_ANY, {"wanted": file_id, "owner": user_id}).one())


def _get(connection: Connection, user_id: str, file_id: str, *, now_ms: int) -> File | None:
    asked = {"wanted": file_id, "owner": user_id, "now": now_ms}
    row = connection.execute(_GET, asked).first()
    return None if row is None else file_of(row)


def _of_documents(
    connection: Connection, user_id: str, document_ids: Sequence[str], *, now_ms: int
) -> Mapping[str, Sequence[File]]:
    found: defaultdict[str, list[File]] = defaultdict(list)
    for ids in pieces(list(dict.fromkeys(document_ids))):
        for row in connection.execute(_OF_DOCUMENTS, {"owner": user_id, "ids": ids, "now": now_ms}):
            found[row.id].append(file_of(row))
    return dict(found)


def _list(
    connection: Connection, user_id: str, listing: Listing, asked: CheckedListing, *, now_ms: int
) -> Sequence[File]:
    key = _ORDERS[listing.order]
    found = FILES.where(files.c.user_id == user_id, ALIVE)
    if listing.file_ids is not None:
        found = found.where(files.c.id.in_(listing.file_ids))
    if listing.purpose:
        found = found.where(files.c.purpose == listing.purpose)
    if asked.name_key:
        found = found.where(files.c.filename_key.contains(asked.name_key, autoescape=True))
    if listing.states:
        found = found.where(documents.c.state.in_(listing.states))
    if asked.after is not None:
        here, last = tuple_(key, files.c.id), (asked.after.value, asked.after.file_id)
        found = found.where(here < last if listing.descending else here > last)
    order = (key.desc(), files.c.id.desc()) if listing.descending else (key, files.c.id)
    rows = connection.execute(found.order_by(*order).limit(asked.limit + 1), {"now": now_ms})
    return [file_of(row) for row in rows]


def _expired(connection: Connection, *, now_ms: int, limit: int) -> Sequence[File]:
    rows = connection.execute(_EXPIRED, {"now": now_ms, "number": limit})
    return [file_of(row) for row in rows]


def _delete(connection: Connection, found: Select[Any], which: Mapping[str, object]) -> File | None:
    wait_for_rows(connection)
    row = connection.execute(found, which).first()
    if row is None:
        return None
    file = file_of(row)
    # Who is just naming the document or the file is waited for, and seen below; who comes later finds them gone.
    connection.execute(_LOCK_DOCUMENT, {"document": file.document.id})
    if connection.execute(_LOCK, {"wanted": file.id}).first() is None:
        return None
    scrub_runs(connection, file.id)
    scrub_answers(connection, file.id)
    connection.execute(_DELETE, {"wanted": file.id})
    document = {"document": file.document.id}
    if connection.execute(_OTHER_NAME, document).first() is None:
        connection.execute(_DELETE_DOCUMENT, document)
    raise_version(connection, file.user_id)
    return file


def _ids(connection: Connection) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for user_id, file_id in connection.execute(select(files.c.user_id, files.c.id)):
        found[user_id].add(file_id)
    return {user_id: frozenset(ids) for user_id, ids in found.items()}
