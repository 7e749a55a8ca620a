"""PostgreSQL: transactions that are serialisable, and run again when others were in their way.

Units of work are written as for SQLite, where one writes at a time: what they read before they write
still holds when they commit. PostgreSQL promises the same by ending one of two transactions that
could not have come one after the other (https://www.postgresql.org/docs/current/transaction-iso.html);
that one is run again. Everything that is PostgreSQL's own in reaching it stands here.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from backend.errors import ServerFault, StewardError, Unavailable
from backend.ports.values import Health
from backend.storage.database import UnusableDatabaseUrl, in_thread, kind_of
from backend.storage.postgres_health import look
from backend.storage.postgres_patience import SILENT_FOR_S, PatientConnection

P = ParamSpec("P")
T = TypeVar("T")

APPLICATION = "steward"  # by this others are seen on the database
_AGAIN = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_AGAIN_FOR_S = 15.0
# foreign_key_violation: what a row was to name went while the unit of work ran; it sees so the next time.
_GONE_MEANWHILE = "23503"
_PAUSE_S = 0.002
_MOST_PAUSE_S = 0.2
# Compiling a statement takes longer than any of ours runs.
_OPTIONS = "-c statement_timeout=60000 -c lock_timeout=10000 -c timezone=UTC -c jit=off"
# A machine that is gone says nothing: without these the kernel waits for it for a quarter of an hour, or,
# where nothing is under way, for two hours. https://www.postgresql.org/docs/current/libpq-connect.html
_NETWORK = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_HEALTHY_WITHIN_S = 5.0

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TROUBLES = {
    "25006": "The database cannot be written: it is read-only.",
    "40001": "The database is busy: others change the same rows.",
    "40P01": "The database is busy: others change the same rows.",
    "53100": "The database cannot be written: its disk is full.",
    "53200": "The database is out of memory.",
    "53300": "The database takes no more connections.",
    "55P03": "The database is busy: others hold a lock.",
    "57014": "The database took too long.",
    "57P01": "The database is being stopped.",
    "57P02": "The database has crashed and recovers.",
    "57P03": "The database is starting.",
}


def postgres_url(url: str) -> URL:
    """Read an address of PostgreSQL, whatever driver it names, as one for ours (psycopg).

    Raises:
        UnusableDatabaseUrl: for other databases, and where no database is named.
    """
    if kind_of(url) != "postgresql":
        msg = "the address is not one of PostgreSQL"
        raise UnusableDatabaseUrl(msg)
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    if not parsed.database:
        msg = "the PostgreSQL address must name a database: postgresql://user:password@host/steward"
        raise UnusableDatabaseUrl(msg)
    return parsed


def conninfo_of(url: str) -> str:
    """Write an address as libpq and psycopg read it."""
    return postgres_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def shown(url: str) -> str:
    """Write an address for people: without password, user and options, which may hold one."""
    parsed = postgres_url(url)
    host = parsed.host or parsed.query.get("host", "") or "localhost"
    port = f":{parsed.port}" if parsed.port else ""
    return f"PostgreSQL at {host}{port}/{parsed.database}"


def make_engine(url: str, *, connections: int) -> Engine:
    """Make an engine of so many connections at most; a connection that died is replaced unseen."""
    return _engine(url, connections, connect_args=connection_arguments())


def _serving_engine(url: str, *, connections: int, silent_for_s: float) -> Engine:
    """Make the engine of a server: who does not answer in time is given up, instead of waited for."""
    info = conninfo_of(url)

    def connect() -> PatientConnection:
        made = PatientConnection.connect(info, **connection_arguments())
        made.patience_s = silent_for_s
        return made

    return _engine(url, connections, creator=connect)


def _engine(url: str, connections: int, **how: Any) -> Engine:  # noqa: ANN401 - SQLAlchemy's
    return create_engine(
        postgres_url(url),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        **how,
    )


def connection_arguments() -> dict[str, Any]:
    """Say how connections of ours are set up, in psycopg's words."""
    return {
        "options": _OPTIONS,
        "connect_timeout": 5,
        "application_name": APPLICATION,
        **_NETWORK,
    }


class PostgresDatabase:
    """One PostgreSQL database behind a few threads, each with a connection."""

    shared = True

    def __init__(
        self, url: str, *, writers: int = 4, readers: int = 4, silent_for_s: float = SILENT_FOR_S
    ) -> None:
        self._engine = _serving_engine(
            url, connections=writers + readers, silent_for_s=silent_for_s
        )
        self._write_engine = self._engine.execution_options(isolation_level="SERIALIZABLE")
        self._read_engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="db-write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="db-read")

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` in a transaction, again while others were in its way."""

        def hop() -> T:
            until_s = time.monotonic() + _AGAIN_FOR_S
            tried = 0
            while True:
                tried += 1
                try:
                    return once()
                except DBAPIError as exc:
                    state = _state_of(exc)
                    again = state in _AGAIN or (state == _GONE_MEANWHILE and tried == 1)
                    if not again or time.monotonic() > until_s:
                        raise
                most_s = min(_MOST_PAUSE_S, _PAUSE_S * 2 ** min(tried, 10))
                time.sleep(random.uniform(0, most_s))  # noqa: S311 - no secret; keeps two apart

        def once() -> T:
            with self._write_engine.begin() as connection:
                return work(connection, *args, **kwargs)

        return await in_thread(self._writers, hop, _translated)

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` to read; every statement sees what is committed by then."""

        def hop() -> T:
            with self._read_engine.connect() as connection:
                return work(connection, *args, **kwargs)

        return await in_thread(self._readers, hop, _translated)

    async def forget(self) -> None:
        """Do nothing: what was erased is overwritten when PostgreSQL's autovacuum has passed."""

    async def shrink(self) -> None:
        """Do nothing: autovacuum gives space back."""

    async def health(self) -> Health:
        """Tell whether the database answers, soon."""
        try:
            return await asyncio.wait_for(self.read(look), _HEALTHY_WITHIN_S)
        except (StewardError, TimeoutError) as exc:
            silent = f"The database does not answer within {_HEALTHY_WITHIN_S:g} s."
            detail = exc.message if isinstance(exc, StewardError) else silent
            fix = "Look whether PostgreSQL runs, and whether DATABASE_URL leads to it."
            return Health(ok=False, detail=detail, fix=fix)

    async def aclose(self) -> None:
        """Finish the work under way and close every connection; more work is refused."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _state_of(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _translated(error: DBAPIError) -> StewardError:
    state = _state_of(error)
    if state in _TROUBLES:
        return Unavailable(_TROUBLES[state], retry_after_s=1.0)
    if error.connection_invalidated or not state:
        return Unavailable("The database cannot be reached.", retry_after_s=1.0)
    return ServerFault()
