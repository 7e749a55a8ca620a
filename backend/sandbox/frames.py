"""Reads what the program inside sends back. Its writer may be the code itself: nothing is believed.

Every size is checked before anything of that size is held; a stream that breaks the rules ends there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from backend.kit.upload_names import clean_file_name
from backend.ports.sandbox import MadeFile
from backend.sandbox.limits import RunLimits

Ending = Literal["ok", "exception", "memory"]
_HEAD: Final = 9
_NAME_BYTES: Final = 2_000
_NOTES: Final = 20
_NOTE_CHARS: Final = 600
_TEXT_BYTES: Final = 64 * 1024
_SHOWN_NAME_BYTES: Final = 160
_FRAMES: Final = 1_000


class BrokenStream(Exception):
    """What came is not what the program inside sends."""


@dataclass(slots=True)
class Told:
    """What was told so far; `ending` stays None until the program says that it is done."""

    ending: Ending | None = None
    value: str = ""
    error: str = ""
    notes: list[str] = field(default_factory=list[str])
    files: list[MadeFile] = field(default_factory=list[MadeFile])


class FrameReader:
    """Reads frames into `told` until the end; cut short, what was read is still there."""

    def __init__(self, stream: asyncio.StreamReader, limits: RunLimits) -> None:
        self.told = Told()
        self.hello = asyncio.Event()
        self._stream = stream
        self._limits = limits
        self._bytes_of_files = 0

    async def hear(self) -> None:
        """Read until the end is told or the stream ends; raise BrokenStream for anything odd."""
        try:
            for _ in range(_FRAMES):
                await self._frame()
                if self.told.ending is not None:
                    return
        except asyncio.IncompleteReadError:
            return
        raise BrokenStream("too many messages")

    async def _frame(self) -> None:
        head = await self._stream.readexactly(_HEAD)
        kind = head[:1]
        name_bytes, data_bytes = int.from_bytes(head[1:5], "big"), int.from_bytes(head[5:], "big")
        most = self._limits.made_file_bytes if kind == b"F" else self._most_text()
        if name_bytes > _NAME_BYTES or data_bytes > most:
            raise BrokenStream("a message is too long")
        name = (await self._stream.readexactly(name_bytes)).decode("utf-8", "replace")
        data = await self._stream.readexactly(data_bytes)
        if kind == b"F":
            self._file(name, data)
        else:
            self._text(kind, name, data.decode("utf-8", "replace"))

    def _most_text(self) -> int:
        return max(_TEXT_BYTES, 4 * self._limits.value_chars + 100)

    def _text(self, kind: bytes, name: str, text: str) -> None:
        told = self.told
        if kind == b"H":
            self.hello.set()
        elif kind == b"V":
            told.value = text
        elif kind == b"E":
            told.error = text
        elif kind == b"N" and len(told.notes) < _NOTES:
            told.notes.append(text[:_NOTE_CHARS])
        elif kind == b"X" and name in get_args(Ending):
            told.ending = name  # pyright: ignore[reportAttributeAccessIssue] - compared just before
        elif kind != b"N":
            raise BrokenStream("an unknown message")

    def _file(self, name: str, data: bytes) -> None:
        self._bytes_of_files += len(data)
        over = self._bytes_of_files > self._limits.made_total_bytes
        if over or len(self.told.files) >= self._limits.made_files:
            raise BrokenStream("more files than allowed")
        self.told.files.append(MadeFile(name=self._free(shown_name(name)), data=data))

    def _free(self, name: str) -> str:
        return free_name(name, {one.name for one in self.told.files})


def shown_name(path: str) -> str:
    """Make a name to show from a path inside: folders become part of it, nothing can mislead."""
    flat = clean_file_name(path.replace("/", "-").replace("\\", "-")).lstrip(".- ")
    if len(flat.encode()) > _SHOWN_NAME_BYTES:
        stem, dot, suffix = flat.rpartition(".")
        ending = (dot + suffix)[:12] if stem else ""
        room = _SHOWN_NAME_BYTES - len(ending.encode())
        flat = flat.encode()[:room].decode("utf-8", "ignore") + ending
    return flat or "file"


def free_name(name: str, taken: set[str]) -> str:
    """Give a name that is not taken, by a number before the suffix."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{stem} ({number}){dot}{suffix}"
    return found
