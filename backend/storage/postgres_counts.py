"""What is counted of one user's chunks in PostgreSQL, and kept until the library changes.

Counting one word visits every chunk that has it: among 100,000 chunks 18 ms for a question (50 for some), most for words that
stand in thousands. Of a large library such words are known from a sample, taken once per version; all others, and
everything in smaller libraries, are counted. Not for: what a question asks for (`postgres_words`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from backend.ports.lexical_rows import AROUND_WEIGHT

_TOTALS = text(
    "SELECT language, count(*), sum(body_words), sum(context_words) FROM chunks"
    " WHERE user_id = :owner GROUP BY language"
)
# One chunk of each `step`, and not always at the same place of it: documents may be made to one pattern.
# The first four characters of a lexeme name its library.
_SAMPLE = text("""
WITH own AS (
    SELECT id, revision, chunks, CAST(sum(chunks) OVER (ORDER BY id) AS bigint) - chunks AS before
    FROM documents WHERE user_id = :owner AND revision > 0 AND chunks > 0
), sample AS MATERIALIZED (
    SELECT c.words FROM own CROSS JOIN LATERAL (
        SELECT number * :step + (hashint8extended(number, 0) & 2147483647) % :step - before AS ordinal
        FROM generate_series(before / :step, (before + own.chunks - 1) / :step) AS number
    ) AS place CROSS JOIN LATERAL (
        SELECT words FROM chunks
        WHERE document_id = own.id AND revision = own.revision AND ordinal = place.ordinal OFFSET 0
    ) AS c WHERE place.ordinal >= 0 AND place.ordinal < own.chunks
)
SELECT NULL AS word, count(*) FROM sample
UNION ALL SELECT substr(word, 5), count(*) FROM sample CROSS JOIN LATERAL unnest(tsvector_to_array(words)) AS word
GROUP BY word HAVING count(*) >= :least
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """When and how common words are estimated: of more than `above` chunks from about `size`, if `least` have one.

    A word in 20 of 2,000 is known to 22 % (one standard deviation), its IDF of 3.9 to 0.22; one in a twentieth of all
    chunks to 10 %, its IDF of 2.3 to 0.1.
    """

    above: int = 20_000
    size: int = 2_000
    least: int = 20


SAMPLING = Sampling()


@dataclass(slots=True)
class LibraryCounts:
    """What is counted of a user's chunks at one version of the library."""

    version: int
    languages: Sequence[str]
    chunks: int
    own_size: float
    mean_size: float
    frequencies: dict[str, int] = field(default_factory=dict[str, int])


def library_counts(
    connection: Connection, user_id: str, *, version: int, sampling: Sampling
) -> LibraryCounts:
    """Count a user's chunks and the words they have, by themselves and with what stands around."""
    rows = connection.execute(_TOTALS, {"owner": user_id}).all()
    count = sum(row[1] for row in rows)
    body, context = (sum(row[at] or 0 for row in rows) for at in (2, 3))
    return LibraryCounts(
        version=version,
        languages=[row[0] for row in rows],
        chunks=count,
        own_size=max((body + context) / max(count, 1), 1.0),
        mean_size=(body * (1 + 2 * AROUND_WEIGHT) + context) / max(count, 1),
        frequencies=_estimated(connection, user_id, count, sampling),
    )


def _estimated(
    connection: Connection, user_id: str, chunks: int, sampling: Sampling
) -> dict[str, int]:
    """Estimate how many chunks have each of the common words; nothing where all are counted."""
    if chunks <= sampling.above:
        return {}
    step = max(chunks // sampling.size, 1)
    values = {"owner": user_id, "step": step, "least": sampling.least}
    (_, size), *words = connection.execute(_SAMPLE, values).all()
    return {word: round(chunks * found / size) for word, found in words}
