"""Requests that come with an Idempotency-Key, and their answers, in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite reads the same clauses

from backend.ports.keyed_requests import KeyedRequest
from backend.storage.database import Database
from backend.storage.durable_tables import keyed_requests
from backend.storage.tables import runs

_BEGIN = insert(keyed_requests).on_conflict_do_nothing().returning(keyed_requests.c.key_hash)


class SqlKeyedRequestStore:
    """The `KeyedRequestStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, request: KeyedRequest, *, since_ms: int, most: int, most_bytes: int
    ) -> KeyedRequest | None:
        """Keep a request that begins; where the user's key is known since then, give what it is for."""
        bounds = (most, most_bytes)
        return await self._database.write(_begin, request, since_ms=since_ms, bounds=bounds)

    async def get(self, user_id: str, key_hash: str) -> KeyedRequest | None:
        """Give what one of the user's keys is for."""
        return await self._database.read(_get, user_id, key_hash)

    async def note(self, request: KeyedRequest) -> None:
        """Put what is known of a request now in the place of what was."""
        await self._database.write(_note, request)

    async def drop(self, user_id: str, key_hash: str) -> None:
        """Forget a key: its request may be made again."""
        await self._database.write(_drop, _this(user_id, key_hash))

    async def left_by(self, server_id: str | None) -> int:
        """Forget what a server that ended had not answered and of which no run is kept; None is all servers."""
        it = keyed_requests.c
        left = and_(it.status == 0, ~exists().where(runs.c.id == it.run_id))
        if server_id is not None:
            left &= it.server_id == server_id
        return await self._database.write(_drop, left)

    async def prune(self, before_ms: int) -> int:
        """Forget what came before then; tell how many."""
        return await self._database.write(_drop, keyed_requests.c.created_at_ms < before_ms)


def _this(user_id: str, key_hash: str) -> ColumnElement[bool]:
    return (keyed_requests.c.user_id == user_id) & (keyed_requests.c.key_hash == key_hash)


def _begin(
    connection: Connection, request: KeyedRequest, *, since_ms: int, bounds: tuple[int, int]
) -> KeyedRequest | None:
    this = _this(request.user_id, request.key_hash)
    _drop(connection, this & (keyed_requests.c.created_at_ms < since_ms))
    if connection.execute(_BEGIN, _values(request)).first() is None:
        return _get(connection, request.user_id, request.key_hash)
    _make_room(connection, request.user_id, most=bounds[0], most_bytes=bounds[1])
    return None


def _make_room(connection: Connection, user_id: str, *, most: int, most_bytes: int) -> None:
    it = keyed_requests.c
    mine = it.user_id == user_id
    held = select(func.count(), func.coalesce(func.sum(it.size_bytes), 0)).where(mine)
    count, size = connection.execute(held).one()
    if count <= most and size <= most_bytes:
        return
    oldest = select(it.key_hash, it.size_bytes).where(mine, it.status != 0)
    for row in connection.execute(oldest.order_by(it.created_at_ms, it.key_hash)).all():
        if count <= most and size <= most_bytes:
            return
        _drop(connection, _this(user_id, row.key_hash))
        count, size = count - 1, size - row.size_bytes


def _get(connection: Connection, user_id: str, key_hash: str) -> KeyedRequest | None:
    row = connection.execute(select(keyed_requests).where(_this(user_id, key_hash))).first()
    return None if row is None else _request_of(row)


def _note(connection: Connection, request: KeyedRequest) -> None:
    this = _this(request.user_id, request.key_hash)
    connection.execute(update(keyed_requests).where(this).values(_values(request)))


def _drop(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(delete(keyed_requests).where(which)).rowcount


def _values(request: KeyedRequest) -> dict[str, Any]:
    return {
        "user_id": request.user_id,
        "key_hash": request.key_hash,
        "server_id": request.server_id,
        "fingerprint": request.fingerprint,
        "run_id": request.run_id,
        "status": request.status,
        "size_bytes": len(request.body),
        "created_at_ms": request.created_at_ms,
        "headers": [list(pair) for pair in request.headers],
        "body": request.body,
    }


def _request_of(row: Row[Any]) -> KeyedRequest:
    return KeyedRequest(
        user_id=row.user_id,
        key_hash=row.key_hash,
        server_id=row.server_id,
        fingerprint=row.fingerprint,
        run_id=row.run_id,
        status=row.status,
        headers=tuple((name, value) for name, value in row.headers),
        body=bytes(row.body),
        created_at_ms=row.created_at_ms,
    )
