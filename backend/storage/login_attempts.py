"""Failed log-ins in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from backend.storage.database import Database
from backend.storage.tables import login_failures

KEPT_MS = 24 * 3600 * 1000


class SqlLoginAttemptStore:
    """The `LoginAttemptStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def failures(self, subject: str, since_ms: int) -> int:
        """Count the failures of one subject since then, that moment included."""
        return await self._database.read(_failures, subject, since_ms)

    async def add_failure(self, subjects: Sequence[str], at_ms: int) -> None:
        """Note a failure for each subject and forget those older than a day."""
        await self._database.write(_add_failure, subjects, at_ms)

    async def clear(self, subject: str) -> None:
        """Forget a subject's failures after a success."""
        await self._database.write(_clear, subject)


def _failures(connection: Connection, subject: str, since_ms: int) -> int:
    mine = (login_failures.c.subject == subject) & (login_failures.c.at_ms >= since_ms)
    return connection.execute(
        select(func.count()).select_from(login_failures).where(mine)
    ).scalar_one()


def _add_failure(connection: Connection, subjects: Sequence[str], at_ms: int) -> None:
    connection.execute(delete(login_failures).where(login_failures.c.at_ms < at_ms - KEPT_MS))
    if subjects:
        rows = [{"subject": subject, "at_ms": at_ms} for subject in subjects]
        connection.execute(insert(login_failures), rows)


def _clear(connection: Connection, subject: str) -> None:
    connection.execute(delete(login_failures).where(login_failures.c.subject == subject))
