"""Accounts in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from backend.errors import Conflict
from backend.kit.folding import fold
from backend.ports.stores import Role, User
from backend.storage.database import Database
from backend.storage.erasing import erase_traces
from backend.storage.tables import users

LAST_ADMIN = "This is the last enabled administrator; make another one first."
NAME_TAKEN = "This user name is taken."

_BY_ID = select(users).where(users.c.id == bindparam("wanted"))
_BY_NAME = select(users).where(users.c.username_key == bindparam("wanted"))


class SqlUserStore:
    """The `UserStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User) -> None:
        """Add an account; raise Conflict when the name is taken."""
        await self._database.write(_add, user)

    async def get(self, user_id: str) -> User | None:
        """Find by id."""
        return await self._database.read(_get, user_id)

    async def by_name(self, username: str) -> User | None:
        """Find by name in any spelling of case and width."""
        return await self._database.read(_by_name, fold(username))

    async def list(self) -> Sequence[User]:
        """All accounts, oldest first."""
        return await self._database.read(_list)

    async def update(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
        end_tokens: bool = False,
    ) -> User | None:
        """Change the given fields; `end_tokens` makes every older token invalid.

        Raises Conflict when the last enabled administrator would be lost.
        """
        given = {"role": role, "disabled": disabled, "password_hash": password_hash}
        values: dict[str, Any] = {name: it for name, it in given.items() if it is not None}
        if end_tokens:
            values["token_version"] = users.c.token_version + 1
        return await self._database.write(_update, user_id, values)

    async def delete(self, user_id: str) -> bool:
        """Erase an account and all that is its; Conflict for the last enabled administrator."""
        return await self._database.write(_delete, user_id)

    async def count(self) -> int:
        """Number of accounts."""
        return await self._database.read(_count)


def user_of(row: Row[Any]) -> User:
    """Build an account from a row that holds the columns of `users`."""
    return User(
        id=row.id,
        username=row.username,
        password_hash=row.password_hash,
        role=row.role,
        disabled=row.disabled,
        token_version=row.token_version,
        created_at_ms=row.created_at_ms,
    )


def _add(connection: Connection, user: User) -> None:
    values = {
        "id": user.id,
        "username": user.username,
        "username_key": fold(user.username),
        "password_hash": user.password_hash,
        "role": user.role,
        "disabled": user.disabled,
        "token_version": user.token_version,
        "created_at_ms": user.created_at_ms,
    }
    try:
        connection.execute(insert(users), values)
    except IntegrityError as exc:
        raise Conflict(NAME_TAKEN, param="username") from exc


def _get(connection: Connection, user_id: str) -> User | None:
    row = connection.execute(_BY_ID, {"wanted": user_id}).first()
    return None if row is None else user_of(row)


def _by_name(connection: Connection, key: str) -> User | None:
    row = connection.execute(_BY_NAME, {"wanted": key}).first()
    return None if row is None else user_of(row)


def _list(connection: Connection) -> Sequence[User]:
    rows = connection.execute(select(users).order_by(users.c.created_at_ms, users.c.id))
    return tuple(user_of(row) for row in rows)


def _update(connection: Connection, user_id: str, values: dict[str, Any]) -> User | None:
    user = _get(connection, user_id)
    if user is None or not values:
        return user
    if values.get("role", user.role) != "admin" or values.get("disabled", user.disabled):
        _keep_an_admin(connection, user)
    connection.execute(update(users).where(users.c.id == user_id).values(values))
    return _get(connection, user_id)


def _delete(connection: Connection, user_id: str) -> bool:
    user = _get(connection, user_id)
    if user is None:
        return False
    _keep_an_admin(connection, user)
    connection.execute(delete(users).where(users.c.id == user_id))
    erase_traces(connection, user_id=user_id, username_key=fold(user.username))
    return True


def _keep_an_admin(connection: Connection, user: User) -> None:
    if user.role != "admin" or user.disabled:
        return
    # FOR UPDATE makes two administrators who remove each other wait in turn on PostgreSQL; SQLite
    # has one writer at a time and leaves the words out.
    enabled = select(users.c.id).where(users.c.role == "admin", users.c.disabled.is_(False))
    if len(connection.execute(enabled.with_for_update()).all()) <= 1:
        raise Conflict(LAST_ADMIN)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(users)).scalar_one()
