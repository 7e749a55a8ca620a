"""Brings the database to this version's schema before the server starts.

The check is one plain query; Alembic (12 MiB that would stay for good) is loaded by a child process, and only
when there is something to do. Not for: the steps themselves (`migrations`).
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import backend
from backend.storage.database import kind_of
from backend.storage.revisions import HEAD, MigrationFailed, UnusableSchema, known_revision
from backend.storage.sqlite_database import sqlite_path

_HEADER = b"SQLite format 3\x00"


async def prepare_database(url: str, *, timeout_s: float = 600.0) -> bool:
    """Make or upgrade the database in a child process when needed; tell whether it was.

    A file is made readable by its owner alone; a database of PostgreSQL must be there already. Two servers that start at once take turns.

    Raises:
        UnusableDatabaseUrl: when the address is not one of an SQLite file.
        SchemaTooNew: when a newer version has written this database.
        MigrationFailed: when a step failed; an existing database was put back as it was.
        UnusableSchema: when the file is no Steward database or cannot be opened.
    """
    at = await asyncio.to_thread(revision_of, url)
    if at == HEAD:
        return False
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend.storage.migrate"),
        cwd=Path(backend.__path__[0]).parent,
        stdin=asyncio.subprocess.PIPE,  # not as an argument: the address may hold a password
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await asyncio.wait_for(child.communicate(_absolute(url).encode()), timeout_s)
    except TimeoutError as exc:
        child.kill()
        await child.wait()
        msg = f"the migration of the database did not end within {timeout_s:g} s"
        raise MigrationFailed(msg) from exc
    if child.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        raise MigrationFailed(lines[-1] if lines else f"exit status {child.returncode}")
    return True


def revision_of(url: str) -> str | None:
    """Read which revision a database has; None when it is empty or not there yet.

    Raises:
        UnusableDatabaseUrl, SchemaTooNew, UnusableSchema: as `prepare_database` does.
    """
    if kind_of(url) == "sqlite":
        return current_revision(sqlite_path(url))
    from backend.storage.postgres_schema import (  # noqa: PLC0415 - a driver that SQLite needs not
        postgres_revision,
    )

    return postgres_revision(url)


def _absolute(url: str) -> str:
    # The child runs in another folder.
    if kind_of(url) == "postgresql":
        return url
    return f"sqlite+aiosqlite:///{sqlite_path(url)}"


def current_revision(path: Path) -> str | None:
    """Read which revision a database file has; None when there is none yet.

    Raises:
        SchemaTooNew: when this version does not know the revision.
        UnusableSchema: when the file holds other tables, is damaged or cannot be read.
    """
    try:
        if not path.exists() or path.stat().st_size == 0:
            return None
        _check_header(path)
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            return _revision(connection, path)
    except (sqlite3.Error, OSError) as exc:
        msg = f"{path} cannot be read as a database: {exc}"
        raise UnusableSchema(msg) from exc


def _check_header(path: Path) -> None:
    # SQLite takes a very short file of anything for an empty database and overwrites it.
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            msg = f"{path} is not an SQLite database; name another file in DATABASE_URL"
            raise UnusableSchema(msg)


def _revision(connection: sqlite3.Connection, path: Path) -> str | None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    found: list[str] = []
    if "alembic_version" in tables:
        rows = connection.execute("SELECT version_num FROM alembic_version")
        found = [str(row[0]) for row in rows]
    return known_revision(found, tables, name=str(path))
