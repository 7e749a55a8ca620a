"""What PostgreSQL tells of itself: version, pgvector, how fast it answers, connections left."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text

from backend.ports.values import Health
from backend.storage.database import ping

FEW = 5
_ABOUT = text("""
SELECT current_setting('server_version') AS version,
  (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS vector,
  current_setting('max_connections')::int AS most,
  current_setting('superuser_reserved_connections')::int AS reserved,
  (SELECT sum(numbackends) FROM pg_stat_database)::int AS used
""")


def look(connection: Connection) -> Health:
    """Ask for the least that a database of ours has, and for what an administrator wants to know."""
    began_s = time.perf_counter()
    ping(connection)
    took_ms = (time.perf_counter() - began_s) * 1000
    row = connection.execute(_ABOUT).one()
    left = max(0, row.most - row.reserved - row.used)
    vector = f"pgvector {row.vector}" if row.vector else "without pgvector"
    version = row.version.split()[0]
    detail = (
        f"PostgreSQL {version}, {vector}, answered in {took_ms:.1f} ms,"
        f" {left} of {row.most} connections left"
    )
    if left < FEW:
        fix = (
            "Raise max_connections of PostgreSQL, or lower DATABASE__WRITERS and DATABASE__READERS."
        )
        return Health(ok=True, state="limited", detail=detail, fix=fix)
    return Health(ok=True, detail=detail)
