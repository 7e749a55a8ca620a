"""Make an account of an archive that `moving_users` wrote: all of it, or nothing."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from backend.auth.accounts import clean_username
from backend.auth.passwords import Passwords
from backend.bootstrap.backing_up import ABOUT
from backend.bootstrap.documents import document_folders
from backend.bootstrap.moving_users import FORMAT, FORMAT_VERSION, USER
from backend.bootstrap.owned_files import owned_files
from backend.bootstrap.restoring import STAGING
from backend.config.settings import Settings
from backend.errors import InvalidRequest
from backend.kit.archives import ArchiveDamaged, Member, read_archive
from backend.kit.clocks import SystemClock
from backend.kit.folder_lock import working_folder
from backend.kit.owned_files import OwnedFiles
from backend.ports.stores import Role
from backend.storage.database import Database
from backend.storage.opening import open_database
from backend.storage.row_copies import Row, row_of
from backend.storage.user_copies import (
    Arrival,
    clashes,
    moved_tables,
    new_digits,
    take_in,
    with_new_ids,
)

_ROWS = re.compile(r"rows/([a-z_]{1,60})\.jsonl")
_FILES = re.compile(r"(uploads|artifacts)/([A-Za-z0-9_-]{1,100})")
# Of a cost that settings allow: each step doubles what a log-in takes, up to days.
_HASH = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
_USER_ID = re.compile(r"user_[A-Za-z0-9_]{1,64}")
_MOST_LINES_BYTES = 4 << 30
_SPARED_BYTES = 64 << 20


@dataclass(slots=True)
class _Read:
    """What came of an archive, below `staging`."""

    staging: Path
    about: dict[str, Any] = field(default_factory=dict[str, Any])
    user: dict[str, Any] = field(default_factory=dict[str, Any])
    lines: dict[str, Path] = field(default_factory=dict[str, Path])
    files: dict[tuple[str, str], tuple[Path, str]] = field(
        default_factory=dict[tuple[str, str], tuple[Path, str]]
    )

    def take(self, member: Member, pieces: Iterator[bytes]) -> None:
        """Keep one member, or refuse it."""
        if not self.about:
            self.about = _said(member, pieces, ABOUT)
            if self.about.get("format") != FORMAT:
                msg = "it holds no user of Steward"
                raise ArchiveDamaged(msg)
            if self.about.get("format_version") != FORMAT_VERSION:
                msg = "it was made by a newer version of Steward; upgrade first"
                raise ArchiveDamaged(msg)
        elif not self.user:
            self.user = _said(member, pieces, USER)
        elif (rows := _ROWS.fullmatch(member.name)) and member.size < _MOST_LINES_BYTES:
            self.lines[rows[1]] = self._kept(member, pieces)[0]
        elif found := _FILES.fullmatch(member.name):
            self.files[found[1], found[2]] = self._kept(member, pieces)
        else:
            msg = f"it holds {member.name[:100]!r}, which no such archive does"
            raise ArchiveDamaged(msg)

    def _kept(self, member: Member, pieces: Iterator[bytes]) -> tuple[Path, str]:
        if member.size > shutil.disk_usage(self.staging).free - _SPARED_BYTES:
            msg = f"{member.name} has {member.size:,} bytes, more than the disk can take"
            raise ArchiveDamaged(msg)
        path, digest = self.staging / f"{len(self.lines)}-{len(self.files)}", sha256()
        path.touch(mode=0o600, exist_ok=False)
        with path.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        return path, digest.hexdigest()


def _said(member: Member, pieces: Iterator[bytes], name: str) -> dict[str, Any]:
    try:
        said: object = orjson.loads(b"".join(pieces)) if member.size < 1 << 20 else None
    except orjson.JSONDecodeError:
        said = None
    if member.name != name or not isinstance(said, dict) or not said:
        msg = "it holds no user of Steward"
        raise ArchiveDamaged(msg)
    return cast("dict[str, Any]", said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An account that was made; `password` is shown once, and empty where the old one goes on."""

    user_id: str
    username: str
    role: Role
    password: str
    counts: Mapping[str, int]
    new_ids: bool


async def import_user(
    settings: Settings, source: BinaryIO, *, name: str | None, role: Role
) -> Arrived:
    """Make an account of an archive; ids are given anew where one is taken, or under another name.

    Raises:
        ArchiveDamaged: when it is not a whole archive of a user.
        Conflict: when the name is taken.
        InvalidRequest: when its rows cannot be used.
    """
    database = open_database(settings.database_url.get_secret_value())
    try:
        with working_folder(settings.data_dir, STAGING) as staging:
            read = _Read(staging)
            read_archive(source, take=read.take)
            return await _import(settings, database, read, name=name, role=role)
    finally:
        await database.aclose()


async def _import(
    settings: Settings, database: Database, read: _Read, *, name: str | None, role: Role
) -> Arrived:
    username = clean_username(name or str(read.user.get("username", "")))
    theirs, new_ids = await _theirs(database, read, anew=name is not None)
    _check_files(theirs)
    password, hashed = await _password(settings, read.user)
    clock = SystemClock()
    arrival = Arrival(
        user_id=theirs.user_id,
        username=username,
        password_hash=hashed,
        role=role,
        created_at_ms=clock.now_ms(),
        rows=theirs.rows,
        now_ms=clock.now_ms(),
    )
    placed = _placed(settings, theirs)
    try:
        await database.write(take_in, arrival)
    except BaseException:
        for kept, file_id in placed:
            kept.remove(theirs.user_id, file_id)
        raise
    return Arrived(
        user_id=theirs.user_id,
        username=username,
        role=role,
        password=password,
        counts={table: len(some) for table, some in theirs.rows.items()},
        new_ids=new_ids,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Theirs:
    """What is to be written, under the ids it is to have here."""

    user_id: str
    rows: Mapping[str, Sequence[Row]]
    files: Mapping[tuple[str, str], tuple[Path, str]]


async def _theirs(database: Database, read: _Read, *, anew: bool) -> tuple[_Theirs, bool]:
    """Read rows, and give every id anew where that is asked for or one of them is taken."""
    user_id = str(read.user.get("id", ""))
    if not _USER_ID.fullmatch(user_id):
        msg = "it names no user"
        raise ArchiveDamaged(msg)
    as_it_is = _Theirs(user_id=user_id, rows=_rows(read.lines, {}), files=read.files)
    ids = {table: _ids(some) for table, some in as_it_is.rows.items()}
    if not anew and not await database.read(clashes, user_id, ids):
        return as_it_is, False
    given = new_digits([user_id, *(one for some in ids.values() for one in some)])
    fresh = _Theirs(
        user_id=_renamed(user_id, given),
        rows=_rows(read.lines, given),
        files={(kind, _renamed(one, given)): it for (kind, one), it in read.files.items()},
    )
    left = {table: _ids(some) for table, some in fresh.rows.items()}
    if await database.read(clashes, fresh.user_id, left):
        msg = "it holds ids that are taken here and are not of the form that can be given anew"
        raise InvalidRequest(msg)
    return fresh, True


def _rows(lines: Mapping[str, Path], given: dict[bytes, bytes]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for table in moved_tables():
        if (path := lines.get(table.name)) is None:
            msg = f"it lacks the rows of {table.name}"
            raise ArchiveDamaged(msg)
        with path.open("rb") as file:
            try:
                rows[str(table.name)] = [row_of(line) for line in with_new_ids(file, given)]
            except ValueError as exc:
                msg = f"rows of {table.name} cannot be read"
                raise ArchiveDamaged(msg) from exc
    return rows


def _ids(rows: Sequence[Row]) -> list[str]:
    return [str(row["id"]) for row in rows if "id" in row]


def _renamed(name: str, given: dict[bytes, bytes]) -> str:
    return next(with_new_ids([name.encode()], given)).decode()


def _check_files(theirs: _Theirs) -> None:
    """Refuse files that are not those that rows name, byte for byte; some may be missing."""
    try:
        wanted = _sums(theirs.rows)
    except (KeyError, TypeError) as exc:
        msg = "its rows of files cannot be read"
        raise ArchiveDamaged(msg) from exc
    for one, (_, digest) in theirs.files.items():
        if wanted.get(one) != digest:
            msg = f"{'/'.join(one)} is not the file that its rows tell of"
            raise ArchiveDamaged(msg)


def _sums(rows: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str], object]:
    sums = {row["id"]: row["sha256"] for row in rows["documents"]}
    uploads = {("uploads", row["id"]): sums.get(row["document_id"]) for row in rows["files"]}
    return uploads | {("artifacts", row["id"]): row["sha256"] for row in rows["artifacts"]}


async def _password(settings: Settings, user: Mapping[str, Any]) -> tuple[str, str]:
    """Give the hash that came with the user, or a new password with its own."""
    came = user.get("password_hash")
    if isinstance(came, str) and _HASH.fullmatch(came):
        return "", came
    password = secrets.token_urlsafe(18)
    passwords = Passwords(rounds=settings.auth.bcrypt_rounds)
    try:
        return password, await passwords.hash(password)
    finally:
        await passwords.aclose()


def _placed(settings: Settings, theirs: _Theirs) -> list[tuple[OwnedFiles, str]]:
    """Put the bytes in their places, before the rows that name them."""
    folders = document_folders(settings)
    places = {
        "uploads": owned_files(settings, folders.uploads),
        "artifacts": owned_files(settings, folders.artifacts),
    }
    placed: list[tuple[OwnedFiles, str]] = []
    for (kind, file_id), (path, _) in theirs.files.items():
        places[kind].put(path, owner_id=theirs.user_id, file_id=file_id)
        placed.append((places[kind], file_id))
    return placed
