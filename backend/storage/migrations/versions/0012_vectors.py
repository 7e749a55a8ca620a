"""Vectors and words that PostgreSQL searches by itself; nothing on SQLite, which has an index beside it.

PostgreSQL fills what searches read in triggers, so that whatever writes a chunk or a vector (the worker,
a move from SQLite, a restored backup) leaves a row that can be found. The form of `chunks.lexemes` that
`steward_words` reads is that of `ports.lexical_rows`; the names it gives words are those of
`storage.postgres_words`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

revision = "0012"
down_revision = "0011"

_LEAST = (0, 8, 0)  # hnsw.iterative_scan came with it

_FUNCTIONS = r"""
CREATE FUNCTION steward_library(owner text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
    SELECT left(encode(sha256(convert_to(owner, 'UTF8')), 'base64'), 4)
$$;

CREATE FUNCTION steward_part(lexemes text, number integer) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
    SELECT CASE
        WHEN length(lexemes) - length(replace(lexemes, E'\n', '')) = 2 THEN split_part(lexemes, E'\n', number)
        WHEN number = 2 THEN lexemes
        ELSE ''
    END
$$;

CREATE FUNCTION steward_split(words text) RETURNS text[] IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
    SELECT array_remove(string_to_array(translate(words, E'\n\r\t', '   '), ' '), '')
$$;

CREATE FUNCTION steward_words(library text, body text[], context text[]) RETURNS tsvector
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce(
        string_agg(
            '''' || replace(replace(library || left(word, 64), '\', '\\'), '''', '''''') || ''':'
                || least(place, 16383) || weight,
            ' '
        ),
        ''
    )::tsvector
    FROM (
        SELECT word, place, 'D' AS weight FROM unnest(body) WITH ORDINALITY AS it (word, place)
        UNION ALL
        SELECT word, place, 'A' FROM unnest(context) WITH ORDINALITY AS it (word, place)
    ) AS words
$$;

CREATE FUNCTION steward_chunk() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    body text[] := steward_split(steward_part(NEW.lexemes, 2));
    context text[] := steward_split(steward_part(NEW.lexemes, 3));
BEGIN
    NEW.user_id := (SELECT user_id FROM documents WHERE id = NEW.document_id);
    NEW.language := steward_part(NEW.lexemes, 1);
    NEW.body_words := cardinality(body);
    NEW.context_words := cardinality(context);
    NEW.words := steward_words(steward_library(NEW.user_id), body, context);
    RETURN NEW;
END
$$;

CREATE FUNCTION steward_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT user_id, document_id, revision INTO NEW.user_id, NEW.document_id, NEW.revision
        FROM chunks WHERE id = NEW.chunk_id;
    RETURN NEW;
END
$$;
"""

_WORDS = """
ALTER TABLE chunks
    ADD COLUMN user_id text, ADD COLUMN language text, ADD COLUMN body_words integer,
    ADD COLUMN context_words integer, ADD COLUMN words tsvector;
CREATE TRIGGER steward_chunk BEFORE INSERT OR UPDATE OF lexemes, document_id ON chunks
    FOR EACH ROW EXECUTE FUNCTION steward_chunk();
UPDATE chunks SET lexemes = lexemes;
CREATE INDEX ix_chunks_words ON chunks USING gin (words) WITH (fastupdate = off);
CREATE INDEX ix_chunks_user_id_language ON chunks (user_id, language) INCLUDE (body_words, context_words);
"""

# MAIN keeps vectors of up to 2,000 numbers in the row; beside it, each would cost a look-up of its own.
_VECTORS = """
ALTER TABLE chunk_vectors RENAME COLUMN vector TO bytes;
ALTER TABLE chunk_vectors
    ADD COLUMN user_id text, ADD COLUMN document_id text, ADD COLUMN revision bigint, ADD COLUMN vector vector;
ALTER TABLE chunk_vectors ALTER COLUMN vector SET STORAGE MAIN;
"""
_VECTORS_FILLED = """
DELETE FROM chunk_vectors WHERE vector IS NULL;
ALTER TABLE chunk_vectors DROP COLUMN bytes, ALTER COLUMN vector SET NOT NULL;
CREATE TRIGGER steward_vector BEFORE INSERT ON chunk_vectors FOR EACH ROW EXECUTE FUNCTION steward_vector();
CREATE INDEX ix_chunk_vectors_user_id_space_document_id ON chunk_vectors (user_id, space, document_id);
"""
_SOME = sa.text(
    "SELECT chunk_id, space, bytes FROM chunk_vectors WHERE (chunk_id, space) > (:chunk_id, :space)"
    " ORDER BY chunk_id, space LIMIT 500"
)
_CONVERTED = sa.text(
    "UPDATE chunk_vectors v SET vector = CAST(:vector AS vector),"
    " user_id = c.user_id, document_id = c.document_id, revision = c.revision"
    " FROM chunks c WHERE c.id = v.chunk_id AND v.chunk_id = :chunk_id AND v.space = :space"
)


def upgrade() -> None:
    """Let PostgreSQL find chunks by words and vectors."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    _with_pgvector(connection)
    for script in (_FUNCTIONS, _WORDS, _VECTORS):
        connection.exec_driver_sql(script)
    for row in _rows(connection):
        vector = _written(row.bytes)
        if vector is not None:
            values = {"chunk_id": row.chunk_id, "space": row.space, "vector": vector}
            connection.execute(_CONVERTED, values)
    connection.exec_driver_sql(_VECTORS_FILLED)


def _with_pgvector(connection: sa.Connection) -> None:
    """See to it that pgvector is there, or say what whoever runs the database has to do."""
    found = "SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'vector'"
    row = connection.execute(sa.text(found)).first()
    if row is None:
        msg = (
            "this PostgreSQL server lacks the extension pgvector, which searching documents needs;"
            " install it there (https://github.com/pgvector/pgvector) and start again"
        )
        raise CommandError(msg)
    if row.installed_version is None:
        try:
            connection.exec_driver_sql("CREATE EXTENSION vector")
        except DBAPIError as exc:
            msg = (
                "the extension pgvector may not be created by this role; let a superuser run"
                " CREATE EXTENSION vector in this database, and start again"
            )
            raise CommandError(msg) from exc
    version = row.installed_version or row.default_version
    if tuple(int(part) for part in version.split(".")) < _LEAST:
        msg = f"pgvector {version} is too old: update it to 0.8 or newer, run ALTER EXTENSION vector UPDATE, start again"
        raise CommandError(msg)


def _rows(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    last = {"chunk_id": -1, "space": ""}
    while some := connection.execute(_SOME, last).all():
        yield from some
        last = {"chunk_id": some[-1].chunk_id, "space": some[-1].space}


def _written(raw: bytes) -> str | None:
    """Write float32 bytes as pgvector reads them; None for what is no vector and is embedded anew."""
    if not raw or len(raw) % 4:
        return None
    numbers = struct.unpack(f"<{len(raw) // 4}f", raw)
    written = ",".join(f"{number:.9g}" for number in numbers)
    return None if "n" in written else f"[{written}]"  # nan, inf
