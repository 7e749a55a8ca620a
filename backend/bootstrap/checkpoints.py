"""Open where agents keep their steps: a file beside SQLite, tables on PostgreSQL, memory in a demonstration."""

from __future__ import annotations

from backend.agent.graphs import thread_of
from backend.bootstrap.databases import shared
from backend.bootstrap.documents import Ground
from backend.storage.checkpoints import CheckpointFile, Checkpoints
from backend.storage.postgres_checkpoints import CheckpointTables


def open_checkpoints(ground: Ground, *, demo: bool) -> Checkpoints:
    """Make it from settings; nothing is opened before the first agent turn."""
    settings = ground.settings

    async def waiting() -> list[str]:
        runs = await ground.stores.approvals.waiting()
        return [thread_of(run.user_id, run.id) for run in runs]

    if shared(settings) and not demo:
        return CheckpointTables(
            settings.database_url.get_secret_value(),
            connections=settings.database.checkpoint_connections,
            waiting=waiting,
        )
    path = None if demo else settings.data_dir / "checkpoints.db"
    return CheckpointFile(path, waiting=waiting)
