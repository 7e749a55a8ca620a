"""What a run knows of remote servers while it works, and what is kept of them while it waits.

Not for: listing and calling (`remote`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.ports.remote_tools import RemoteServer, RemoteSession, RemoteTool

MAX_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWork:
    """The connections of one run, and the tools it was shown, by label."""

    session: RemoteSession
    tools: Mapping[str, Sequence[RemoteTool]]


class KeptServers:
    """The servers of runs that wait, with their headers: in memory alone, and gone with the process."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[RemoteServer, ...]] = {}

    def keep(self, run_id: str, servers: tuple[RemoteServer, ...]) -> None:
        """Keep them; of very many the oldest go."""
        if not servers:
            return
        self._kept[run_id] = servers
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]

    def keep_if_lost(self, run_id: str, servers: tuple[RemoteServer, ...]) -> None:
        """Keep them of a run whose own are not here any more."""
        if run_id not in self._kept:
            self.keep(run_id, servers)

    def take(self, run_id: str) -> tuple[RemoteServer, ...] | None:
        """Give them once; None when they are not here."""
        return self._kept.pop(run_id, None)
