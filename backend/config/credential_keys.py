"""The keys that seal credentials: given, or kept in the data folder of a server that is alone.

Not for: sealing (`kit.sealing`) or the key that signs access tokens (`secrets_file`).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from backend.config.addresses import credential_key
from backend.config.errors import SettingsError
from backend.config.secrets_file import (
    close_to_others,
    create_once,
    make_private_folder,
    put_in_place,
)
from backend.config.settings import Settings
from backend.kit.folder_lock import FolderInUse, changing, unchanged

FILE_NAME = "credentials.key"
SETTING = "CREDENTIALS__KEYS"


class KeysUnusable(Exception):
    """There is no key to use; the message says why and what to do, and holds no key."""


def new_key() -> str:
    """Make a key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def credential_keys(settings: Settings, *, make: bool = False) -> Sequence[str]:
    """Give the keys there are, newest first; with `make`, make the first one where there is none.

    Raises:
        KeysUnusable: without keys where none may be made, or with a file that cannot be used.
    """
    given = settings.credentials.keys
    if given:
        return [one.get_secret_value() for one in given]
    if settings.database_url.get_secret_value().startswith("postgresql"):
        msg = f"on PostgreSQL, {SETTING} must be given, the same to every server"
        raise KeysUnusable(msg)
    path = settings.data_dir / FILE_NAME
    if not make and not path.exists():
        msg = f"{path} is not there; restore it, give {SETTING}, or enter the credentials again"
        raise KeysUnusable(msg)
    try:
        create_once(path, new_key())
        return _read(path)
    except OSError as exc:
        msg = f"{path} cannot be used ({exc.strerror}); give {SETTING}, or another DATA_DIR"
        raise KeysUnusable(msg) from exc


@contextmanager
def sealing(settings: Settings) -> Generator[None]:
    """Let the keys be the same until what they seal is stored.

    Raises:
        KeysUnusable: while `rotate-credentials` changes them, which takes a moment.
    """
    if settings.credentials.keys or not settings.data_dir.is_dir():
        yield
        return
    try:
        with unchanged(settings.data_dir):
            yield
    except FolderInUse as exc:
        raise KeysUnusable("the keys are being changed at this moment; try again") from exc


@contextmanager
def changing_keys(settings: Settings) -> Generator[None]:
    """Change the keys of the file alone, after whoever does so at this moment."""
    if settings.credentials.keys:
        yield
        return
    make_private_folder(settings.data_dir)
    with changing(settings.data_dir):
        yield


def add_key(settings: Settings) -> Sequence[str]:
    """Put a new key before those of the file, of which the newest is kept; give them all.

    Raises:
        KeysUnusable: when the keys are given, not kept, or the file cannot be used.
    """
    if settings.credentials.keys:
        msg = f"{SETTING} is given: put a new key before the others there, on every server"
        raise KeysUnusable(msg)
    keys = [new_key(), *credential_keys(settings, make=True)]
    put_in_place(settings.data_dir / FILE_NAME, "\n".join(keys))
    return keys


def keep_keys(settings: Settings, keys: Sequence[str]) -> None:
    """Let the file hold these keys and no others."""
    put_in_place(settings.data_dir / FILE_NAME, "\n".join(keys))


def _read(path: Path) -> Sequence[str]:
    try:
        _ = close_to_others(path, SETTING)
        keys = [credential_key(line) for line in path.read_text(encoding="ascii").split()]
    except (ValueError, SettingsError) as exc:
        msg = f"{path} is damaged or not yours; restore it, or give {SETTING}"
        raise KeysUnusable(msg) from exc
    if not keys:
        msg = f"{path} is empty; restore it, or remove it and enter the credentials again"
        raise KeysUnusable(msg)
    return keys
