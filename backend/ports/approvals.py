"""The approvals port: calls that wait for the user's word, and what their runs go on from.

Ownership is part of every query. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from backend.ports.stores import Run, StoredMessage
from backend.ports.values import JsonObject

ApprovalState = Literal["pending", "approved", "denied", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One call that was asked for; `expired` also stands for a run that was ended meanwhile."""

    id: str
    run_id: str
    user_id: str
    call_id: str
    tool: str
    arguments: JsonObject
    reason: str
    state: ApprovalState = "pending"
    created_at_ms: int = 0
    expires_at_ms: int = 0
    decided_at_ms: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A run that waits: its row as stored, what it goes on from, and its newest question's answers."""

    run: Run
    data: JsonObject
    approvals: Mapping[str, Approval]


class ApprovalStore(Protocol):
    """Calls that wait, and their runs."""

    async def pause(
        self,
        run: Run,
        messages: Sequence[StoredMessage],
        approvals: Sequence[Approval],
        data: JsonObject,
    ) -> None:
        """Store that a run waits, in one transaction, and free its conversation.

        A message that is stored already is replaced. Raises Conflict when the conversation or the
        account was erased meanwhile.
        """
        ...

    async def of_run(self, user_id: str, run_id: str) -> Sequence[Approval]:
        """The approvals of one of the user's runs, oldest first."""
        ...

    async def by_id(self, user_id: str, approval_id: str) -> Approval | None:
        """One of the user's approvals, whatever its state."""
        ...

    async def pending(self, user_id: str) -> Sequence[Approval]:
        """All that wait for the user, oldest first."""
        ...

    async def decide(
        self, user_id: str, run_id: str, call_id: str, *, approve: bool, note: str, now_ms: int
    ) -> tuple[Approval, bool] | None:
        """Decide about a call that waits and has not expired; give it, and whether this decided it."""
        ...

    async def data(self, user_id: str, run_id: str) -> JsonObject | None:
        """What one of the user's runs that waits goes on from."""
        ...

    async def take(self, user_id: str, run_id: str, *, server_id: str = "") -> Pause | None:
        """Take a waiting run whose calls are all decided, once: it runs on that server from then on."""
        ...

    async def end(self, run: Run, messages: Sequence[StoredMessage]) -> bool:
        """Store the end of a run that waits, its open calls expired; tell whether it still waited."""
        ...

    async def waiting(
        self, user_id: str | None = None, *, conversation_id: str | None = None
    ) -> Sequence[Run]:
        """The runs that wait, with neither trace nor events; of one user or conversation if given."""
        ...

    async def expired(self, now_ms: int) -> Sequence[Run]:
        """The waiting runs of which a call has expired undecided, with neither trace nor events."""
        ...

    async def decided(self) -> Sequence[Run]:
        """The waiting runs whose calls are all decided, with neither trace nor events."""
        ...

    async def resumed(self) -> Sequence[Run]:
        """At start: the runs that a dead process had resumed, whole."""
        ...
