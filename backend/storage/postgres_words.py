"""Words of one user's chunks in PostgreSQL's full-text search: the `WordIndex` port.

`chunks.words` is a `tsvector` of our own lexemes, in whose names the library stands first: a word's entry in the GIN
index leads to the chunks of one user (or of few: it is 24 bits of a hash), so that a question walks through nobody
else's. `ts_rank` orders what one word finds; words are weighed and lengths evened out as BM25 does. Not for: scoring
what was proposed (`documents.index.word_scores`).
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from backend.ports.lexical_rows import ChunkWords, numbered, word_number
from backend.ports.search_indexes import Groups, Proposals
from backend.storage.document_rows import pieces
from backend.storage.postgres_counts import LibraryCounts

_POSTINGS = 10_000  # proposals look at about so many, from the rarest word on: this bounds the time
_MAX_WORDS = 64

# Joined to an empty text, the owner narrows no index: the planner would walk through all chunks of a user per word.
_HIS = "c.user_id || '' = :owner"
# Looked up row by row, in this order: right after an upload the planner knows nothing of the tables, and guesses.
_SEARCHABLE = (
    " CROSS JOIN LATERAL (SELECT 1 FROM documents WHERE id = c.document_id AND revision = c.revision"
    " AND user_id || '' = :owner OFFSET 0) AS searchable"
)
# From half of all chunks on a word tells nothing: it is not counted further.
_FREQUENCIES = text(
    "SELECT word, (SELECT count(*) FROM (SELECT 1 FROM chunks c"  # noqa: S608 - constants alone
    f" WHERE c.words @@ CAST(query AS tsquery) AND {_HIS} LIMIT :most) AS there)"
    " FROM unnest(CAST(:words AS text[]), CAST(:queries AS text[])) AS it (word, query)"
)
# A word that stands once in the text has the rank 0.5 / 1.645, and counts 1 here; in title or headings twice as much.
# 1.2 and 0.75 are BM25's k1 and b. https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/tsrank.c
_HITS = """
WITH hits AS (
    SELECT c.*, weight
    FROM unnest(CAST(CAST(:queries AS text[]) AS tsquery[]), CAST(:weights AS float8[])) AS it (query, weight)
    CROSS JOIN LATERAL (
        SELECT id, document_id, revision, (body_words + context_words) / :mean_size AS size,
            3.28987 * ts_rank('{0.5, 0.5, 0.5, 1.0}', words, query) AS count
        FROM chunks WHERE words @@ query AND user_id || '' = :owner"""
# Twice as many as asked for: every document may have a reading beside the one that is searched.
_BEST = f""" OFFSET 0
    ) AS c
), best AS MATERIALIZED (
    SELECT id, document_id, revision, sum(weight * count / (count + 1.2 * (0.25 + 0.75 * size))) AS score
    FROM hits GROUP BY id, document_id, revision ORDER BY score DESC, id LIMIT 2 * :most
)
SELECT c.id FROM best c {_SEARCHABLE} ORDER BY c.score DESC, c.id LIMIT :most
"""  # noqa: S608 - constants alone
_PROPOSED = text(_HITS + _BEST)
_PROPOSED_WITHIN = text(_HITS + " AND document_id = ANY(:within)" + _BEST)
_WORDS = text(f"""
WITH own AS MATERIALIZED (
    SELECT c.document_id, c.revision, c.ordinal
    FROM unnest(CAST(:ids AS bigint[])) AS it (id)
    CROSS JOIN LATERAL (
        SELECT document_id, revision, ordinal FROM chunks WHERE id = it.id OFFSET 0
    ) AS c {_SEARCHABLE}
)
SELECT n.id, n.document_id, n.ordinal, n.lexemes FROM own CROSS JOIN LATERAL (
    SELECT id, document_id, ordinal, lexemes FROM chunks n
    WHERE n.document_id = own.document_id AND n.revision = own.revision
    AND n.ordinal BETWEEN own.ordinal - 1 AND own.ordinal + 1 OFFSET 0
) AS n
""")  # noqa: S608 - constants alone


class PostgresWords:
    """The words of one user for one question, over one connection."""

    def __init__(self, connection: Connection, user_id: str, counts: LibraryCounts) -> None:
        self._connection = connection
        self._user_id = user_id
        self._counts = counts
        self._asked: dict[str, int] = {}

    def languages(self) -> Sequence[str]:
        """Name the languages that the documents are written in."""
        return self._counts.languages

    def propose(
        self, groups: Groups, *, limit: int, within: Collection[str] | None = None
    ) -> Proposals:
        """Find the chunks that the words of a question point at, best first."""
        words = list(dict.fromkeys(word for group in groups for word in group))
        self._asked = {word: word_number(word) for word in words}
        frequencies = self._frequencies(words[:_MAX_WORDS])
        telling = _telling(frequencies, self._counts.chunks)
        ids = self._matching(telling, limit, within) if telling else ()
        return Proposals(ids, frequencies, self._counts.chunks, self._counts.mean_size)

    def words(self, ids: Collection[int]) -> dict[int, ChunkWords]:
        """Read the words of chunks and of their neighbours; those that were not asked for are all one."""
        ids_at: dict[tuple[str, int], int] = {}
        lexemes: dict[tuple[str, int], str] = {}
        for some in pieces(list(ids)):
            found = self._connection.execute(_WORDS, {"ids": some, "owner": self._user_id})
            for one, document, ordinal, written in found.all():
                ids_at[document, ordinal] = one
                lexemes[document, ordinal] = written
        words = numbered(lexemes.values(), self._asked)
        return {
            ids_at[document, ordinal]: ChunkWords(
                (ids_at.get((document, ordinal - 1)), ids_at.get((document, ordinal + 1))), *own
            )
            for (document, ordinal), own in zip(lexemes, words, strict=True)
        }

    def _frequencies(self, words: Sequence[str]) -> Mapping[str, int]:
        known = self._counts.frequencies
        if asked := [word for word in words if word not in known]:
            values = {
                "owner": self._user_id,
                "words": asked,
                "queries": [self._query(word) for word in asked],
                "most": self._counts.chunks // 2 + 1,
            }
            known.update({row[0]: row[1] for row in self._connection.execute(_FREQUENCIES, values)})
        return {word: known[word] for word in words}

    def _matching(
        self, telling: Mapping[str, int], limit: int, within: Collection[str] | None
    ) -> Sequence[int]:
        values: dict[str, Any] = {
            "owner": self._user_id,
            "queries": [self._query(word) for word in telling],
            "weights": [math.log1p(self._counts.chunks / count) for count in telling.values()],
            "mean_size": self._counts.own_size,
            "most": limit,
        }
        if within is None:
            return self._connection.execute(_PROPOSED, values).scalars().all()
        values["within"] = list(within)
        return self._connection.execute(_PROPOSED_WITHIN, values).scalars().all()

    def _query(self, word: str) -> str:
        quoted = f"{_library(self._user_id)}{word[:64]}".replace("\\", "\\\\").replace("'", "''")
        return f"'{quoted}'"


def _library(user_id: str) -> str:
    """Name a library as `steward_library` of migration 0012 does."""
    return base64.b64encode(hashlib.sha256(user_id.encode()).digest())[:4].decode()


def _telling(frequencies: Mapping[str, int], chunks: int) -> Mapping[str, int]:
    """Choose the words that propose: the rarest, as many as the time allows, one at least.

    What stands in more than half of all chunks proposes only when there is nothing rarer.
    """
    chosen: dict[str, int] = {}
    postings = 0
    for word, frequency in sorted(frequencies.items(), key=lambda one: one[1]):
        postings += frequency
        if frequency and (not chosen or (postings <= _POSTINGS and frequency <= chunks // 2)):
            chosen[word] = frequency
    return chosen
