"""Which servers live, and whose the running runs are, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, exists, func, select, text, update

from backend.ports.stores import Run
from backend.storage.database import Database, insert_or_update
from backend.storage.replica_tables import servers
from backend.storage.run_files import files_of, run_of
from backend.storage.tables import runs

# The database's own time: the clocks of servers may differ.
_NOW_MS = {
    "sqlite": text("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"),
    "postgresql": text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"),
}
_REGISTER = insert_or_update(servers, "id")
_BEAT = (
    update(servers).where(servers.c.id == bindparam("server")).values(seen_at_ms=bindparam("now"))
)
_OTHERS = select(func.count()).where(servers.c.id != bindparam("server"))
_LEAVE = delete(servers).where(servers.c.id == bindparam("server"))
_RUNNING = runs.c.state == text("'running'")  # as its index has it
_HELD = select(runs.c.id, runs.c.stop_asked).where(
    _RUNNING, runs.c.server_id == bindparam("server")
)
_ASK_TO_STOP = (
    update(runs)
    .where(_RUNNING, runs.c.id == bindparam("run"), runs.c.user_id == bindparam("owner"))
    .values(stop_asked=True)
)
_ORPHAN = _RUNNING & ~exists().where(servers.c.id == runs.c.server_id)
_ORPHANS = select(runs).where(_ORPHAN).order_by(runs.c.id)
_ADOPT = (
    update(runs)
    .where(_ORPHAN, runs.c.id == bindparam("run"), runs.c.server_id == bindparam("was"))
    .values(server_id=bindparam("server"))
)


class SqlServerStore:
    """The `ServerStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now_ms(self) -> int:
        """The time that all servers go by: the database's."""
        return await self._database.read(_now_ms)

    async def register(self, server_id: str) -> None:
        """Count a server among the living."""
        await self._database.write(_register, server_id)

    async def beat(self, server_id: str) -> int | None:
        """Tell that a server lives, and count the others; None when it has been buried."""
        return await self._database.write(_beat, server_id)

    async def leave(self, server_id: str) -> None:
        """Count a server that ends among the living no more."""
        await self._database.write(_leave, server_id)

    async def bury(self, *, unseen_s: float | None) -> Sequence[str]:
        """Take those unseen for so long, or all, for dead; each is named to one caller only."""
        return await self._database.write(_bury, unseen_s)

    async def held(self, server_id: str) -> Mapping[str, bool]:
        """The running runs of a server by id, each with whether somebody asked to stop it."""
        return await self._database.read(_held, server_id)

    async def ask_to_stop(self, user_id: str, run_id: str) -> bool:
        """Note that a user's running run is to stop; tell whether there is one."""
        return await self._database.write(_ask_to_stop, user_id, run_id)

    async def orphans(self) -> Sequence[Run]:
        """The running runs of servers that do not live, whole."""
        return await self._database.read(_orphans)

    async def adopt(self, run: Run, server_id: str) -> bool:
        """Make an orphan the run of this server, which nobody else can then; tell whether it is."""
        return await self._database.write(_adopt, run, server_id)


def _now_ms(connection: Connection) -> int:
    return int(connection.execute(_NOW_MS[connection.dialect.name]).scalar_one())


def _register(connection: Connection, server_id: str) -> None:
    connection.execute(_REGISTER, {"id": server_id, "seen_at_ms": _now_ms(connection)})


def _beat(connection: Connection, server_id: str) -> int | None:
    this = {"server": server_id}
    if connection.execute(_BEAT, {**this, "now": _now_ms(connection)}).rowcount == 0:
        return None
    return int(connection.execute(_OTHERS, this).scalar_one())


def _leave(connection: Connection, server_id: str) -> None:
    connection.execute(_LEAVE, {"server": server_id})


def _bury(connection: Connection, unseen_s: float | None) -> Sequence[str]:
    old = select(servers.c.id).order_by(servers.c.id)
    if unseen_s is not None:
        old = old.where(servers.c.seen_at_ms < _now_ms(connection) - int(unseen_s * 1000))
    found = connection.execute(old).scalars().all()
    return [one for one in found if connection.execute(_LEAVE, {"server": one}).rowcount > 0]


def _held(connection: Connection, server_id: str) -> Mapping[str, bool]:
    return {row.id: row.stop_asked for row in connection.execute(_HELD, {"server": server_id})}


def _ask_to_stop(connection: Connection, user_id: str, run_id: str) -> bool:
    return connection.execute(_ASK_TO_STOP, {"owner": user_id, "run": run_id}).rowcount > 0


def _orphans(connection: Connection) -> Sequence[Run]:
    return tuple(run_of(row, files_of(connection, row.id)) for row in connection.execute(_ORPHANS))


def _adopt(connection: Connection, run: Run, server_id: str) -> bool:
    which = {"run": run.id, "was": run.server_id, "server": server_id}
    return connection.execute(_ADOPT, which).rowcount > 0
