"""Receive multipart/form-data without holding it: each file goes to disk as it comes.

Parsing, hashing and writing happen in a thread, about a mebibyte at a time, so that a large upload
does not hold up other requests; memory stays the same whatever the size.
Not for: the size of the whole body (`middleware.Edge`) or what becomes of the files (`routes/files`).
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from backend.errors import (
    InvalidRequest,
    RequestTimeout,
    RequestTooLarge,
    StewardError,
    Unavailable,
    UnsupportedMediaType,
)
from backend.kit.incoming import new_incoming
from backend.kit.upload_names import MAX_NAME_CHARS, clean_file_name

FILE_FIELDS = frozenset({"file", "files", "file[]", "files[]"})
MAX_FIELDS = 20
MAX_FIELD_BYTES = 64 * 1024
_PIECE_BYTES = 1 << 20
Arrive = Callable[[int], Awaitable[None]]
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLimits:
    """How much one form may bring. `idle_s` is the longest silence of the client."""

    max_file_bytes: int
    max_files: int = 1_000
    file_fields: frozenset[str] = FILE_FIELDS
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """One file of a form; its bytes lie at `path`, unless `refused` says why they were not kept."""

    filename: str
    size_bytes: int
    sha256: str = ""
    path: Path | None = None
    refused: StewardError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that has arrived whole."""

    files: Sequence[ReceivedFile]
    fields: Mapping[str, str]


@asynccontextmanager
async def receive_form(
    request: Request, folder: Path, limits: FormLimits, *, arrive: Arrive | None = None
) -> AsyncGenerator[Form]:
    """Receive the body of a request; what is not moved out of `folder` inside is removed after.

    `arrive` is told of bytes before they are written, and may refuse them.

    Raises:
        UnsupportedMediaType: when the body is something else.
        InvalidRequest: when it is faulty, broken off, or has no file.
        RequestTimeout: when the client fell silent.
        Unavailable: when the disk is full.
    """
    receiver = _Receiver(_boundary(request), folder, limits)
    try:
        await _receive(request, receiver, idle_s=limits.idle_s, arrive=arrive)
        yield await asyncio.to_thread(receiver.finish)
    finally:
        await asyncio.shield(asyncio.to_thread(receiver.discard))


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        shown = kind.decode("latin-1")[:60]
        msg = f"The body is '{shown}', but multipart/form-data is wanted"
        raise UnsupportedMediaType(msg)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise InvalidRequest("The content type multipart/form-data names no boundary")
    return boundary


async def _receive(
    request: Request, receiver: _Receiver, *, idle_s: float, arrive: Arrive | None
) -> None:
    now = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(idle_s) as patience:
            await _pass_on(
                request,
                receiver,
                heard=lambda: patience.reschedule(now() + idle_s),
                arrive=arrive,
            )
    except TimeoutError as exc:
        raise RequestTimeout("The upload stopped half-way and was given up") from exc
    except ClientDisconnect as exc:
        raise InvalidRequest("The upload was broken off") from exc


async def _pass_on(
    request: Request,
    receiver: _Receiver,
    *,
    heard: Callable[[], None],
    arrive: Arrive | None,
) -> None:
    held: list[bytes] = []
    held_bytes = 0
    async for piece in request.stream():  # ends with an empty one
        held.append(piece)
        held_bytes += len(piece)
        if held_bytes >= _PIECE_BYTES or not piece:
            if arrive is not None:
                await arrive(held_bytes)
            await asyncio.to_thread(receiver.feed, held)
            held, held_bytes = [], 0
        heard()


class _Receiver:
    """Takes a multipart body apart. Its methods run in threads, one at a time."""

    def __init__(self, boundary: bytes, folder: Path, limits: FormLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._one_at_a_time = threading.Lock()
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._parts = 0
        self._part: _FilePart | _FieldPart | None = None
        self._files: list[_FilePart] = []
        self._fields: list[_FieldPart] = []
        self._ended = self._discarded = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_name,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as exc:
            raise _faulty(exc) from exc

    def feed(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes of the body."""
        with self._one_at_a_time:
            if self._discarded:
                return
            try:
                for piece in pieces:
                    self._parser.write(piece)
            except FormParserError as exc:
                raise _faulty(exc) from exc
            except OSError as exc:
                if exc.errno in _DISK_FULL:
                    raise Unavailable("The disk of the server is full") from exc
                raise

    def finish(self) -> Form:
        """Give what the whole body held."""
        if not self._ended:
            raise InvalidRequest("The multipart body ends before its closing boundary")
        files = [one.received() for one in self._files if one.chosen]
        if not files:
            wanted = min(self._limits.file_fields)
            msg = f"The form holds no file; send one or several in the field '{wanted}'"
            raise InvalidRequest(msg, param=wanted, code="missing_required_parameter")
        return Form(files=files, fields={one.name: one.text() for one in self._fields})

    def discard(self) -> None:
        """Remove what still lies in the folder, and take no more."""
        with self._one_at_a_time:
            self._discarded = True
            for one in self._files:
                one.discard()

    def _begin_part(self) -> None:
        self._headers = {}
        self._part = None
        self._parts += 1
        if self._parts > self._limits.max_files + MAX_FIELDS:
            raise _too_many(self._limits.max_files)

    def _take_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers.setdefault(self._name.lower(), self._value)
        self._name = self._value = b""

    def _open_part(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise InvalidRequest("A part of the form has no Content-Disposition with a name")
        name = _text(options[b"name"])
        if b"filename" in options:
            self._open_file(name, _text(options[b"filename"]))
        elif name in self._limits.file_fields:
            msg = f"The field '{name}' must be a file with a file name"
            raise InvalidRequest(msg, param=name)
        elif len(self._fields) == MAX_FIELDS:
            msg = f"A form has at most {MAX_FIELDS} fields that are no files"
            raise InvalidRequest(msg)
        else:
            self._part = _FieldPart(name)
            self._fields.append(self._part)

    def _open_file(self, name: str, filename: str) -> None:
        if name not in self._limits.file_fields:
            shown, wanted = name[:60], min(self._limits.file_fields)
            msg = f"Files are taken in the field '{wanted}'; this one came as '{shown}'"
            raise InvalidRequest(msg, param=shown)
        if len(self._files) == self._limits.max_files:
            raise _too_many(self._limits.max_files)
        self._part = _FilePart(filename, self._folder, max_bytes=self._limits.max_file_bytes)
        self._files.append(self._part)

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part.write(memoryview(data)[start:end])

    def _end_part(self) -> None:
        if isinstance(self._part, _FilePart):
            self._part.close()

    def _end(self) -> None:
        self._ended = True


class _FieldPart:
    """A field that is no file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._bytes = b""

    def write(self, data: memoryview) -> None:
        """Keep the next bytes."""
        if len(self._bytes) + len(data) > MAX_FIELD_BYTES:
            msg = f"The field '{self.name[:60]}' is larger than {MAX_FIELD_BYTES} bytes"
            raise InvalidRequest(msg, param=self.name[:60])
        self._bytes += data

    def text(self) -> str:
        """Give the value."""
        return _text(self._bytes).strip()


class _FilePart:
    """A file on its way to the disk; one that cannot be kept is read on and thrown away."""

    def __init__(self, given_name: str, folder: Path, *, max_bytes: int) -> None:
        # Browsers write a quotation mark so: https://html.spec.whatwg.org/#multipart-form-data
        self._filename = clean_file_name(given_name.replace("%22", '"'))
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._hash = hashlib.sha256()
        self._refused = _name_fault(self._filename)
        self._path, self._file = (None, None) if self._refused else new_incoming(folder)

    @property
    def chosen(self) -> bool:
        """Tell it from what browsers send for a file field that was left empty."""
        return bool(self._filename or self._size_bytes)

    def write(self, data: memoryview) -> None:
        """Keep the next bytes, or only count them once the file is refused."""
        self._size_bytes += len(data)
        if self._file is None:
            return
        if self._size_bytes > self._max_bytes:
            msg = f"'{self._filename}' is larger than {self._max_bytes} bytes"
            self._refused = RequestTooLarge(msg, param="file", code="file_too_large")
            self.discard()
            return
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> None:
        """Write the last bytes: the part is complete."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def received(self) -> ReceivedFile:
        """Give what arrived."""
        refused = self._refused
        if refused is None and self._size_bytes == 0:
            msg = f"'{self._filename}' is empty"
            refused = InvalidRequest(msg, param="file", code="empty_file")
        return ReceivedFile(
            filename=self._filename,
            size_bytes=self._size_bytes,
            sha256=self._hash.hexdigest(),
            path=None if refused else self._path,
            refused=refused,
        )

    def discard(self) -> None:
        """Remove the file, unless somebody has moved it away."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        with suppress(OSError):  # what could not be written is not wanted any more
            self.close()


def _name_fault(filename: str) -> StewardError | None:
    if not filename:
        return InvalidRequest("A file has no name", param="file")
    if len(filename) > MAX_NAME_CHARS:
        msg = f"A file's name has at most {MAX_NAME_CHARS} characters"
        return InvalidRequest(msg, param="file")
    return None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _faulty(exc: FormParserError) -> InvalidRequest:
    return InvalidRequest(f"The body is not valid multipart/form-data: {exc}")


def _too_many(max_files: int) -> InvalidRequest:
    return InvalidRequest(f"One request takes at most {max_files} files", param="file")
