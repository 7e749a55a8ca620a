"""Requests under way by who makes them, so that they end when their caller may not go on.

Not for: turns and completions, which outlive their requests and are ended themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from backend.ports.accounts import Principal

GRACE_S = 1.0
LEAVE = "leave_live_requests"
ENDED = "caller_ended"


@dataclass(slots=True, eq=False)
class _Request:
    user_id: str
    key_id: str
    task: asyncio.Task[Any] | None
    state: dict[str, Any] = field(repr=False)


class LiveRequests:
    """Those of this process (`agent.standing.Cancellable`)."""

    def __init__(self) -> None:
        self._requests: set[_Request] = set()

    def enter(self, caller: Principal, state: dict[str, Any]) -> None:
        """Note that the current task serves a caller; the edge calls what `state` has under LEAVE at the end."""
        one = _Request(caller.user.id, caller.key_id or "", asyncio.current_task(), state)
        self._requests.add(one)
        state[LEAVE] = lambda: self._requests.discard(one)

    def owners(self) -> Iterator[tuple[str, str]]:
        """Tell whose requests are under way."""
        for one in self._requests:
            yield one.user_id, one.key_id

    def cancel_of(self, user_id: str, *, key_id: str = "") -> None:
        """End the requests of a user, or of a key, that have not ended by themselves in a moment.

        An answer that shows a run ends with the run.
        """
        found = [
            one
            for one in self._requests
            if one.user_id == user_id and key_id in {"", one.key_id} and ENDED not in one.state
        ]
        if found:
            asyncio.get_running_loop().call_later(GRACE_S, self._cancel, found)
        for one in found:
            one.state[ENDED] = True

    def _cancel(self, found: list[_Request]) -> None:
        for one in found:
            if one in self._requests and one.task is not None:
                one.task.cancel()
