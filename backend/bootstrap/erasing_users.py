"""Erase a user from outside of a server: rows, files, indexes, and checkpoints.

A server that runs notices by itself (`agent.standing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from backend.bootstrap.checkpoints import checkpoints_of
from backend.bootstrap.documents import document_folders
from backend.bootstrap.owned_files import owned_files
from backend.config.settings import Settings
from backend.kit.owned_folder import OwnedFolder
from backend.storage.backups import backups_of
from backend.storage.database import kind_of
from backend.storage.sqlite_database import sqlite_path
from backend.storage.stores import Stores


async def erase_user(settings: Settings, stores: Stores, user_id: str) -> bool:
    """Erase everything of a user; tell whether there was one.

    Raises:
        Conflict: for the last enabled administrator.
    """
    if not await stores.users.delete(user_id):
        return False
    await asyncio.to_thread(_erase_files, settings, user_id)
    await checkpoints_of(settings).drop_of(user_id)
    await stores.forget()
    return True


def _erase_files(settings: Settings, user_id: str) -> None:
    folders = document_folders(settings)
    for root in (folders.uploads, folders.artifacts):
        owned_files(settings, root).remove_owner(user_id)
    OwnedFolder(folders.indexes).remove_owner(user_id)


def copies_that_remember(settings: Settings) -> Sequence[Path]:
    """List the copies made before migrations: they hold whom they held."""
    url = settings.database_url.get_secret_value()
    return backups_of(sqlite_path(url)) if kind_of(url) == "sqlite" else ()
