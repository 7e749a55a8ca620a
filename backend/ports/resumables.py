"""The port of runs that can be taken up again: what they go on from, and taking them exactly once.

Ownership is part of every query. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from backend.ports.stores import Run
from backend.ports.values import JsonObject


class ResumableStore(Protocol):
    """What the runs of agents go on from, beside their checkpoints, and interrupted runs of sessions."""

    async def begin(self, user_id: str, run_id: str, data: JsonObject) -> None:
        """Keep what a run goes on from, in place of what was kept; Conflict when the run is gone."""
        ...

    async def get(self, user_id: str, run_id: str) -> JsonObject | None:
        """Give what one of the user's runs goes on from."""
        ...

    async def drop(self, run_id: str) -> None:
        """Forget what a run that has ended goes on from."""
        ...

    async def take(self, run: Run, trace: JsonObject, *, replaces: str | None, now_ms: int) -> None:
        """Let an interrupted run of a session run again, in one transaction, and claim its session.

        `run` is its row as it was read; `trace` takes the place of its own. What the session shows
        ends with what the run has left there. `replaces` names the message in whose place it stands,
        for a run that brought no message.

        Raises:
            Conflict: when the run is not interrupted any more, or its session has gone on since.
            SessionBusy: when another run holds the session.
            NotFound: when there is no such session.
        """
        ...

    async def interrupted(self, since_ms: int) -> Sequence[Run]:
        """The runs of sessions that were interrupted since then, without events, oldest first."""
        ...

    async def kept(self) -> Sequence[tuple[str, str]]:
        """User and id of each run of which something is kept to go on from."""
        ...

    async def sweep(self, before_ms: int) -> Sequence[tuple[str, str]]:
        """Forget what no run goes on from any more; give user and id of each.

        That is one that has ended, was interrupted before then, or whose session has gone on since.
        """
        ...
