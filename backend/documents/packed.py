"""Opens files that are zip archives inside (DOCX, XLSX, EPUB ...) without trusting what they claim.

Names of entries are keys and never paths: nothing is written to disk.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from backend.documents.extracted import ReadLimits, Unreadable

MAX_ENTRIES = 50_000
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)


class Package:
    """An open archive; what is read from it is counted against the limit, repeated reads too."""

    def __init__(self, archive: zipfile.ZipFile, limits: ReadLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._read_bytes = 0
        self.names = frozenset(info.filename for info in archive.infolist())

    def read(self, name: str) -> bytes:
        """Unpack an entry; raise Unreadable when it is missing, damaged or over the limit."""
        self._count(name)
        try:
            return self._archive.read(name)
        except _FAULTS as exc:
            raise _damaged(name) from exc

    def read_if_present(self, name: str) -> bytes | None:
        """Unpack an entry, or give None when there is none."""
        return self.read(name) if name in self.names else None

    @contextmanager
    def stream(self, name: str) -> Generator[BinaryIO]:
        """Unpack an entry bit by bit."""
        self._count(name)
        try:
            with self._archive.open(name) as stream:
                yield cast("BinaryIO", stream)
        except _FAULTS as exc:
            raise _damaged(name) from exc

    def _count(self, name: str) -> None:
        """Take an entry's whole size; `zipfile` never gives more than the size it was declared."""
        if name not in self.names:
            msg = f"The file is damaged: it has no part {name}."
            raise Unreadable(msg)
        self._read_bytes += self._archive.getinfo(name).file_size
        if self._read_bytes > self._limits.max_unpacked_bytes:
            raise Unreadable(_too_large(self._limits))


@contextmanager
def open_package(path: Path, limits: ReadLimits) -> Generator[Package]:
    """Open an archive whose entries together are within the limit, else raise Unreadable."""
    try:
        archive = zipfile.ZipFile(path)
    except _FAULTS as exc:
        raise Unreadable("The file is damaged: it cannot be unpacked.") from exc
    with archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            msg = f"The file is packed with more than {MAX_ENTRIES:,} parts."
            raise Unreadable(msg)
        if sum(info.file_size for info in entries) > limits.max_unpacked_bytes:
            raise Unreadable(_too_large(limits))
        yield Package(archive, limits)


def resolve(base: str, target: str) -> str:
    """Find the entry a part refers to, relative to the part's own name."""
    plain = target.partition("#")[0]
    if plain.startswith("/"):
        return posixpath.normpath(plain.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), plain))


def missing_note(package: Package, wanted: Iterable[str], *, what: str) -> str:
    """Tell a person how many of the parts that make the document are not there, "" when all are."""
    count = sum(name not in package.names for name in wanted)
    verb = "is" if count == 1 else "are"
    return f"The file is damaged: {count} of its {what} {verb} missing." if count else ""


def _too_large(limits: ReadLimits) -> str:
    return f"The file unpacks to more than {limits.max_unpacked_bytes // (1024 * 1024):,} MiB."


def _damaged(name: str) -> Unreadable:
    return Unreadable(f"The file is damaged: its part {name} cannot be unpacked.")
