"""The port that tells who may not go on: users who are disabled or gone, keys that were revoked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ended:
    """Those of whom one asked that may do nothing any more; `gone` are the users among them who were erased."""

    user_ids: frozenset[str] = frozenset()
    key_ids: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


class StandingStore(Protocol):
    """Looks at many at once, as what runs for them is looked through every few seconds."""

    async def ended(self, user_ids: Collection[str], key_ids: Collection[str]) -> Ended:
        """Tell which of these users are disabled or gone, and which of these keys are gone."""
        ...
