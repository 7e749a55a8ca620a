"""The lexical index of one user: SQLite FTS5 over prepared lexemes, in a file that is a cache.

FTS5 proposes chunks by its own BM25 over the rarer words of a question; what is proposed, here or by
the dense index, is then scored over all words, with those of its neighbours counting a little,
because a hit is shown with its surroundings. Not for: making lexemes (`lexemes`) or fusion (`ranking`).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from backend.documents.index.damage import IndexDamaged
from backend.ports.document_stores import IndexedChunk
from backend.ports.lexical_rows import (
    AROUND_WEIGHT,
    CONTEXT_WEIGHT,
    ChunkWords,
    lexical_row,
    word_numbers,
)
from backend.ports.search_indexes import Groups, Proposals

_LAYOUT = 2  # of the tables below; a file of another layout is made anew
_POSTINGS = 30_000  # proposals look at about so many, from the rarest word on: this bounds the time
_MAX_WORDS = 64
_BUSY_MS = 10_000
_SCHEMA = """
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, revision INTEGER NOT NULL,
    chunks INTEGER NOT NULL, body_size INTEGER NOT NULL, context_size INTEGER NOT NULL
);
CREATE TABLE languages (document INTEGER NOT NULL, language TEXT NOT NULL, PRIMARY KEY (document, language))
    WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, previous INTEGER, next INTEGER,
    body BLOB NOT NULL, context BLOB NOT NULL
);
CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT NOT NULL, context TEXT NOT NULL);
CREATE INDEX chunks_of_document ON chunks (document);
CREATE VIRTUAL TABLE words USING fts5(body, context, content='', tokenize="ascii tokenchars '.+#'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
"""


class LexicalIndex:
    """One file; many threads may search while one writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._writing = threading.Lock()
        self._frequencies: dict[str, int] = {}
        self._totals: tuple[int, float] | None = None
        self._closed = False

    def open(self) -> None:
        """Open the file, or make it when there is none.

        Raises:
            IndexDamaged: when it cannot be read.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as connection:
            layout = connection.execute("PRAGMA user_version").fetchone()[0]
            if layout == 0:
                connection.executescript(f"{_SCHEMA} PRAGMA user_version = {_LAYOUT};")
            elif layout != _LAYOUT:
                raise IndexDamaged("another layout")
            connection.execute("SELECT count(*) FROM documents").fetchone()

    def close(self) -> None:
        """Close what is idle; a search under way closes its own connection."""
        self._closed = True
        while (connection := self._taken()) is not None:
            connection.close()

    def revisions(self) -> dict[str, int]:
        """Tell which documents are inside, with the revision of each."""
        with self._connection() as connection:
            return dict(connection.execute("SELECT id, revision FROM documents").fetchall())

    def languages(self) -> list[str]:
        """Name the languages that documents inside are written in."""
        with self._connection() as connection:
            rows = connection.execute("SELECT DISTINCT language FROM languages").fetchall()
            return [row[0] for row in rows]

    def chunk_ids(self, document_ids: Collection[str]) -> list[int]:
        """List the chunks of documents, in order."""
        with self._connection() as connection:
            return [
                row[0]
                for row in connection.execute(
                    "SELECT chunks.id FROM chunks JOIN documents ON number = document"
                    " WHERE documents.id IN (SELECT value FROM json_each(?)) ORDER BY chunks.id",
                    (json.dumps(list(document_ids)),),
                )
            ]

    def put(self, document_id: str, revision: int, chunks: Sequence[IndexedChunk]) -> None:
        """Take a document in, in place of what is inside of it."""
        with self._writing, self._connection() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            _remove(connection, document_id)
            _insert(connection, document_id, revision, chunks)
        self._forget_counts()

    def remove(self, document_ids: Iterable[str]) -> None:
        """Take documents out, so that no word of theirs stays in the file."""
        with self._writing, self._connection() as connection:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for document_id in document_ids:
                    _remove(connection, document_id)
                # FTS5 only marks entries as deleted; merging its segments drops them.
                connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._forget_counts()

    def propose(
        self, groups: Groups, *, limit: int, within: Collection[str] | None = None
    ) -> Proposals:
        """Find the chunks that the words of a question (`query_lexemes`) point at, best first.

        `within` restricts them to these documents.
        """
        words = list(dict.fromkeys(word for group in groups for word in group))[:_MAX_WORDS]
        with self._connection() as connection:
            frequencies = self._frequencies_of(connection, words)
            count, mean_size = self._read_totals(connection)
            telling = _telling(frequencies)
            ids = _matching(connection, telling, limit, within) if telling else []
            return Proposals(ids, frequencies, count, mean_size)

    def words(self, ids: Collection[int]) -> dict[int, ChunkWords]:
        """Read the words of chunks and of their neighbours."""
        with self._connection() as connection:
            rows = _rows(connection, ids)
            near = {one for row in rows.values() for one in row.neighbours if one is not None}
            return rows | _rows(connection, near - rows.keys())

    def _frequencies_of(
        self, connection: sqlite3.Connection, words: Sequence[str]
    ) -> dict[str, int]:
        known = self._frequencies
        asked = [word for word in words if word not in known]
        found = connection.execute(
            "SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))",
            (json.dumps(asked),),
        ).fetchall()
        known.update(dict.fromkeys(asked, 0))
        known.update(found)
        return {word: known[word] for word in words}

    def _read_totals(self, connection: sqlite3.Connection) -> tuple[int, float]:
        totals = self._totals
        if totals is None:
            count, body, context = connection.execute(
                "SELECT sum(chunks), sum(body_size), sum(context_size) FROM documents"
            ).fetchone()
            size = (body or 0) * (1 + 2 * AROUND_WEIGHT) + (context or 0)
            totals = self._totals = (count or 0, size / max(count or 0, 1))
        return totals

    def _forget_counts(self) -> None:
        self._frequencies = {}
        self._totals = None

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        """Lend a connection to one thread; what SQLite says of a bad file becomes IndexDamaged."""
        connection = self._taken()
        try:
            if connection is None:
                connection = self._connect()
            yield connection
        except sqlite3.DatabaseError as exc:
            if connection is not None:
                connection.close()
            raise IndexDamaged(str(exc)) from exc
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        if self._closed:
            connection.close()
        else:
            self._idle.put(connection)

    def _taken(self) -> sqlite3.Connection | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=32
        )
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection


def _rows(connection: sqlite3.Connection, ids: Collection[int]) -> dict[int, ChunkWords]:
    found = connection.execute(
        "SELECT id, previous, next, body, context FROM chunks"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {row[0]: ChunkWords((row[1], row[2]), row[3], row[4]) for row in found}


def _telling(frequencies: Mapping[str, int]) -> list[str]:
    """Choose the words that propose: the rarest, as many as the time allows, one at least."""
    chosen: list[str] = []
    postings = 0
    for word, frequency in sorted(frequencies.items(), key=lambda one: one[1]):
        postings += frequency
        if frequency and (not chosen or postings <= _POSTINGS):
            chosen.append(word)
    return chosen


def _matching(
    connection: sqlite3.Connection,
    words: Sequence[str],
    limit: int,
    within: Collection[str] | None,
) -> list[int]:
    match = " OR ".join(f'"{word}"' for word in words)
    narrowed, narrowing = "", ()
    if within is not None:
        narrowed = (
            " AND +rowid IN (SELECT chunks.id FROM chunks JOIN documents ON number = document"
            " WHERE documents.id IN (SELECT value FROM json_each(?)))"
        )
        narrowing = (json.dumps(list(within)),)
    found = connection.execute(
        f"SELECT rowid FROM words WHERE words MATCH ?{narrowed}"  # noqa: S608 - constants alone
        f" ORDER BY bm25(words, 1.0, {CONTEXT_WEIGHT}) LIMIT ?",
        (match, *narrowing, limit),
    )
    return [row[0] for row in found]


def _remove(connection: sqlite3.Connection, document_id: str) -> None:
    row = connection.execute("SELECT number FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None:
        return
    connection.execute(
        "INSERT INTO words (words, rowid, body, context)"
        " SELECT 'delete', texts.id, texts.body, texts.context FROM texts JOIN chunks USING (id)"
        " WHERE document = ?",
        row,
    )
    connection.execute(
        "DELETE FROM texts WHERE id IN (SELECT id FROM chunks WHERE document = ?)", row
    )
    connection.execute("DELETE FROM chunks WHERE document = ?", row)
    connection.execute("DELETE FROM languages WHERE document = ?", row)
    connection.execute("DELETE FROM documents WHERE number = ?", row)


def _insert(
    connection: sqlite3.Connection, document_id: str, revision: int, chunks: Sequence[IndexedChunk]
) -> None:
    rows = [lexical_row(chunk.lexemes) for chunk in chunks]
    number = connection.execute(
        "INSERT INTO documents (id, revision, chunks, body_size, context_size)"
        " VALUES (?, ?, ?, ?, ?) RETURNING number",
        (
            document_id,
            revision,
            len(chunks),
            sum(len(row.body) for row in rows),
            sum(len(row.context) for row in rows),
        ),
    ).fetchone()[0]
    ids = [chunk.id for chunk in chunks]
    texts = [(" ".join(row.body), " ".join(row.context)) for row in rows]
    connection.executemany(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
        (
            (one, number, before, after, word_numbers(row.body), word_numbers(row.context))
            for one, before, after, row in zip(
                ids, [None, *ids], [*ids[1:], None], rows, strict=False
            )
        ),
    )
    connection.executemany(
        "INSERT INTO texts VALUES (?, ?, ?)",
        ((one, *text) for one, text in zip(ids, texts, strict=True)),
    )
    connection.executemany(
        "INSERT INTO words (rowid, body, context) VALUES (?, ?, ?)",
        ((one, *text) for one, text in zip(ids, texts, strict=True)),
    )
    connection.executemany(
        "INSERT INTO languages VALUES (?, ?)",
        ((number, language) for language in {row.language for row in rows}),
    )
