"""Applies the migrations: `python -m backend.storage.migrate sqlite+aiosqlite:///path`.

Run by the server as a child process, or by hand. All steps are one transaction; before an existing
file is touched it is copied, and put back when a step fails. Says why on one line of stderr.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from backend.storage import migrations
from backend.storage.backups import backup_before_migration, copy_database
from backend.storage.database import UnusableDatabaseUrl, migrating_engine, sqlite_path
from backend.storage.schema import HEAD, MigrationFailed, UnusableSchema, current_revision


def migrate(
    path: Path, *, scripts: Path | None = None, head: str = HEAD, lock_wait_s: float = 600.0
) -> None:
    """Bring a database file to `head`, alone among all processes that try.

    Args:
        path: The file; made, readable by its owner alone, when it does not exist.
        scripts: Another folder of migrations (default: ours).
        head: The revision to reach.
        lock_wait_s: How long to wait for another process that migrates.

    Raises:
        UnusableSchema: as `schema.current_revision` does.
        MigrationFailed: when a step failed or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with _alone(path, lock_wait_s):
            revision = current_revision(path)
            if revision != head:
                _upgrade(path, revision, scripts or Path(migrations.__path__[0]), head)
    except (sqlite3.Error, OSError, SQLAlchemyError, CommandError) as exc:
        msg = f"{path} cannot be migrated to {head}: {exc}"
        raise MigrationFailed(msg.replace("\n", " ")) from exc


@contextmanager
def _alone(path: Path, wait_s: float) -> Generator[None]:
    # A lock that every platform has and that dies with its process: an SQLite file of its own.
    lock = path.with_name(f"{path.name}.migrating")
    lock.touch(mode=0o600)
    with closing(sqlite3.connect(lock, timeout=wait_s, isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        yield


def _upgrade(path: Path, revision: str | None, scripts: Path, head: str) -> None:
    backup = None if revision is None else backup_before_migration(path, revision=revision)
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    engine = migrating_engine(path)
    done = False
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, head)
            _check_foreign_keys(connection)
        done = True
    finally:
        engine.dispose()
        if backup is not None and not done:
            copy_database(backup, path)


def _check_foreign_keys(connection: Connection) -> None:
    if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
        msg = "rows would point at nothing"
        raise MigrationFailed(msg)


def main(arguments: list[str]) -> int:
    """Migrate the database of the one argument; 0 when it is up to date, 1 with a reason, 2 for bad use."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m backend.storage.migrate sqlite+aiosqlite:///path\n")
        return 2
    try:
        migrate(sqlite_path(arguments[0]))
    except (UnusableDatabaseUrl, UnusableSchema) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
