"""The port that keeps what people used: sums per user, day, model, route and key.

They outlive the runs and conversations they are made of, and are erased with the account. Not for:
bounding what may be used (`limits`) or calls of tools (`audit.AuditStore`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from backend.ports.stores import Run
from backend.ports.values import JsonObject, Usage

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one user used on one day (days since 1970 UTC) of one model, by one route, with one key.

    `key_id` is empty where somebody who had logged in asked. A route is `chat`, `react` or `plan`, `completion` or `embedding`, and empty of a run that ended
    before it had one.
    """

    user_id: str
    day: int
    model: str
    route: str
    key_id: str = ""
    runs: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @classmethod
    def of_run(cls, run: Run) -> Self:
        """Read what a run that has ended used out of its trace; one taken up again was counted once."""
        told: JsonObject = run.trace.get("usage") or {}
        before: JsonObject = run.trace.get("usage_counted") or {}
        return cls(
            user_id=run.user_id,
            day=(run.finished_at_ms or run.started_at_ms) // DAY_MS,
            model=run.model,
            route=run.route,
            key_id=run.trace.get("key_id", ""),
            runs=0 if before else 1,
            prompt_tokens=told.get("prompt_tokens", 0) - before.get("prompt_tokens", 0),
            completion_tokens=told.get("completion_tokens", 0) - before.get("completion_tokens", 0),
        )

    @classmethod
    def of_request(
        cls, user_id: str, usage: Usage, *, now_ms: int, model: str, route: str, key_id: str = ""
    ) -> Self:
        """Say what a request used that leaves no run."""
        return cls(
            user_id=user_id,
            day=now_ms // DAY_MS,
            model=model,
            route=route,
            key_id=key_id,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
        )

    @property
    def key(self) -> tuple[str, int, str, str, str]:
        """Name the sum that this belongs to."""
        return self.user_id, self.day, self.model, self.route, self.key_id

    def plus(self, other: Used | None) -> Used:
        """Add what belongs to the same sum."""
        if other is None:
            return self
        return replace(
            self,
            runs=self.runs + other.runs,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedBy:
    """What one user used in all."""

    user_id: str
    runs: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class UsageStore(Protocol):
    """Sums of what was used. The stores of runs and conversations add every run that ends."""

    async def add(self, used: Sequence[Used]) -> None:
        """Add to the sums, in one transaction; what is of an account that is gone is left out."""
        ...

    async def of_user(self, user_id: str, *, since_day: int) -> Sequence[Used]:
        """A user's sums from that day on: by day, newest first, then by model, route and key."""
        ...

    async def by_user(self, *, since_day: int) -> Sequence[UsedBy]:
        """What every user who used anything from that day on used in all, by user id."""
        ...
