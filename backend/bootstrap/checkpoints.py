"""Open where agents keep their steps: a file beside SQLite, tables on PostgreSQL, memory in a demonstration."""

from __future__ import annotations

from functools import partial

from backend.bootstrap.databases import shared
from backend.bootstrap.documents import Ground
from backend.bootstrap.durable import kept_threads
from backend.storage.checkpoints import CheckpointFile, Checkpoints
from backend.storage.postgres_checkpoints import CheckpointTables


def open_checkpoints(ground: Ground, *, demo: bool) -> Checkpoints:
    """Make it from settings; nothing is opened before the first agent turn."""
    settings = ground.settings
    waiting = partial(kept_threads, ground.stores)
    if shared(settings) and not demo:
        return CheckpointTables(
            settings.database_url.get_secret_value(),
            connections=settings.database.checkpoint_connections,
            waiting=waiting,
        )
    path = None if demo else settings.data_dir / "checkpoints.db"
    return CheckpointFile(path, waiting=waiting)
