"""Look at what an installation stands on: disk, permissions, clock, limits, database, orphans.

With `mend` what is safe is done at once: rights of others are taken away, and what nothing names is
removed. Not for: models, tools and documents (`diagnosis`).
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.bootstrap.databases import shared
from backend.bootstrap.documents import DocumentFolders, document_folders
from backend.bootstrap.owned_files import owned_files
from backend.bootstrap.sharing import SPARED_S
from backend.config.settings import Settings
from backend.kit.folder_lock import FolderInUse, FolderLock, is_left
from backend.kit.owned_files import OwnedFiles
from backend.ports.findings import Finding
from backend.storage.database import kind_of
from backend.storage.row_copies import copying_engine
from backend.storage.sqlite_database import sqlite_path
from backend.storage.stores import Stores

MIB = 1 << 20
_LITTLE_BYTES = 2048 * MIB
_NOTHING_BYTES = 100 * MIB
_LEAST_FILES = 4096
_ENDED_COPIES = (".backup-*", ".restoring-*")
_BUILT_MS = 1_764_000_000_000  # 2025-11-24: no clock of a machine that runs this is before
_OWN_ONLY = 0o077
_SHOWN = 3


def look_at_ground(settings: Settings, *, mend: bool) -> list[Finding]:
    """Look at what needs no database."""
    found = [_disk(settings.data_dir), _secrets(settings.data_dir, mend=mend), _clock()]
    found.append(_file_limit())
    copies = [one for it in _ENDED_COPIES for one in settings.data_dir.glob(it)]
    if left := [one for one in copies if is_left(one)]:
        found.append(_left_behind(settings.data_dir, left, mend=mend))
    return found


def _disk(folder: Path) -> Finding:
    usage = shutil.disk_usage(folder)
    detail = f"{usage.free // MIB:,} MiB of {usage.total // MIB:,} are free"
    fix = "make room, or give a DATA_DIR on another disk"
    if usage.free < _NOTHING_BYTES:
        return Finding(name="disk", state="fail", detail=detail, fix=fix)
    return Finding(
        name="disk", state="ok" if usage.free >= _LITTLE_BYTES else "warn", detail=detail, fix=fix
    )


def _secrets(folder: Path, *, mend: bool) -> Finding:
    """Look whether others can read keys, databases and what lies beside them."""
    some = [folder, *folder.glob("*.key"), *folder.glob("*.db*"), *folder.glob("*.bak-*")]
    open_ones = [one for one in some if one.stat().st_mode & _OWN_ONLY]
    if not open_ones:
        return Finding(name="permissions", state="ok", detail="nobody else can read them")
    names = ", ".join(one.name for one in open_ones[:_SHOWN])
    if not mend:
        fix = "`python -m backend doctor --fix`, which takes away the rights of others"
        detail = f"others can read {names}"
        return Finding(name="permissions", state="warn", detail=detail, fix=fix)
    for one in open_ones:
        one.chmod(stat.S_IMODE(one.stat().st_mode) & ~_OWN_ONLY)
    return Finding(name="permissions", state="ok", detail=f"others could read {names}; mended")


def _clock() -> Finding:
    now_ms = time.time_ns() // 1_000_000
    fix = "set the clock (timedatectl set-ntp true): tokens, links and limits are judged by it"
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_ms / 1000))
    state = "ok" if now_ms > _BUILT_MS else "fail"
    return Finding(name="clock", state=state, detail=shown, fix=fix)


def _file_limit() -> Finding:
    if sys.platform == "win32":
        return Finding(name="open files", state="ok", detail="not limited here")
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _LEAST_FILES:
        return Finding(name="open files", state="ok", detail=f"{soft:,} at most")
    fix = f"ulimit -n {_LEAST_FILES} (the system allows {hard:,}), or LimitNOFILE= in a unit"
    detail = f"{soft:,} at most: enough for about {soft // 3:,} streams"
    return Finding(name="open files", state="warn", detail=detail, fix=fix)


def _left_behind(data: Path, left: Sequence[Path], *, mend: bool) -> Finding:
    names = ", ".join(one.name for one in left[:_SHOWN])
    detail = f"a backup or restore was ended and left {names}"
    fix = "`python -m backend doctor --fix`"
    if not mend:
        return Finding(name="left behind", state="warn", detail=detail, fix=fix)
    for one in left:
        shutil.rmtree(one, ignore_errors=True)
    return Finding(name="left behind", state="ok", detail=f"{detail}; removed from {data}")


def look_at_rows(settings: Settings) -> Finding:
    """Let the database look at itself: SQLite at its whole file, PostgreSQL at version and pgvector."""
    url = settings.database_url.get_secret_value()
    try:
        if kind_of(url) == "postgresql":
            return _postgres(url)
        with closing(sqlite3.connect(sqlite_path(url), timeout=5)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
            loose = connection.execute("PRAGMA foreign_key_check").fetchone()
    except (sqlite3.Error, SQLAlchemyError) as exc:
        reason = str(exc).splitlines()[0]
        return Finding(name="integrity", state="fail", detail=reason, fix="restore a backup")
    if said != ["ok"] or loose is not None:
        detail = "; ".join(said) if said != ["ok"] else f"rows of {loose[0]} point at nothing"
        return Finding(name="integrity", state="fail", detail=detail, fix="restore a backup")
    return Finding(name="integrity", state="ok", detail="quick_check found nothing")


def _postgres(url: str) -> Finding:
    asked = "SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'vector'), (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
    with copying_engine(url) as engine, engine.connect() as connection:
        version, there, could_be = connection.execute(text(asked)).one()
    detail = f"PostgreSQL {version}, pgvector {there or could_be or 'missing'}"
    fix = "install pgvector where PostgreSQL runs: https://github.com/pgvector/pgvector"
    state = "ok" if there or could_be else "warn"
    return Finding(name="integrity", state=state, detail=detail, fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """Files without rows, and rows without files, of one kind; `remove` removes the former."""

    kind: str
    files: Sequence[Path]
    rows: Sequence[str]
    remove: Callable[[], object]


async def look_for_orphans(settings: Settings, stores: Stores, *, mend: bool) -> list[Finding]:
    """Compare files with rows. Files without rows are removed by `mend`, where nobody may be about to name them.

    On SQLite that is while no server runs, and none starts meanwhile; beside servers on PostgreSQL only what
    is old is looked at, as they do themselves (`sharing`).
    """
    folders = document_folders(settings)
    before_s = time.time() - SPARED_S if shared(settings) else None
    with _held(settings) as free:
        told: list[Finding] = []
        for kind, root, ids in (
            ("uploads", folders.uploads, stores.files.ids),
            ("artifacts", folders.artifacts, stores.artifacts.ids),
        ):
            kept = owned_files(settings, root)
            try:
                # Files before rows: what gets its row in between is none.
                held = await asyncio.to_thread(kept.held, spared=".incoming", before_s=before_s)
                found = await asyncio.to_thread(_compared, kind, kept, held, await ids())
                told += _told(found, mend=mend and free, asked=mend)
            except OSError as exc:
                told.append(_unreachable(kind, exc))
        indexes = _indexes(folders)
        owners = {user.id for user in await stores.users.list()}
        of_nobody = [one for one in indexes if one.name not in owners]
        told += _told(_left_indexes(of_nobody), mend=mend and free, asked=mend)
    return told


def _unreachable(kind: str, error: OSError) -> Finding:
    detail = f"they could not be looked at: {error.strerror or error}"
    fix = "look at the rights of DATA_DIR, or whether OBJECTS__URL leads to the bucket"
    return Finding(name=f"orphans:{kind}", state="fail", detail=detail, fix=fix)


def _compared(
    kind: str, kept: OwnedFiles, held: Sequence[Path], known: Mapping[str, frozenset[str]]
) -> Orphans:
    there = {(path.parent.name, path.name) for path in held}
    named = {(owner, file) for owner, some in known.items() for file in some}
    lost = [one for one in sorted(named - there) if kept.fetch(*one) is None]
    return Orphans(
        kind=kind,
        files=sorted(path for path in held if (path.parent.name, path.name) not in named),
        rows=[f"{owner}/{file}" for owner, file in lost],
        remove=partial(kept.remove_unknown, held, known),
    )


def _indexes(folders: DocumentFolders) -> list[Path]:
    return sorted(folders.indexes.iterdir()) if folders.indexes.is_dir() else []


def _left_indexes(indexes: Sequence[Path]) -> Orphans:
    def remove() -> None:
        for path in indexes:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    return Orphans(kind="indexes", files=indexes, rows=(), remove=remove)


@contextmanager
def _held(settings: Settings) -> Generator[bool]:
    """Keep servers on SQLite from starting; tell that none runs. On PostgreSQL they may."""
    if shared(settings):
        yield True
        return
    try:
        lock = FolderLock(settings.data_dir)
    except FolderInUse:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _told(found: Orphans, *, mend: bool, asked: bool) -> list[Finding]:
    name = f"orphans:{found.kind}"
    told: list[Finding] = []
    if found.files:
        detail = f"{len(found.files):,} that nothing names, such as {found.files[0].name}"
        if mend:
            _ = found.remove()
            told.append(Finding(name=name, state="ok", detail=f"{detail}; removed"))
        else:
            fix = "`python -m backend doctor --fix`, while no server runs"
            why = " (a server runs: nothing was removed)" if asked else ""
            told.append(Finding(name=name, state="warn", detail=detail + why, fix=fix))
    if found.rows:
        detail = f"{len(found.rows):,} named by the database are missing, such as {found.rows[0]}"
        fix = "restore a backup, or delete them on the page; their text can still be searched"
        told.append(Finding(name=name, state="warn", detail=detail, fix=fix))
    return told or [Finding(name=name, state="ok", detail="none")]
