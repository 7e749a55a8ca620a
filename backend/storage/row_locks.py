"""Let those who count on the same rows wait for each other instead of being run again.

Not for: work whose outcome depends on rows it does not lock; that is what serialisable transactions
are for (`postgres_database`).
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_READ_COMMITTED = text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
_NO_WAIT_FOR_DISK = text("SET LOCAL synchronous_commit = off")


def wait_for_rows(connection: Connection, *, may_be_lost: bool = False) -> None:
    """Begin a unit of work whose statements each see what is committed by then.

    A statement that changes a row waits for others who have, and goes on from what they left:
    https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
    What `may_be_lost` need not outlive a crash of the database server, and does not wait for its disk.
    SQLite has one writer at a time, and nothing to say.
    """
    if connection.dialect.name != "postgresql":
        return
    connection.execute(_READ_COMMITTED)
    if may_be_lost:
        connection.execute(_NO_WAIT_FOR_DISK)
