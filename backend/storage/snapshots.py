"""The database as members of a backup: taken at one moment while servers work, and put back whole.

SQLite gives its file, PostgreSQL the rows of every table; either can be put into either. What is put
back is brought to this version's schema on the way. Not for: files beside the database
(`bootstrap.backing_up`), copies before a migration (`backups`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from backend.storage import migrations
from backend.storage.backups import backups_of, copy_database
from backend.storage.database import kind_of
from backend.storage.migrate import apply, migrate
from backend.storage.revisions import HEAD, REVISIONS, UnusableSchema
from backend.storage.row_copies import (
    Row,
    copying_engine,
    line_of,
    rows_in,
    rows_of,
    tables_of,
    write_rows,
)
from backend.storage.schema import current_revision
from backend.storage.sqlite_database import migrating_engine, sqlite_path

FILE = "database/steward.db"
_LINES = "database/{}.jsonl"
_SCRIPTS = Path(migrations.__path__[0])
_CHECKPOINTS = "checkpoint"  # LangGraph's own tables, which it makes itself
_FUNCTIONS = text(
    "SELECT oid::regprocedure::text FROM pg_proc"
    " WHERE starts_with(proname, 'steward_') AND pronamespace = current_schema()::regnamespace"
)
Form = Literal["sqlite", "rows"]


class DatabaseInUse(UnusableSchema):
    """Somebody works on the database that was to be replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A database as it was at one moment: which files hold it, how much is in it, and what it names.

    `uploads` and `artifacts` are owner and id of every file that a row names.
    """

    form: Form
    revision: str
    members: Mapping[str, Path]
    counts: Mapping[str, int]
    uploads: Sequence[tuple[str, str]]
    artifacts: Sequence[tuple[str, str]]


def take_snapshot(url: str, folder: Path) -> Snapshot:
    """Copy a database into files of `folder`; whoever writes meanwhile goes on.

    Raises:
        UnusableSchema: when there is none, or it is not one of Steward.
    """
    if kind_of(url) == "postgresql":
        return _rows_of_postgres(url, folder)
    source, copy = sqlite_path(url), folder / "steward.db"
    if current_revision(source) is None:
        msg = f"there is no database {source}"
        raise UnusableSchema(msg)
    copy_database(source, copy)
    with copying_engine(f"sqlite:///{copy}") as engine, engine.connect() as connection:
        counts = {
            str(one.name): connection.execute(
                text(f'SELECT count(*) FROM "{one.name}"')  # noqa: S608 - a name the database gave
            ).scalar_one()
            for one in tables_of(connection)
        }
        return Snapshot(
            form="sqlite",
            revision=current_revision(copy) or HEAD,
            members={FILE: copy},
            counts=counts,
            uploads=_named(connection, "files"),
            artifacts=_named(connection, "artifacts"),
        )


def _rows_of_postgres(url: str, folder: Path) -> Snapshot:
    from backend.storage.postgres_schema import (  # noqa: PLC0415 - a driver that SQLite needs not
        postgres_revision,
    )

    revision = postgres_revision(url)
    if revision is None:
        msg = "the database is empty"
        raise UnusableSchema(msg)
    members: dict[str, Path] = {}
    counts: dict[str, int] = {}
    with copying_engine(url) as engine, engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        for table in tables_of(connection):
            name = str(table.name)
            path = folder / f"{name}.jsonl"
            with path.open("wb") as lines:
                counts[name] = _written(lines.write, rows_of(connection, table))
            members[_LINES.format(name)] = path
        return Snapshot(
            form="rows",
            revision=revision,
            members=members,
            counts=counts,
            uploads=_named(connection, "files"),
            artifacts=_named(connection, "artifacts"),
        )


def _written(write: Callable[[bytes], object], rows: Iterable[Row]) -> int:
    done = 0
    for row in rows:
        write(line_of(row))
        done += 1
    return done


def _named(connection: Connection, table: str) -> list[tuple[str, str]]:
    found = connection.execute(text(f"SELECT user_id, id FROM {table} ORDER BY id"))  # noqa: S608 - our own names
    return [(str(row.user_id), str(row.id)) for row in found]


def ready_file(folder: Path, *, form: Form, revision: str) -> Path:
    """Make of the members in `folder` an SQLite file of this version's schema, checked throughout.

    Raises:
        UnusableSchema: when they are no sound database, or one of a newer version.
    """
    path = folder / "steward.db"
    try:
        if form == "rows":
            _known(revision)
            migrate(path, head=revision)
            _fill(path, folder)
        _sound(path)
        if current_revision(path) != revision:
            msg = "the database in the backup is of another version than the backup says"
            raise UnusableSchema(msg)
        migrate(path)
    except (sqlite3.Error, SQLAlchemyError, ValueError) as exc:
        msg = f"the database in the backup cannot be read: {exc}".replace("\n", " ")
        raise UnusableSchema(msg) from exc
    for left in (*backups_of(path), path.with_name(f"{path.name}.migrating")):
        left.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:  # alone in its file, without a log beside it
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    return path


def _known(revision: str) -> None:
    if revision not in REVISIONS:
        msg = (
            f"the backup was made by a newer version of Steward (schema {revision}); upgrade first"
        )
        raise UnusableSchema(msg)


def _sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()
        if said != ("ok",):
            msg = f"the database in the backup is damaged: {said[0]}".replace("\n", " ")
            raise UnusableSchema(msg)
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            msg = "rows of the database in the backup point at nothing"
            raise UnusableSchema(msg)
        # Our schema has neither; they would act when a server writes.
        found = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
        if connection.execute(found).fetchone() is not None:
            msg = "the database in the backup holds triggers or views, which are not Steward's"
            raise UnusableSchema(msg)


def _fill(path: Path, folder: Path) -> None:
    engine = migrating_engine(path)
    try:
        with engine.begin() as connection:
            _write_all(connection, _lines_in(folder))
    finally:
        engine.dispose()


def _lines_in(folder: Path) -> Mapping[str, Path]:
    return {path.stem: path for path in folder.glob("*.jsonl")}


def _write_all(connection: Connection, lines: Mapping[str, Path], *, only: str = "") -> None:
    for table in tables_of(connection):
        name = str(table.name)
        if name in lines and name.startswith(only):
            write_rows(connection, table, rows_in(lines[name]))


def fill_postgres(url: str, folder: Path, *, form: Form, revision: str, replace: bool) -> None:
    """Put the members in `folder` into a database of PostgreSQL, in one transaction.

    Raises:
        UnusableSchema: when they are no sound database, or of a newer version.
        DatabaseInUse: when others are connected, or it holds accounts that may not be replaced.
    """
    from backend.storage.postgres_schema import (  # noqa: PLC0415 - a driver that SQLite needs not
        alone_in_postgres,
    )

    _known(revision)
    file = ready_file(folder, form=form, revision=revision) if form == "sqlite" else None
    try:
        with alone_in_postgres(url) as (connection, found):
            _make_room(connection, replace=replace or found is None)
            apply(connection, _SCRIPTS, HEAD if file else revision)
            if file:
                _copy_all(file, connection)
            else:
                _write_all(connection, _lines_in(folder))
            apply(connection, _SCRIPTS, HEAD)
        if not file:
            _fill_checkpoints(url, _lines_in(folder))
    except (SQLAlchemyError, ValueError) as exc:
        msg = f"the backup cannot be put into the database: {exc}".replace("\n", " ")
        raise UnusableSchema(msg) from exc


def _make_room(connection: Connection, *, replace: bool) -> None:
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    if connection.execute(others).scalar_one():
        msg = "others are connected to the database; stop every server and worker first"
        raise DatabaseInUse(msg)
    tables = tables_of(connection)
    counted = text("SELECT count(*) FROM users")
    has_users = any(one.name == "users" for one in tables)
    if not replace and has_users and connection.execute(counted).scalar_one():
        msg = "the database holds accounts; --replace puts the backup in their place"
        raise DatabaseInUse(msg)
    for name in (*(str(one.name) for one in tables), "alembic_version"):
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    for function in connection.execute(_FUNCTIONS).scalars().all():
        connection.execute(text(f"DROP FUNCTION {function} CASCADE"))


def _copy_all(file: Path, connection: Connection) -> None:
    with copying_engine(f"sqlite:///{file}") as engine, engine.connect() as source:
        there = {str(one.name): one for one in tables_of(source)}
        for table in tables_of(connection):
            if (other := there.get(str(table.name))) is not None:
                write_rows(connection, table, rows_of(source, other))


def _fill_checkpoints(url: str, lines: Mapping[str, Path]) -> None:
    """Put what waiting runs go on from into the tables of LangGraph's saver, which makes them."""
    found = lines.get("checkpoints")
    if found is None or not found.stat().st_size:
        return
    from langgraph.checkpoint.postgres import PostgresSaver  # noqa: PLC0415 - only where runs wait

    from backend.storage.postgres_database import conninfo_of  # noqa: PLC0415 - likewise

    with PostgresSaver.from_conn_string(conninfo_of(url)) as saver:
        saver.setup()
    kept = {name: path for name, path in lines.items() if name != "checkpoint_migrations"}
    with copying_engine(url) as engine, engine.begin() as connection:
        _write_all(connection, kept, only=_CHECKPOINTS)


def wanted_lines(name: str) -> str | None:
    """Give the file name under which `fill_postgres` and `ready_file` look for a member, if it is one."""
    if name == FILE:
        return "steward.db"
    head, _, tail = name.partition("/")
    plain = tail.removesuffix(".jsonl")
    if head == "database" and tail.endswith(".jsonl") and plain.isidentifier() and plain.isascii():
        return tail
    return None
