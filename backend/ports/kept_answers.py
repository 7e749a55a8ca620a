"""The port of answers that models gave and that are given again to the very same request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """One answer; `key` stands for the whole request and who may be given it.

    `user_id` is for whom it was made, whoever may be given it: it is erased with them. `answer` is text, thoughts, calls and
    finish reason as `llm.kept_answers` writes them.
    """

    key: str
    user_id: str
    answer: JsonObject
    size_bytes: int
    created_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBounds:
    """How long answers are kept, and how many in all."""

    ttl_ms: int
    max_rows: int
    max_bytes: int


class KeptAnswerStore(Protocol):
    """Answers by key, on every server of one database."""

    async def get(self, key: str, *, since_ms: int, now_ms: int) -> JsonObject | None:
        """Give the answer of a key that was made since then, and note that it was used."""
        ...

    async def put(self, kept: KeptAnswer, bounds: KeptBounds) -> None:
        """Keep an answer, in place of one of the same key.

        What is too old leaves; then those used longest ago, until a tenth of the room is free.
        """
        ...

    async def totals(self) -> tuple[int, int]:
        """Count answers and their bytes."""
        ...

    async def clear(self) -> int:
        """Forget all; tell how many there were."""
        ...
