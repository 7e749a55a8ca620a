"""SQLite: one file behind one writing thread and a few reading ones. Everything that is SQLite's own stands here."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from backend.errors import ServerFault, StewardError, Unavailable
from backend.ports.values import Health
from backend.storage.database import UnusableDatabaseUrl, in_thread, kind_of, ping

P = ParamSpec("P")
T = TypeVar("T")

# Primary result codes, https://sqlite.org/rescode.html
_TROUBLES = {
    5: "The database is busy: another process holds its write lock.",
    6: "The database is busy: another connection holds its lock.",
    8: "The database cannot be written: its file or folder is read-only.",
    10: "The database cannot be read or written: the disk reports an error.",
    11: "The database file is damaged; restore a backup.",
    13: "The database cannot be written: the disk is full.",
    14: "The database file cannot be opened.",
    26: "The database file is not an SQLite database.",
}


def sqlite_path(url: str) -> Path:
    """Read the absolute file path out of `sqlite+aiosqlite:///path` (or `sqlite:///path`).

    Raises:
        UnusableDatabaseUrl: for other databases, and for SQLite without a file.
    """
    if (kind := kind_of(url)) != "sqlite":
        msg = f"{kind} databases have no file"
        raise UnusableDatabaseUrl(msg)
    parsed = make_url(url)
    if parsed.database in {None, "", ":memory:"} or parsed.query:
        msg = "the SQLite address must name a file and nothing else: sqlite+aiosqlite:///path"
        raise UnusableDatabaseUrl(msg)
    return Path(str(parsed.database)).absolute()


class SqliteDatabase:
    """One SQLite file behind one writing thread and a few reading ones.

    Writers queue in this process and take the lock with BEGIN IMMEDIATE, so that they wait for other
    processes only, at most `busy_timeout_s`. Readers never wait for writers (WAL).
    """

    kind = "sqlite"

    def __init__(self, url: str, *, readers: int = 2, busy_timeout_s: float = 5.0) -> None:
        path = sqlite_path(url)
        self._write_engine = _writing_engine(path, busy_timeout_s=busy_timeout_s)
        self._read_engine = _reading_engine(path, readers=readers, busy_timeout_s=busy_timeout_s)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="db-write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="db-read")

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` in a transaction: all of it happens, or nothing.

        Raises:
            Unavailable: when the database is locked by another process, full or unreadable.
            Conflict: when a unique or foreign key is violated.
        """

        def hop() -> T:
            with self._write_engine.begin() as connection:
                return work(connection, *args, **kwargs)

        return await in_thread(self._writer, hop, _translated)

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` to read; every statement sees what is committed by then.

        Raises:
            Unavailable: when the database is unreadable.
        """

        def hop() -> T:
            with self._read_engine.connect() as connection:
                return work(connection, *args, **kwargs)

        return await in_thread(self._readers, hop, _translated)

    async def forget(self) -> None:
        """Make what was erased unreadable on the disk as well, by emptying the write-ahead log.

        Erased pages are overwritten in the file; the log may still hold them as they were. While
        somebody reads the log it stays, and is emptied the next time.
        """
        await in_thread(self._writer, self._empty_log, _translated)

    async def health(self) -> Health:
        """Tell whether the database answers."""
        try:
            await self.read(ping)
        except StewardError as exc:
            fix = "Look at the data folder: free space, permissions, other processes using it."
            return Health(ok=False, detail=exc.message, fix=fix)
        return Health(ok=True, detail="SQLite")

    async def aclose(self) -> None:
        """Finish the work under way and close every connection; more work is refused."""
        await asyncio.to_thread(self._close)

    def _empty_log(self) -> None:
        connection = self._write_engine.raw_connection()  # outside of a transaction
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()


def _translated(error: DBAPIError) -> StewardError:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in _TROUBLES:
        return Unavailable(_TROUBLES[code], retry_after_s=1.0)
    return ServerFault()


def migrating_engine(path: Path) -> Engine:
    """Open a file for `migrate`: one transaction that nobody else reads into, foreign keys off.

    Foreign keys must be off to rebuild tables: https://sqlite.org/lang_altertable.html#otheralter
    """
    engine = create_engine(URL.create("sqlite", database=str(path)))
    pragmas = ("journal_mode=WAL", "foreign_keys=OFF", _busy(60))

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    event.listen(engine, "connect", _set_up(pragmas))
    event.listen(engine, "begin", begin)
    return engine


def _writing_engine(path: Path, *, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False},
    )
    pragmas = (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        _busy(busy_timeout_s),
    )

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", _set_up(pragmas))
    event.listen(engine, "begin", begin)
    return engine


def _reading_engine(path: Path, *, readers: int, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=readers,
        max_overflow=0,
        pool_reset_on_return=None,  # autocommit: there is never anything to roll back
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _set_up(("query_only=ON", _busy(busy_timeout_s))))
    return engine


def _busy(seconds: float) -> str:
    return f"busy_timeout={int(seconds * 1000)}"


def _set_up(pragmas: Iterable[str]) -> Callable[[sqlite3.Connection, Any], None]:
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin and end where SQLAlchemy says
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    return set_up
