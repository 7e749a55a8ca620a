"""Put a backup in the place of what a server keeps, after all of it was read and checked.

Until then everything lies in a folder of its own, which goes when anything is wrong. Indexes are not
in a backup: searches make them anew.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from backend.bootstrap.backing_up import ABOUT, CHECKPOINTS, FORMAT, FORMAT_VERSION
from backend.bootstrap.documents import document_folders
from backend.bootstrap.owned_files import owned_files
from backend.config.settings import Settings
from backend.kit.archives import ArchiveDamaged, Member, read_archive
from backend.kit.folder_lock import FolderInUse, FolderLock, working_folder
from backend.kit.owned_folder import sync
from backend.storage.database import kind_of
from backend.storage.opening import open_database
from backend.storage.revisions import REVISIONS, SchemaTooNew, UnusableSchema
from backend.storage.schema import current_revision
from backend.storage.snapshots import DatabaseInUse, fill_postgres, ready_file, wanted_lines
from backend.storage.sqlite_database import sqlite_path
from backend.storage.stores import sql_stores

STAGING = ".restoring-"
_OWNED = re.compile(r"(uploads|artifacts)/([A-Za-z0-9_-]{1,100})/([A-Za-z0-9_-]{1,100})")
_KEY = re.compile(r"keys/([a-z][a-z0-9_-]{0,60}\.key)")
_MOST_ABOUT_BYTES = 1 << 20
_MOST_KEY_BYTES = 1 << 16
_SPARED_BYTES = 64 << 20  # of the disk
_BESIDE = ("-wal", "-shm", "-journal")


class NotEmpty(UnusableSchema):
    """Something would be overwritten."""


def restore(settings: Settings, source: BinaryIO, *, replace: bool) -> dict[str, Any]:
    """Put a backup in place and tell what was in it.

    Raises:
        ArchiveDamaged: when it is not a whole backup.
        UnusableSchema: when its database is not sound or too new, a server runs, or something would
            be overwritten without `replace`. In every case nothing has changed.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = FolderLock(settings.data_dir)
    except FolderInUse as exc:
        msg = f"{settings.data_dir} is in use by {exc}; stop the server first"
        raise DatabaseInUse(msg) from exc
    try:
        if not replace:
            _refuse_to_overwrite(settings)
        with working_folder(settings.data_dir, STAGING) as staging:
            return _restore(settings, source, staging, replace=replace)
    finally:
        lock.release()


def _refuse_to_overwrite(settings: Settings) -> None:
    url = settings.database_url.get_secret_value()
    folders = document_folders(settings)
    held = [
        one
        for one in (folders.uploads, folders.artifacts)
        if one.is_dir() and any(one.glob("[!.]*"))
    ]
    if kind_of(url) == "sqlite" and current_revision(sqlite_path(url)) is not None:
        held.append(sqlite_path(url))
    if held:
        msg = f"{held[-1]} is there; --replace puts the backup in its place"
        raise NotEmpty(msg)


def _restore(
    settings: Settings, source: BinaryIO, staging: Path, *, replace: bool
) -> dict[str, Any]:
    taking = _Taking(staging)
    manifest = read_archive(source, take=taking.take)
    about = taking.about
    if any(manifest.get(name) != value for name, value in about.items()):
        msg = "what it says of itself at the start and at the end differs"
        raise ArchiveDamaged(msg)
    keys = sorted(one.name for one in (staging / "keys").iterdir())
    if manifest.get("keys") != keys:  # they become names of files: those that were taken, no others
        msg = "its keys are not those of its list"
        raise ArchiveDamaged(msg)
    if not replace:
        _refuse_other_keys(settings, staging, keys)
    url = settings.database_url.get_secret_value()
    form, revision = about["database"], str(about["schema"])
    if kind_of(url) == "postgresql":
        fill_postgres(url, staging / "database", form=form, revision=revision, replace=replace)
        asyncio.run(_erase(url, manifest))
        file = None
    else:
        file = ready_file(staging / "database", form=form, revision=revision)
        asyncio.run(_erase(f"sqlite+aiosqlite:///{file}", manifest))
    _send(settings, staging)
    _Swap(settings, staging).put(file, keys)
    return manifest


def _send(settings: Settings, staging: Path) -> None:
    """Put the bytes into the bucket, where there is one; the folders in DATA_DIR are a cache of it then."""
    if settings.objects.url is None:
        return
    folders = document_folders(settings)
    for folder in (folders.uploads, folders.artifacts):
        kept = owned_files(settings, folder)
        for path in sorted((staging / folder.name).glob("*/*")):
            kept.put(path, owner_id=path.parent.name, file_id=path.name)


class _Taking:
    """Takes members into the staging folder, and nothing else that an archive might hold."""

    def __init__(self, staging: Path) -> None:
        self._staging = staging
        self.about: dict[str, Any] = {}
        for name in ("database", "uploads", "artifacts", "keys"):
            (staging / name).mkdir(mode=0o700)

    def take(self, member: Member, pieces: Iterator[bytes]) -> None:
        """Keep one member, or refuse it."""
        if not self.about:
            self.about = _about(member, pieces)
            return
        path = self._place(member)
        if member.size > shutil.disk_usage(self._staging).free - _SPARED_BYTES:
            msg = f"{member.name} has {member.size:,} bytes, more than the disk can take"
            raise ArchiveDamaged(msg)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)

    def _place(self, member: Member) -> Path:
        if member.name == CHECKPOINTS:
            return self._staging / CHECKPOINTS
        if (lines := wanted_lines(member.name)) is not None:
            return self._staging / "database" / lines
        if (owned := _OWNED.fullmatch(member.name)) is not None:
            return self._staging / owned[1] / owned[2] / owned[3]
        if (key := _KEY.fullmatch(member.name)) is not None and member.size <= _MOST_KEY_BYTES:
            return self._staging / "keys" / key[1]
        msg = f"it holds {member.name[:100]!r}, which no backup does"
        raise ArchiveDamaged(msg)


def _about(member: Member, pieces: Iterator[bytes]) -> dict[str, Any]:
    """Read what a backup says of itself before anything of it is kept."""
    if member.name != ABOUT or member.size > _MOST_ABOUT_BYTES:
        msg = "it is not a backup of Steward"
        raise ArchiveDamaged(msg)
    try:
        said: object = orjson.loads(b"".join(pieces))
    except orjson.JSONDecodeError as exc:
        msg = "what it says of itself cannot be read"
        raise ArchiveDamaged(msg) from exc
    about = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    if about.get("format") != FORMAT or str(about.get("database")) not in {"sqlite", "rows"}:
        msg = "it is not a backup of Steward"
        raise ArchiveDamaged(msg)
    if about.get("format_version") != FORMAT_VERSION or about.get("schema") not in REVISIONS:
        made_by = str(about.get("version"))[:40]
        msg = f"the backup was made by a newer version of Steward ({made_by}); upgrade first"
        raise SchemaTooNew(msg)
    return about


def _refuse_other_keys(settings: Settings, staging: Path, keys: list[str]) -> None:
    for name in keys:
        there = settings.data_dir / name
        if there.exists() and there.read_bytes() != (staging / "keys" / name).read_bytes():
            msg = f"{there} is another key than the one in the backup; --replace puts that in its place"
            raise NotEmpty(msg)


async def _erase(url: str, manifest: dict[str, Any]) -> None:
    """Erase what its owner had erased while the backup was being made."""
    stores = sql_stores(open_database(url))
    try:
        for user_id, file_id in _erased(manifest, "uploads"):
            await stores.files.delete(user_id, file_id)
        for user_id, artifact_id in _erased(manifest, "artifacts"):
            await stores.artifacts.delete(user_id, artifact_id)
        await stores.forget()
    finally:
        await stores.aclose()


def _erased(manifest: dict[str, Any], kind: str) -> list[tuple[str, str]]:
    told: Any = manifest.get("erased") or {}
    try:
        return [(str(user_id), str(name)) for user_id, name in told.get(kind, [])]
    except (AttributeError, TypeError, ValueError) as exc:
        msg = "its list of what was erased cannot be read"
        raise ArchiveDamaged(msg) from exc


class _Swap:
    """Puts what lies in the staging folder in place; what was there is put back when that fails."""

    def __init__(self, settings: Settings, staging: Path) -> None:
        self._settings = settings
        self._staging = staging
        self._old = staging / "old"
        self._moved: list[tuple[Path, Path]] = []

    def put(self, file: Path | None, keys: list[str]) -> None:
        """Move everything; `file` is the database where that is a file."""
        self._old.mkdir(mode=0o700)
        data, folders = self._settings.data_dir, document_folders(self._settings)
        try:
            if file is not None:
                self._put_database(file)
            for one in (CHECKPOINTS, *(f"{CHECKPOINTS}{end}" for end in _BESIDE)):
                self._away(data / one)
            self._in(self._staging / CHECKPOINTS, data / CHECKPOINTS)
            self._away(folders.indexes)
            for kind, place in (("uploads", folders.uploads), ("artifacts", folders.artifacts)):
                self._away(place)
                self._in(self._staging / kind, place)
            for name in keys:
                self._away(data / name)
                self._in(self._staging / "keys" / name, data / name)
        except OSError:
            for came, went in reversed(self._moved):
                if came.exists():
                    shutil.move(came, went)
            raise
        sync(data)

    def _put_database(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        place = sqlite_path(self._settings.database_url.get_secret_value())
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        near = place.with_name(f".{place.name}.restored")
        shutil.copyfile(file, near)  # the database may lie on another disk
        near.chmod(0o600)
        sync(near)
        for end in ("", *_BESIDE):
            self._away(place.with_name(f"{place.name}{end}"))
        self._in(near, place)

    def _away(self, path: Path) -> None:
        if path.exists():
            kept = self._old / f"{len(self._moved)}"
            shutil.move(path, kept)
            self._moved.append((kept, path))

    def _in(self, path: Path, place: Path) -> None:
        if path.exists():
            path.replace(place)
            self._moved.append((place, path))
