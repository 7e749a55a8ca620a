"""Look at what an installation stands on: disk, permissions, clock, limits, database, orphans.

With `mend` what is safe is done at once: rights of others are taken away, and what nothing names is
removed. Not for: models, tools and documents (`diagnosis`).
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.bootstrap.documents import DocumentFolders, document_folders
from backend.config.settings import Settings
from backend.kit.folder_lock import FolderInUse, FolderLock
from backend.kit.owned_folder import OwnedFolder
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
    if left := [one for it in _ENDED_COPIES for one in settings.data_dir.glob(it)]:
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
    fix = "`python -m backend doctor --fix` while none of them runs"
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
    """Files without rows, and rows without files, of one kind."""

    kind: str
    files: Sequence[Path]
    rows: Sequence[str]


async def look_for_orphans(settings: Settings, stores: Stores, *, mend: bool) -> list[Finding]:
    """Compare files with rows. Files without rows are removed by `mend`, unless a server runs."""
    folders = document_folders(settings)
    uploads = _compared("uploads", folders.uploads, await stores.files.ids())
    artifacts = _compared("artifacts", folders.artifacts, await stores.artifacts.ids())
    owners = {user.id for user in await stores.users.list()}
    indexes = _indexes_of_nobody(folders, owners)
    found = (uploads, artifacts, Orphans(kind="indexes", files=indexes, rows=()))
    free = mend and _nobody_writes(settings)
    return [finding for one in found for finding in _told(one, mend=free, asked=mend)]


def _compared(kind: str, root: Path, known: Mapping[str, frozenset[str]]) -> Orphans:
    held = {
        (path.parent.name, path.name): path for path in OwnedFolder(root).held(spared=".incoming")
    }
    named = {(owner, file) for owner, some in known.items() for file in some}
    lost = sorted(f"{owner}/{file}" for owner, file in named - held.keys())
    return Orphans(kind=kind, files=[held[it] for it in sorted(held.keys() - named)], rows=lost)


def _indexes_of_nobody(folders: DocumentFolders, owners: set[str]) -> list[Path]:
    if not folders.indexes.is_dir():
        return []
    return [one for one in sorted(folders.indexes.iterdir()) if one.name not in owners]


def _nobody_writes(settings: Settings) -> bool:
    """Tell whether no server runs: what it is about to name looks like an orphan."""
    try:
        FolderLock(settings.data_dir).release()
    except FolderInUse:
        return False
    return True


def _told(found: Orphans, *, mend: bool, asked: bool) -> list[Finding]:
    name = f"orphans:{found.kind}"
    told: list[Finding] = []
    if found.files:
        detail = f"{len(found.files):,} that nothing names, such as {found.files[0].name}"
        if mend:
            for path in found.files:
                _remove(path)
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


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    path.unlink(missing_ok=True)
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
