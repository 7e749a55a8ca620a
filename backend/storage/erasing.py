"""Erases what stands of a user outside of the rows that go with the account by themselves.

Rows that hang on `users` by a foreign key cascade. Others name a user without one, because they may
outlive what they tell of: log-ins that failed, by the name, and what has a column `user_id`. Not
for: files (`documents.folders`), checkpoints (`checkpoints`).
"""

from __future__ import annotations

from sqlalchemy import Connection, delete

from backend.storage.tables import METADATA, login_failures
from backend.storage.upstream_tables import kept_answers


def erase_traces(connection: Connection, *, user_id: str, username_key: str) -> None:
    """Erase the rows that name a user and do not cascade; called where the account goes."""
    account = f"account:{username_key}"
    subject = login_failures.c.subject
    by_name = (subject == account) | subject.startswith(f"{account}|", autoescape=True)
    connection.execute(delete(login_failures).where(by_name))
    unknown = kept_answers.c.user_id.is_(None)  # kept for all by an earlier version: maybe theirs
    connection.execute(delete(kept_answers).where(unknown))
    for table in METADATA.sorted_tables:
        owner = table.c.get("user_id")
        if owner is not None and not owner.foreign_keys:
            connection.execute(delete(table).where(owner == user_id))
