"""Alembic's entry: runs the steps on the connection that `backend.storage.migrate` hands over.

Alembic loads this file by path and expects it to act at once. Not for: opening databases.
"""

from __future__ import annotations

from alembic import context

from backend.storage.replica_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
