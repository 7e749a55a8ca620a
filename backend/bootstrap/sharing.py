"""What differs when other servers and workers live on the same database and folder.

SQLite serves one server, which may take everything it finds for what a dead process left. On PostgreSQL
it may be another's that lives: nothing is ended, given back or removed here that could be.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from backend.api.upload_states import FOLDER as IN_PARTS
from backend.bootstrap.databases import shared
from backend.bootstrap.documents import Ground
from backend.bootstrap.owned_files import owned_files
from backend.config.errors import SettingsError
from backend.config.secrets_file import signing_key
from backend.config.settings import Settings
from backend.documents.folders import UploadFolder
from backend.documents.ingest import LEASE_S
from backend.errors import StewardError
from backend.kit.incoming import clear_incoming

logger = logging.getLogger(__name__)
# Uploads in parts live for an hour; what was last written before this is nobody's any more.
SPARED_S = 7_200
TIDY_EVERY_S = 6 * 3_600


def check_key(settings: Settings) -> None:
    """Have a key that signs tokens; servers that share a database cannot each make their own.

    Raises:
        SettingsError: when there is none, or its file is damaged.
    """
    if settings.secret_key is None and shared(settings):
        msg = (
            "SECRET_KEY: on PostgreSQL it must be given, the same to every server; make one with:"
            " openssl rand -hex 32"
        )
        raise SettingsError([msg])
    _ = signing_key(given=settings.secret_key, data_dir=settings.data_dir)


def spared_since(ground: Ground) -> float | None:
    """Give the moment from which on files are others', in seconds since 1970; None for a server alone."""
    if not shared(ground.settings):
        return None
    return ground.clock.now_ms() / 1000 - SPARED_S


async def tidy_files(ground: Ground) -> None:
    """Give back what a dead worker had claimed, and remove bytes that no row names.

    Beside others, jobs come back when their leases run out, and only old files are looked at.
    """
    stores, folders = ground.stores, ground.folders
    uploads = UploadFolder(owned_files(ground.settings, folders.uploads))
    before_s = spared_since(ground)
    for arriving in (folders.incoming, folders.incoming / IN_PARTS):
        await asyncio.to_thread(clear_incoming, arriving, before_s=before_s)
    if before_s is None:
        released = await stores.jobs.release_all()
        if released:
            logger.info("interrupted uploads that go on: %d", released)
    held = await asyncio.to_thread(uploads.held, before_s=before_s)
    removed = await asyncio.to_thread(uploads.remove_unknown, held, await stores.files.ids())
    if removed:
        logger.info("files removed that a crash had left behind: %d", removed)


async def keep_tidy(ground: Ground) -> None:
    """Tidy up now and then, as long as the server lives: beside others, no start is the right moment."""
    while True:
        await ground.clock.sleep(TIDY_EVERY_S)
        try:
            await tidy_files(ground)
        except (StewardError, OSError):
            logger.exception("files that a crash left could not be looked for")


async def keep_looking(
    ground: Ground, *, pending: Callable[[], Awaitable[bool]], wake: Callable[[], None]
) -> None:
    """Wake the worker when a job waits: whoever had it may be dead, or a command has brought it."""
    while True:
        await ground.clock.sleep(LEASE_S)
        try:
            if await pending():
                wake()
        except StewardError as exc:
            logger.warning("looking for work failed: %s", exc.message)
