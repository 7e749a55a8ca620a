"""The key that signs access tokens, made at the first start when none is given.

Not for: the first administrator's password, which auth makes and the start prints once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from backend.config.addresses import secret_key
from backend.config.errors import SettingsError

FILE_NAME = "secret.key"
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """The signing key and, when something about its file was mended, a line to log."""

    key: SecretStr
    created: bool = False
    warning: str | None = None


def signing_key(*, given: SecretStr | None, data_dir: Path) -> KeptSecret:
    """Return the given key, or the one kept in the data folder, making it when there is none.

    Servers that start at the same moment end with one key: it is written whole under another
    name and linked into place, which only one of them can do. A file that others may read is
    closed again with a warning.

    Raises:
        SettingsError: when the file belongs to someone else, is damaged or cannot be written.
    """
    if given is not None:
        return KeptSecret(key=given)
    path = data_dir / FILE_NAME
    try:
        created = create_once(path, secrets.token_hex(32))
        warning = close_to_others(path, "SECRET_KEY")
        text = path.read_text(encoding="ascii").strip()
        return KeptSecret(key=SecretStr(secret_key(text)), created=created, warning=warning)
    except OSError as exc:
        msg = f"SECRET_KEY: {path} cannot be used ({exc.strerror}); give SECRET_KEY or another DATA_DIR"
        raise SettingsError([msg]) from exc
    except ValueError as exc:
        msg = (
            f"SECRET_KEY: {path} is damaged; restore it, or remove it (everyone must log in again)"
        )
        raise SettingsError([msg]) from exc


def make_private_folder(folder: Path) -> str | None:
    """Make a folder that only its owner can enter; return a warning when others still can.

    One that exists is closed only while it holds nothing but hidden files: a folder that is
    shared with something else must not be shut by the way.
    """
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    found = folder.stat()
    if not found.st_mode & 0o077:
        return None
    if found.st_uid == os.geteuid() and all(p.name.startswith(".") for p in folder.iterdir()):
        folder.chmod(_PRIVATE_FOLDER)
        return None
    return f"other users can enter {folder}; close it with: chmod 700 {folder}"


def create_once(path: Path, text: str) -> bool:
    """Write a line unless the file is there; tell whether it was written."""
    if path.exists():
        return False
    make_private_folder(path.parent)
    draft = _draft(path, text)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
            return True
        return False
    finally:
        draft.unlink()


def put_in_place(path: Path, text: str) -> None:
    """Write a line in the place of what a private file holds: whoever reads finds the one or the other."""
    _draft(path, text).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink()
        raise
    return draft


def close_to_others(path: Path, setting: str) -> str | None:
    """Take the rights of others from the file; say so when there were any."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        msg = "it is not a plain file"
        raise ValueError(msg)
    if found.st_uid not in {os.geteuid(), 0}:
        msg = f"{setting}: {path} belongs to another user; run as its owner or give {setting}"
        raise SettingsError([msg])
    if not found.st_mode & 0o077:
        return None
    path.chmod(_PRIVATE_FILE)
    return f"{path} could be read by other users and was closed; remove it to make a new key"
