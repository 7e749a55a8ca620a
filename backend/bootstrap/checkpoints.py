"""Open where agents keep their steps: a file beside SQLite, tables on PostgreSQL, memory in a demonstration."""

from __future__ import annotations

from functools import partial

from backend.bootstrap.databases import shared
from backend.bootstrap.documents import Ground
from backend.bootstrap.durable import kept_threads
from backend.config.settings import Settings
from backend.storage.checkpoints import CheckpointFile, Checkpoints, Waiting
from backend.storage.postgres_checkpoints import CheckpointTables


def open_checkpoints(ground: Ground, *, demo: bool) -> Checkpoints:
    """Make it from settings; nothing is opened before the first agent turn."""
    waiting = partial(kept_threads, ground.stores)
    return (
        CheckpointFile(None, waiting=waiting)
        if demo
        else checkpoints_of(ground.settings, waiting=waiting)
    )


def checkpoints_of(settings: Settings, *, waiting: Waiting | None = None) -> Checkpoints:
    """Make it from settings alone, for commands; `waiting` names the threads that an opening keeps."""
    if shared(settings):
        return CheckpointTables(
            settings.database_url.get_secret_value(),
            connections=settings.database.checkpoint_connections,
            waiting=waiting,
        )
    return CheckpointFile(settings.data_dir / "checkpoints.db", waiting=waiting)
