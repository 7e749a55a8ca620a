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
from backend.storage.database import sqlite_path

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
HEAD = REVISIONS[-1]

_HEADER = b"SQLite format 3\x00"


class UnusableSchema(Exception):
    """The database cannot be used by this version."""


class SchemaTooNew(UnusableSchema):
    """The database was written by a newer version of Steward."""


class MigrationFailed(UnusableSchema):
    """The schema could not be brought up to date; the data are as they were."""


async def prepare_database(url: str, *, timeout_s: float = 600.0) -> bool:
    """Make or upgrade the database in a child process when needed; tell whether it was.

    A file is made readable by its owner alone. Two servers that start at once take turns.

    Raises:
        UnusableDatabaseUrl: when the address is not one of an SQLite file.
        SchemaTooNew: when a newer version has written this database.
        MigrationFailed: when a step failed; an existing database was put back as it was.
        UnusableSchema: when the file is no Steward database or cannot be opened.
    """
    path = sqlite_path(url)
    if await asyncio.to_thread(current_revision, path) == HEAD:
        return False
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend.storage.migrate", f"sqlite+aiosqlite:///{path}"),
        cwd=Path(backend.__path__[0]).parent,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await asyncio.wait_for(child.communicate(), timeout_s)
    except TimeoutError as exc:
        child.kill()
        await child.wait()
        msg = f"the migration of {path} did not end within {timeout_s:g} s"
        raise MigrationFailed(msg) from exc
    if child.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        raise MigrationFailed(lines[-1] if lines else f"exit status {child.returncode}")
    return True


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
    if not tables:
        return None
    if "alembic_version" not in tables:
        msg = f"{path} is a database, but not one of Steward; name another file in DATABASE_URL"
        raise UnusableSchema(msg)
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        msg = f"{path} does not say which version wrote it; restore a backup"
        raise UnusableSchema(msg)
    if row[0] not in REVISIONS:
        msg = (
            f"{path} was written by a newer version of Steward (schema {row[0]}, this one knows "
            f"{HEAD}); upgrade Steward, or restore a backup made by this version"
        )
        raise SchemaTooNew(msg)
    return str(row[0])
