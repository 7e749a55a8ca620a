"""Uploads as clients send them."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from httpx import AsyncClient, Response

UPLOAD = "/api/files/upload"
DOCUMENTS = "/api/files/documents"
SEARCH = "/api/files/search"
TEXT = b"Returns are taken within 30 days.\n\nShipping is free above 50 euros.\n"
SLOW = b"It takes its time."
FORM = {"content-type": "multipart/form-data; boundary=x"}


async def upload(
    http: AsyncClient, name: str = "terms.txt", content: bytes = TEXT, **options: Any
) -> Response:
    """Send one file."""
    return await http.post(UPLOAD, files={"file": (name, content)}, **options)


async def uploaded(
    http: AsyncClient, name: str = "terms.txt", content: bytes = TEXT, **options: Any
) -> str:
    """Send one file that is taken, and give its id."""
    answer = await upload(http, name, content, **options)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["file_id"])


@asynccontextmanager
async def halted_worker(http: AsyncClient) -> AsyncGenerator[Callable[[], None]]:
    """Keep what is uploaded from being read, by halting the worker process; call what is given to let it go on."""
    await uploaded(http, "so that there is a worker.txt")
    with halted() as go_on:
        yield go_on


@contextmanager
def halted(database: Path | None = None) -> Generator[Callable[[], None]]:
    """Halt the worker process wherever it is, but not within a transaction of a database file that is named."""
    workers = _workers()

    def go_on() -> None:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)

    def halt() -> None:
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)

    halt()
    try:
        while database is not None and _locked(database):
            go_on()
            halt()
        yield go_on
    finally:
        go_on()


def _locked(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=0.0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def _workers() -> list[int]:
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    return [
        int(one) for one in children if b"--attached" in Path(f"/proc/{one}/cmdline").read_bytes()
    ]


def part(content: bytes = TEXT, *, name: str = "file", filename: str | bytes = "a.txt") -> bytes:
    """Write one part of a form whose boundary is x, with the name as it stands."""
    raw = filename if isinstance(filename, bytes) else filename.encode()
    head = b'content-disposition: form-data; name="%s"; filename="%s"' % (name.encode(), raw)
    return b"--x\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def field(value: str, *, name: str) -> bytes:
    """Write one part that is no file."""
    head = f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    return head.encode()


END = b"--x--\r\n"
