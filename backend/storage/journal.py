"""What running runs have shown, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, text

from backend.ports.replicas import JournalRow
from backend.storage.database import Database
from backend.storage.replica_tables import run_journal, servers
from backend.storage.tables import runs

_LIVES = select(servers.c.id).where(servers.c.id == bindparam("server"))
_REPLACE = delete(run_journal).where(
    run_journal.c.run_id == bindparam("run"), run_journal.c.at >= bindparam("first")
)
_READ = (
    select(run_journal)
    .where(
        run_journal.c.run_id == bindparam("run"),
        run_journal.c.user_id == bindparam("owner"),
        run_journal.c.seq > bindparam("after"),
    )
    .order_by(run_journal.c.seq)
)
_RUNS = exists().where(runs.c.id == run_journal.c.run_id, runs.c.state == text("'running'"))
_TIDY = delete(run_journal).where(run_journal.c.server_id.not_in(select(servers.c.id)), ~_RUNS)


class SqlJournalStore:
    """The `JournalStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self, server_id: str, rows: Sequence[JournalRow], *, erase: Collection[str] = ()
    ) -> bool:
        """Erase the journals of runs of this server, then add rows, in one transaction.

        False, and nothing is written, when the server does not live any more.
        """
        return await self._database.write(_write, server_id, rows, erase)

    async def read(self, user_id: str, run_id: str, *, after: int = 0) -> Sequence[JournalRow]:
        """The rows of one of the user's runs with a higher `seq`, in its order."""
        return await self._database.read(_read, user_id, run_id, after)

    async def tidy(self) -> int:
        """Erase what servers left that do not live, of runs that do not run; tell how many rows."""
        return await self._database.write(_tidy)


def _write(
    connection: Connection, server_id: str, rows: Sequence[JournalRow], erase: Collection[str]
) -> bool:
    if connection.execute(_LIVES, {"server": server_id}).first() is None:
        return False
    if erase:
        own = run_journal.c.server_id == server_id
        connection.execute(delete(run_journal).where(own, run_journal.c.run_id.in_(sorted(erase))))
    for row in rows:
        if row.replaces:
            connection.execute(_REPLACE, {"run": row.run_id, "first": row.at})
    if rows:
        values = [
            {
                "run_id": row.run_id,
                "at": row.at,
                "user_id": row.user_id,
                "server_id": server_id,
                "seq": row.seq,
                "entries": row.entries,
            }
            for row in rows
        ]
        connection.execute(insert(run_journal), values)
    return True


def _read(connection: Connection, user_id: str, run_id: str, after: int) -> Sequence[JournalRow]:
    which = {"run": run_id, "owner": user_id, "after": after}
    return tuple(
        JournalRow(
            run_id=row.run_id, user_id=row.user_id, at=row.at, seq=row.seq, entries=row.entries
        )
        for row in connection.execute(_READ, which)
    )


def _tidy(connection: Connection) -> int:
    return connection.execute(_TIDY).rowcount
