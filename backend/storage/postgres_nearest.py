"""The HNSW index of pgvector for large libraries: made beside the searches, used when it is faster than looking at all.

One partial index per embedding space, over the vectors of all users. It gives the nearest of everybody, of which the owner's
are kept, on and on until there are enough (`hnsw.iterative_scan`): right for a user who has a good part
of all vectors, and slower than an exact scan for the others. https://github.com/pgvector/pgvector#hnsw
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from backend.ports.embedding import EmbeddingSpace
from backend.storage.postgres_patience import unhurried
from backend.storage.postgres_plans import planned

_LEAST_SHARE = 0.1  # of all vectors in the index; with less, too much is looked at for others
_MOST_DIMENSIONS = 2_000  # pgvector's own bound
_SEARCH = 400  # hnsw.ef_search; ADR 31 says what it finds
_BUILD_MEMORY_KB = 512 * 1024
LOCK = 0x57E3A2F  # held for minutes: nobody else's
_SPACE = re.compile(r"[A-Za-z0-9._:/-]{1,200}")  # it is written into statements
_STATE = text(
    "SELECT i.indisvalid, c.reltuples FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relname = :name AND pg_table_is_visible(c.oid)"
)
_ALL = text(
    "SELECT reltuples FROM pg_class WHERE relname = 'chunk_vectors' AND pg_table_is_visible(oid)"
)
_OTHERS = text(
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relname LIKE 'ix_chunk_vectors_near_%' AND pg_table_is_visible(c.oid)"
    " AND (c.relname = :name AND NOT i.indisvalid OR c.relname <> ALL(:kept))"
)
_SETTINGS = (
    f"hnsw.ef_search = {_SEARCH}",
    "hnsw.iterative_scan = relaxed_order",
    "enable_bitmapscan = off",
    "enable_sort = off",
)


def index_name(space: EmbeddingSpace) -> str:
    """Name the index of a space."""
    return f"ix_chunk_vectors_near_{hashlib.sha256(space.id.encode()).hexdigest()[:16]}"


def can_have_index(space: EmbeddingSpace) -> bool:
    """Tell whether pgvector can index a space."""
    fitting = 0 < space.dimensions <= _MOST_DIMENSIONS
    return fitting and _SPACE.fullmatch(space.id) is not None


def index_state(
    connection: Connection, space: EmbeddingSpace, *, chunks: int, above: int
) -> tuple[bool, bool]:
    """Tell whether a user of so many chunks is served by the index, and whether it is to be made.

    Both from what PostgreSQL keeps in its catalogue. Only those with more than `above` chunks have one, and a tenth
    of all vectors; 0 = nobody.
    """
    if not 0 < above < chunks or not can_have_index(space):
        return False, False
    row = connection.execute(_STATE, {"name": index_name(space)}).first()
    if row is None or not row.indisvalid:
        return False, chunks >= _LEAST_SHARE * connection.execute(_ALL).scalar_one()
    return chunks >= _LEAST_SHARE * row.reltuples, False


def nearest(
    connection: Connection, space: EmbeddingSpace, values: Mapping[str, Any]
) -> dict[int, float]:
    """Find the nearest chunks of a user by the index, with their cosines, best first."""
    cast = f"vector({space.dimensions})"
    statement = text(
        "WITH near AS MATERIALIZED ("  # noqa: S608 - a checked name and a number
        f"SELECT v.chunk_id, v.document_id, v.revision, v.vector::{cast} <#> CAST(:vector AS {cast}) AS distance"
        f" FROM chunk_vectors v WHERE {_predicate(space)} AND v.user_id || '' = :owner"
        f" ORDER BY v.vector::{cast} <#> CAST(:vector AS {cast}) LIMIT :most"
        ") SELECT v.chunk_id, v.distance FROM near v JOIN documents d"
        " ON d.id = v.document_id AND d.revision = v.revision AND d.user_id = :owner"
    )
    with planned(connection, _SETTINGS):
        rows = connection.execute(statement, values).all()
    return {row[0]: -row[1] for row in sorted(rows, key=lambda row: row[1])}


def make_index(connection: Connection, space: EmbeddingSpace) -> bool:
    """Make the index while searches and uploads go on; False when somebody else is at it.

    What an interrupted attempt left and the indexes of spaces that are gone are removed. Takes minutes where
    there are hundreds of thousands of vectors.
    """
    name, cast = index_name(space), f"vector({space.dimensions})"
    locked = "SELECT pg_try_advisory_lock(:lock)"
    if not connection.execute(text(locked), {"lock": LOCK}).scalar():
        return False
    try:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SET lock_timeout = 0")  # it waits for whoever writes meanwhile
        connection.exec_driver_sql(f"SET maintenance_work_mem = {_BUILD_MEMORY_KB}")
        with unhurried(connection):
            _remove_others(connection, space)
            connection.exec_driver_sql(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON chunk_vectors"
                f" USING hnsw ((vector::{cast}) vector_ip_ops) WHERE {_predicate(space, of='')}"
            )
    finally:
        connection.exec_driver_sql("RESET maintenance_work_mem")
        connection.exec_driver_sql("RESET lock_timeout")
        connection.exec_driver_sql("RESET statement_timeout")
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
    return True


def remove_indexes(connection: Connection) -> None:
    """Remove the indexes of all spaces, while searches and uploads go on."""
    _remove(connection, name="", kept=[""])


def _remove_others(connection: Connection, space: EmbeddingSpace) -> None:
    spaces = connection.execute(text("SELECT space, dimensions FROM embedding_spaces")).all()
    kept = [index_name(EmbeddingSpace(id=row[0], dimensions=row[1])) for row in spaces]
    name = index_name(space)
    _remove(connection, name=name, kept=[*kept, name])


def _remove(connection: Connection, *, name: str, kept: Sequence[str]) -> None:
    for found in connection.execute(_OTHERS, {"name": name, "kept": kept}).scalars().all():
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {found}")


def _predicate(space: EmbeddingSpace, *, of: str = "v.") -> str:
    """Say which vectors are inside; a question has to say the same for the index to be used."""
    return f"{of}space = '{space.id}' AND vector_dims({of}vector) = {space.dimensions}"
