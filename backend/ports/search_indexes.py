"""The port of what searches propose chunks by: words and vectors of one user's searchable documents.

The local index (files beside SQLite) and PostgreSQL by itself are its adapters. Not for: ranking
(`documents.index.ranking`), or what a chunk says (`document_stores`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from backend.ports.embedding import EmbeddingSpace
from backend.ports.lexical_rows import ChunkWords

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
Groups = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Proposals:
    """Chunks that the words of a question point at, best first, and what weighs these words.

    That is how many chunks hold each, how many chunks there are, and how many words a chunk has
    with its surroundings.
    """

    ids: Sequence[int]
    frequencies: Mapping[str, int]
    chunks: int
    mean_size: float


class WordIndex(Protocol):
    """The words of one user's chunks. Blocks: for threads."""

    def languages(self) -> Sequence[str]:
        """Name the languages that the documents are written in."""
        ...

    def propose(
        self, groups: Groups, *, limit: int, within: Collection[str] | None = None
    ) -> Proposals:
        """Find the chunks that the words of a question point at; `within` names their documents."""
        ...

    def words(self, ids: Collection[int]) -> dict[int, ChunkWords]:
        """Read the words of chunks that were proposed, and of their neighbours.

        Words that `propose` was not asked for may have any number that is none of an asked one.
        """
        ...


class MeaningIndex(Protocol):
    """The vectors of one user's chunks in one space. Blocks: for threads."""

    def search(
        self, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None = None
    ) -> Mapping[int, float]:
        """Find the nearest chunks with their cosines, best first; `within` names their documents."""
        ...

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Give the cosines of chunks with a vector; those that have none are left out."""
        ...

    def steered(
        self, vector: NDArray[np.float32], towards: Mapping[int, float], *, strength: float
    ) -> NDArray[np.float32]:
        """Move a question towards the weighted centre of chunks; of unit length."""
        ...


class SearchIndexes(Protocol):
    """What all users search by. Shows what is searchable when it is asked, and nobody else's."""

    async def ask(
        self,
        user_id: str,
        space: EmbeddingSpace | None,
        work: Callable[[WordIndex, MeaningIndex | None], T],
    ) -> T:
        """Run `work` over a user's words and vectors, in a thread; without a space over words alone.

        It may run twice, when what it read turned out to be damaged.
        """
        ...

    def users(self) -> Collection[str]:
        """Name the users of whom this process holds something."""
        ...

    async def forget(self, user_id: str, document_ids: Collection[str]) -> None:
        """Erase what is kept beside the database of documents that were deleted."""
        ...

    async def discard(self, user_id: str) -> None:
        """Erase what is kept beside the database of a user who is gone."""
        ...

    async def sweep(self) -> None:
        """Erase what a crash left behind; for the start of the server."""
        ...

    async def aclose(self) -> None:
        """Write what is not written yet, and close everything."""
        ...
