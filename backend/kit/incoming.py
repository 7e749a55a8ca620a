"""The folder in which uploads lie while they arrive: private files under random names.

Not for: files that have been taken in; who takes one moves it out of here.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import BinaryIO

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700
_BUFFER_BYTES = 1 << 20


def new_incoming(folder: Path) -> tuple[Path, BinaryIO]:
    """Open a new file that only its owner can read; the folder is made when it is missing.

    Raises:
        OSError: when the disk does not take it.
    """
    path = folder / secrets.token_hex(16)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags, _PRIVATE_FILE)
    except FileNotFoundError:
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(path, flags, _PRIVATE_FILE)
    return path, os.fdopen(descriptor, "wb", buffering=_BUFFER_BYTES)


def clear_incoming(folder: Path, *, older_than_s: float = 0.0) -> int:
    """Remove what a crash left, at the start and before anything listens; tell how many files.

    Where other servers may be receiving into the same folder, `older_than_s` spares what is theirs.
    """
    if not folder.is_dir():
        return 0
    before_s = time.time() - older_than_s
    left = [
        one
        for one in folder.iterdir()
        if (one.is_symlink() or one.is_file()) and one.lstat().st_mtime <= before_s
    ]
    for one in left:
        one.unlink(missing_ok=True)
    return len(left)
