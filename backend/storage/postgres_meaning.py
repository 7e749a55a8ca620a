"""Vectors of one user's chunks in pgvector: the `MeaningIndex` port.

Exact by default: every vector of the user is looked at, and nobody else's. For large libraries there may be an HNSW index
(`postgres_nearest`). Not for: whether there should be one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection, TextClause, text

from backend.ports.embedding import EmbeddingSpace
from backend.storage.columns import read_vector, written_vector
from backend.storage.postgres_nearest import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KEPT = 1_000  # a question that is asked a second time, moved a little, is asked of so many
_SAME = 0.8  # cosine from which on it is the same question, moved

# Vectors of other dimensions are there when a model changed under its name: they are none of this space.
_DISTANCE = (
    "CASE WHEN vector_dims(v.vector) = :dimensions THEN v.vector <#> CAST(:vector AS vector) END"
)
# Whether a vector is of the reading that is searched is looked up afterwards: nearly all are.
_SEARCHABLE = (
    " LEFT JOIN LATERAL (SELECT true AS there FROM documents WHERE id = v.document_id"
    " AND revision = v.revision AND user_id || '' = :owner OFFSET 0) AS searchable ON true"
)
_NEAR = f"""
WITH near AS MATERIALIZED (
    SELECT v.chunk_id, v.document_id, v.revision, {_DISTANCE} AS distance FROM chunk_vectors v
    WHERE v.user_id = :owner AND v.space = :space"""  # noqa: S608 - constants alone
_BEST = f"""
    ORDER BY distance NULLS LAST LIMIT :most
)
SELECT v.chunk_id, v.distance, there FROM near v {_SEARCHABLE} ORDER BY v.distance NULLS LAST
"""  # noqa: S608 - constants alone
_ALL = text(_NEAR + _BEST)
_WITHIN = text(_NEAR + " AND v.document_id = ANY(:within)" + _BEST)
_SOME = text(f"""
SELECT v.chunk_id, {_DISTANCE} AS distance, there
FROM unnest(CAST(:ids AS bigint[])) AS it (id)
CROSS JOIN LATERAL (
    SELECT chunk_id, document_id, revision, vector FROM chunk_vectors
    WHERE chunk_id = it.id AND space = :space AND user_id || '' = :owner OFFSET 0
) AS v {_SEARCHABLE} ORDER BY distance NULLS LAST
""")  # noqa: S608 - constants alone
_VECTORS = text(
    "SELECT chunk_id, vector_send(vector) FROM chunk_vectors"
    " WHERE chunk_id = ANY(:ids) AND space = :space AND user_id || '' = :owner"
)


class PostgresMeaning:
    """The vectors of one user for one question, over one connection; `index` names the one for large libraries."""

    def __init__(
        self, connection: Connection, user_id: str, space: EmbeddingSpace, *, index: bool
    ) -> None:
        self._connection = connection
        self._user_id = user_id
        self._space = space
        self._index = index
        self._asked: NDArray[np.float32] | None = None
        self._nearest: Sequence[int] = ()

    def search(
        self, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None = None
    ) -> Mapping[int, float]:
        """Find the nearest chunks with their cosines, best first.

        By the index when there is one and no filter. Otherwise a question that only moved a little since the last
        one is answered out of what was nearest to that.
        """
        if within is None and self._index:
            found = nearest(self._connection, self._space, self._values(vector, most=limit))
            if len(found) >= limit:
                return found
        if self._asked is not None and float(self._asked @ vector) >= _SAME:
            return _first(self._searchable(_SOME, vector, ids=self._nearest)[0], limit)
        found = self._found(vector, limit=limit, within=within)
        self._asked, self._nearest = vector, list(found)
        return _first(found, limit)

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Give the cosines of chunks with a vector; those that have none are left out."""
        return self._searchable(_SOME, vector, ids=list(ids))[0] if ids else {}

    def steered(
        self, vector: NDArray[np.float32], towards: Mapping[int, float], *, strength: float
    ) -> NDArray[np.float32]:
        """Move a question towards the weighted centre of chunks, by Rocchio's formula."""
        import numpy as np  # noqa: PLC0415 - for searches alone

        from backend.kit.steering import steered  # noqa: PLC0415 - likewise

        values = {"ids": list(towards), "space": self._space.id, "owner": self._user_id}
        rows = self._connection.execute(_VECTORS, values).all()
        near = {row[0]: np.frombuffer(read_vector(row[1]), dtype=np.float32) for row in rows}
        fitting = {one: other for one, other in near.items() if len(other) == len(vector)}
        return steered(vector, fitting, towards, strength=strength)

    def _values(self, vector: NDArray[np.float32], **more: object) -> dict[str, object]:
        return {
            "owner": self._user_id,
            "space": self._space.id,
            "dimensions": self._space.dimensions,
            "vector": written_vector(vector.astype("<f4").tobytes()),
            **more,
        }

    def _found(
        self, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None
    ) -> dict[int, float]:
        """Look until there are enough, or nothing more: readings that are being made may be in the way."""
        most = max(limit, _KEPT)
        while True:
            if within is None:
                found, looked_at = self._searchable(_ALL, vector, most=most)
            else:
                values = {"most": most, "within": list(within)}
                found, looked_at = self._searchable(_WITHIN, vector, **values)
            if len(found) >= limit or looked_at < most:
                return found
            most *= 4

    def _searchable(
        self, statement: TextClause, vector: NDArray[np.float32], **more: object
    ) -> tuple[dict[int, float], int]:
        """Give cosines, and how many chunks were looked at for them."""
        rows = self._connection.execute(statement, self._values(vector, **more)).all()
        found = {row[0]: -row[1] for row in rows if row[2] and row[1] is not None}
        return found, len(rows)


def _first(found: Mapping[int, float], limit: int) -> Mapping[int, float]:
    return dict(islice(found.items(), limit))
