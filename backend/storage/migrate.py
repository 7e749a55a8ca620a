"""Applies the migrations: `python -m backend.storage.migrate`, with the address on standard input.

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
from backend.storage.database import UnusableDatabaseUrl, kind_of
from backend.storage.revisions import HEAD, MigrationFailed, UnusableSchema
from backend.storage.schema import current_revision
from backend.storage.sqlite_database import migrating_engine, sqlite_path


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
    engine = migrating_engine(path)
    done = False
    try:
        with engine.begin() as connection:
            apply(connection, scripts, head)
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


def apply(connection: Connection, scripts: Path, head: str) -> None:
    """Run the steps from where a database is to `head`, in the transaction of this connection."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, head)


def migrate_postgres(url: str, *, scripts: Path | None = None, head: str = HEAD) -> None:
    """Bring a database of PostgreSQL to `head`; whoever comes second waits and finds it done.

    Raises:
        UnusableSchema: as `schema.revision_of` does.
        MigrationFailed: when a step failed; the database is as it was.
    """
    from backend.storage.postgres_schema import (  # noqa: PLC0415 - a driver that SQLite needs not
        alone_in_postgres,
    )

    try:
        with alone_in_postgres(url) as (connection, revision):
            if revision != head:
                apply(connection, scripts or Path(migrations.__path__[0]), head)
    except (OSError, SQLAlchemyError, CommandError) as exc:
        msg = f"the database cannot be migrated to {head}: {exc}"
        raise MigrationFailed(msg.replace("\n", " ")) from exc


def main() -> int:
    """Migrate the database that standard input names; 0 when it is up to date, 1 with a reason."""
    url = sys.stdin.readline().strip()
    try:
        if kind_of(url) == "postgresql":
            migrate_postgres(url)
        else:
            migrate(sqlite_path(url))
    except (UnusableDatabaseUrl, UnusableSchema) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
