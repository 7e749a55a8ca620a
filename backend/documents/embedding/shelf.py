"""The embedders in use: the one that is set, and those of older spaces while they still answer."""

from __future__ import annotations

from collections.abc import Callable

from backend.ports.embedding import Embedder


class EmbedderShelf:
    """Makes each embedder once. `target_id` names the space of the one that is set, without asking it."""

    def __init__(
        self, target: Embedder, *, target_id: str, older: Callable[[str], Embedder | None]
    ) -> None:
        self.target = target
        self.target_id = target_id
        self._older = older
        self._made: dict[str, Embedder | None] = {target_id: target}

    def of(self, space: str) -> Embedder | None:
        """Give the embedder of a space; None when its provider is not set up any more."""
        if space not in self._made:
            self._made[space] = self._older(space)
        return self._made[space]

    async def aclose(self) -> None:
        """Close all of them."""
        for embedder in self._made.values():
            if embedder is not None:
                await embedder.aclose()
