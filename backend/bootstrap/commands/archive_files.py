"""The file an archive is written to or read from; `-` is a pipe."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from backend.bootstrap.commands.outcome import MISUSED, CommandFailed
from backend.kit.owned_folder import sync

PIPE = "-"


@contextmanager
def writing_to(name: str) -> Generator[BinaryIO]:
    """Open a new file that appears whole under its name, readable by its owner alone, or not at all."""
    if name == PIPE:
        if sys.stdout.isatty():
            msg = "an archive is not for a terminal; name a file, or lead it into a pipe"
            raise CommandFailed(msg, code=MISUSED)
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    if path.exists():
        msg = f"{path} is there already; name another file"
        raise CommandFailed(msg, code=MISUSED)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _name(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink()


def _name(draft: Path, path: Path) -> None:
    """Give a finished file its name, for which there must be no other."""
    try:
        os.link(draft, path)  # unlike a renaming it overwrites nothing
    except FileExistsError:
        msg = f"{path} has come meanwhile; it was left as it is"
        raise CommandFailed(msg) from None
    except OSError:  # a file system without links
        draft.replace(path)
    sync(path.parent)


@contextmanager
def reading_from(name: str) -> Generator[BinaryIO]:
    """Open an archive that is there."""
    if name == PIPE:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as exc:
        msg = f"{name}: {exc.strerror}"
        raise CommandFailed(msg, code=MISUSED) from exc
    with file:
        yield file
