"""Archives of plain files: a packed tar whose last member lists the others with their SHA-256.

Written and read in one pass, so that a pipe will do. The reader takes nothing but plain files of
names that its caller knows, looks at no extension of the format (long names, links, sparse files,
records of any length), and knows at the end whether anything is missing or changed. Not for: what
is in them (`storage.row_copies`, `bootstrap.backing_up`).
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import orjson

MANIFEST = "manifest.json"
_BLOCK = tarfile.BLOCKSIZE
_PIECE_BYTES = 1 << 20
_MOST_MANIFEST_BYTES = 1 << 30
_PACKING = 3  # of 9: most of the bytes are documents that are packed already
_PLAIN = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})


class ArchiveDamaged(Exception):
    """The archive is cut, changed, or not one that this program wrote."""


class Sum(NamedTuple):
    """What is known of a member once it has been written or read."""

    size: int
    sha256: str


@dataclass(slots=True)
class ArchiveWriter:
    """Puts members into an archive, one after the other."""

    _packed: gzip.GzipFile
    sums: dict[str, Sum] = field(default_factory=dict[str, Sum])

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a small member."""
        self._add(name, len(data), [data])

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as long as it is now.

        Raises:
            FileNotFoundError: when it is gone; nothing was added then.
            OSError: when it has grown shorter meanwhile; the archive cannot be ended then.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._add(name, size, _so_much(file, size))

    def _add(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        if name in self.sums or len(name.encode()) > tarfile.LENGTH_NAME:
            msg = f"{name} is in the archive already, or too long"
            raise ValueError(msg)
        head = tarfile.TarInfo(name)
        head.size, head.mode = size, 0o600
        self._packed.write(head.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict"))
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            self._packed.write(piece)
        self._packed.write(bytes(-size % _BLOCK))
        self.sums[name] = Sum(size, digest.hexdigest())


def _so_much(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = file.read(min(left, _PIECE_BYTES))
        if not piece:
            msg = "the file grew shorter while it was read"
            raise OSError(errno.EIO, msg, file.name)
        left -= len(piece)
        yield piece


@contextmanager
def writing_archive(out: BinaryIO, *, about: dict[str, object]) -> Generator[ArchiveWriter]:
    """Write an archive to `out`; `about` goes into its manifest, which is written last.

    An archive whose block was left by an exception has no manifest: readers refuse it.
    """
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_PACKING, mtime=0) as packed:
        writer = ArchiveWriter(packed)
        yield writer
        sums = {name: list(one) for name, one in writer.sums.items()}
        writer.add_bytes(MANIFEST, orjson.dumps({**about, "members": sums}))
        packed.write(bytes(2 * _BLOCK))


class Member(NamedTuple):
    """A member as its head announces it."""

    name: str
    size: int


def read_archive(
    source: BinaryIO, *, take: Callable[[Member, Iterator[bytes]], None]
) -> dict[str, object]:
    """Read an archive to its end, handing every member but the manifest to `take`; give the manifest.

    `take` may refuse a member by raising; it need not read to the end of one. Only when this returns
    is everything known to be whole: what `take` has kept before is to be thrown away otherwise.

    Raises:
        ArchiveDamaged: as soon as something is wrong.
    """
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed:
            return _read(packed, take)
    except (gzip.BadGzipFile, zlib.error, EOFError, tarfile.TarError) as exc:
        msg = f"it is cut or changed ({exc})"
        raise ArchiveDamaged(msg) from exc


def _read(
    packed: gzip.GzipFile, take: Callable[[Member, Iterator[bytes]], None]
) -> dict[str, object]:
    sums: dict[str, Sum] = {}
    manifest: bytes | None = None
    while (member := _next(packed)) is not None:
        if manifest is not None or member.name in sums:
            msg = f"{member.name!r} comes twice, or after the end"
            raise ArchiveDamaged(msg)
        pieces = _Pieces(packed, member.size)
        if member.name == MANIFEST:
            manifest = pieces.whole(_MOST_MANIFEST_BYTES)
        else:
            take(member, iter(pieces))
        sums[member.name] = pieces.finish()
    if any(any(piece) for piece in iter(lambda: packed.read(_PIECE_BYTES), b"")):
        msg = "something stands behind its end"
        raise ArchiveDamaged(msg)
    return _checked(manifest, sums)


def _next(packed: gzip.GzipFile) -> Member | None:
    block = _exactly(packed, _BLOCK)
    if not any(block):
        return None
    try:
        head = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except UnicodeDecodeError as exc:
        msg = "it holds a name that is not UTF-8"
        raise ArchiveDamaged(msg) from exc
    if head.type not in _PLAIN or head.size < 0:
        msg = f"{head.name!r} is not a plain file"
        raise ArchiveDamaged(msg)
    return Member(head.name, head.size)


def _exactly(packed: gzip.GzipFile, size: int) -> bytes:
    data = packed.read(size)
    if len(data) != size:
        msg = "it ends in the middle"
        raise ArchiveDamaged(msg)
    return data


class _Pieces:
    """The bytes of one member, counted and summed as they are read."""

    def __init__(self, packed: gzip.GzipFile, size: int) -> None:
        self._packed = packed
        self._size = size
        self._left = size
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        while self._left:
            piece = _exactly(self._packed, min(self._left, _PIECE_BYTES))
            self._left -= len(piece)
            self._digest.update(piece)
            yield piece

    def whole(self, most: int) -> bytes:
        if self._size > most:
            msg = "its list of members is too long"
            raise ArchiveDamaged(msg)
        return b"".join(self)

    def finish(self) -> Sum:
        for _ in self:
            pass
        _ = _exactly(self._packed, -self._size % _BLOCK)
        return Sum(self._size, self._digest.hexdigest())


def _checked(manifest: bytes | None, sums: dict[str, Sum]) -> dict[str, object]:
    if manifest is None:
        msg = "its list of members is missing"
        raise ArchiveDamaged(msg)
    try:
        said: object = orjson.loads(manifest)
    except orjson.JSONDecodeError as exc:
        msg = "its list of members cannot be read"
        raise ArchiveDamaged(msg) from exc
    found = {name: list(one) for name, one in sums.items() if name != MANIFEST}
    told = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    if told.get("members") != found:
        msg = "its members are not those of its list"
        raise ArchiveDamaged(msg)
    return told
