"""Which embedding spaces have vectors, in the database.

A space is building, then active, then leaving until its last vector is removed.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from backend.ports.documents import Document
from backend.storage.database import Database
from backend.storage.document_rows import document_of
from backend.storage.document_tables import chunk_vectors, chunks, documents, embedding_spaces
from backend.storage.libraries import raise_versions

# Vectors looked at in one transaction: some 10 ms of the write lock, for which a chat may have to wait.
_AT_ONCE = 1_000

_it = embedding_spaces.c
_SPACE: ColumnElement[str] = bindparam("wanted")
_ACTIVE = select(_it.space).where(_it.state == "active")
_STATE = select(_it.state).where(_it.space == _SPACE)
_LEAVING = select(_it.space).where(_it.state == "leaving")
_SET_STATE = update(embedding_spaces).where(_it.space == _SPACE).values(state=bindparam("new"))
_GIVE_UP = (
    update(embedding_spaces)
    .where(_it.space != _SPACE, _it.state == bindparam("old"))
    .values(state="leaving")
)
_bare = (
    select(chunks.c.id)
    .where(
        chunks.c.document_id == documents.c.id,
        chunks.c.revision == documents.c.revision,
        ~select(chunk_vectors.c.chunk_id)
        .where(chunk_vectors.c.chunk_id == chunks.c.id, chunk_vectors.c.space == _SPACE)
        .exists(),
    )
    .exists()
)
_LACKING = documents.c.revision > 0, documents.c.next_revision.is_(None), _bare
_MISSING: Select[tuple[str]] = select(documents.c.id).where(*_LACKING).limit(1)
_some = (
    select(chunk_vectors.c.chunk_id)
    .where(chunk_vectors.c.chunk_id > bindparam("after"))
    .order_by(chunk_vectors.c.chunk_id)
    .limit(_AT_ONCE)
    .subquery()
)
_PIECE = select(func.max(_some.c.chunk_id))
_PURGE = delete(chunk_vectors).where(
    chunk_vectors.c.chunk_id > bindparam("after"),
    chunk_vectors.c.chunk_id <= bindparam("upto"),
    chunk_vectors.c.space.in_(bindparam("spaces", expanding=True)),
)
_FORGET = delete(embedding_spaces).where(_it.space.in_(bindparam("spaces", expanding=True)))


class SqlSpaceStore:
    """The `SpaceStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def active(self) -> str | None:
        """The space that searches use; None before the first document."""
        return await self._database.read(_active)

    async def begin(self, space: str, *, dimensions: int) -> None:
        """Note that a space is to become the active one; at once when there is none yet.

        A space that was begun before and has not become active is given up, its vectors forgotten.
        """
        await self._database.write(_begin, space, dimensions=dimensions)
        await self._forget_leaving()

    async def missing(self, space: str, *, limit: int) -> Sequence[Document]:
        """Searchable documents with chunks that have no vector in a space, oldest first."""
        return await self._database.read(_missing, space, limit=limit)

    async def switch(self, space: str) -> bool:
        """Make a space the active one and forget the others' vectors, if nothing is missing in it."""
        switched = await self._database.write(_switch, space)
        if switched:
            await self._forget_leaving()
        return switched

    async def _forget_leaving(self) -> None:
        spaces = await self._database.read(_leaving)
        after: int | None = -1 if spaces else None
        while after is not None:
            after = await self._database.write(_purge, spaces, after=after)


def _active(connection: Connection) -> str | None:
    return connection.execute(_ACTIVE).scalar()


def _leaving(connection: Connection) -> Sequence[str]:
    return connection.execute(_LEAVING).scalars().all()


def _begin(connection: Connection, space: str, *, dimensions: int) -> None:
    connection.execute(_GIVE_UP, {"wanted": space, "old": "building"})
    state = connection.execute(_STATE, {"wanted": space}).scalar()
    if state == "active":
        return
    new = "building" if _active(connection) else "active"
    if state is None:
        values = {"space": space, "dimensions": dimensions, "state": new}
        connection.execute(insert(embedding_spaces), values)
    else:
        connection.execute(_SET_STATE, {"wanted": space, "new": new})


def _missing(connection: Connection, space: str, *, limit: int) -> Sequence[Document]:
    oldest = (
        select(documents)
        .where(*_LACKING)
        .order_by(documents.c.created_at_ms, documents.c.id)
        .limit(limit)
    )
    return [document_of(row) for row in connection.execute(oldest, {"wanted": space})]


def _switch(connection: Connection, space: str) -> bool:
    state = connection.execute(_STATE, {"wanted": space}).scalar()
    if state == "active":
        return True
    if state != "building" or connection.execute(_MISSING, {"wanted": space}).first() is not None:
        return False
    connection.execute(_GIVE_UP, {"wanted": space, "old": "active"})
    connection.execute(_SET_STATE, {"wanted": space, "new": "active"})
    raise_versions(connection)
    return True


def _purge(connection: Connection, spaces: Sequence[str], *, after: int) -> int | None:
    """Remove some vectors of spaces that are left; give where to go on, None at the end."""
    upto = connection.execute(_PIECE, {"after": after}).scalar()
    if upto is not None:
        connection.execute(_PURGE, {"after": after, "upto": upto, "spaces": spaces})
        return upto
    connection.execute(_FORGET, {"spaces": spaces})
    return None
