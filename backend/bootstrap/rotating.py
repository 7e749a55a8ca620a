"""Seal every credential anew under a new key; a crash at any moment leaves all of them readable.

The file holds old and new keys before anything is sealed anew, and afterwards still the key before,
for a server that read its keys before. Of two that rotate at the same moment, one waits for the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from backend.auth.credentials import reseal
from backend.bootstrap.databases import open_all_stores, require_installation
from backend.config.credential_keys import (
    KeysUnusable,
    add_key,
    changing_keys,
    credential_keys,
    keep_keys,
)
from backend.config.errors import SettingsError
from backend.config.settings import Settings
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.revisions import UnusableSchema

KEPT_KEYS = 2


def rotate(settings: Settings) -> tuple[list[str], int]:
    """Rotate; give lines for a person and the exit code, 1 when a credential could not be opened.

    Raises:
        NoInstallation: when there is no database; no key is made then.
        SettingsError: when there are no usable keys, or the database cannot be used.
    """
    require_installation(settings)
    with changing_keys(settings):
        return _rotate(settings)


def _rotate(settings: Settings) -> tuple[list[str], int]:
    given = bool(settings.credentials.keys)
    try:
        keys = credential_keys(settings) if given else add_key(settings)
    except KeysUnusable as exc:
        raise SettingsError([f"CREDENTIALS__KEYS: {exc}"]) from exc
    try:
        done, closed = asyncio.run(_reseal(settings, keys))
    except (UnusableDatabaseUrl, UnusableSchema) as exc:
        raise SettingsError([f"DATABASE_URL: {exc}"]) from exc
    lines = [f"{len(done)} credentials are sealed with the newest key"]
    lines += [f"{name}: none of the keys opens it; enter it again" for name in closed]
    if given and len(keys) == 1:
        lines.append("CREDENTIALS__KEYS holds one key: put a new one before it to change keys")
    elif given and not closed:
        lines.append("the older keys in CREDENTIALS__KEYS are needed no more")
    elif not given and not closed:
        keep_keys(settings, keys[:KEPT_KEYS])
    return lines, 1 if closed else 0


async def _reseal(settings: Settings, keys: Sequence[str]) -> tuple[list[str], list[str]]:
    stores = await open_all_stores(settings, demo=False)
    try:
        return await reseal(stores.credentials, keys)
    finally:
        await stores.aclose()
