"""Whose the threads of LangGraph's checkpoints in a file of SQLite are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


def threads_of(connection: sqlite3.Connection, user_id: str) -> Sequence[str]:
    """Name every thread of a user; none where no agent has ever run."""
    try:
        found = connection.execute(
            "SELECT DISTINCT thread_id FROM checkpoints WHERE substr(thread_id, 1, ?) = ?",
            (len(user_id) + 1, f"{user_id}:"),
        ).fetchall()
    except sqlite3.OperationalError as exc:
        if "no such table" in str(exc):
            return ()
        raise
    return [row[0] for row in found]
