"""The ports by which servers on one database know of each other, and of what runs have shown.

A server lives while its row is there: it is seen every few seconds by the database's clock, and whoever
finds it too old buries it. Runs of a server that is not among the living are anybody's to adopt, once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.ports.stores import Run
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """A piece of what a run has shown: its row number `at` stands behind all rows of lower numbers.

    `seq` grows with every row of a run; one whose `at` was written before takes the place of that row and
    of all behind it, and `replaces` says so.
    """

    run_id: str
    user_id: str
    at: int
    seq: int
    entries: Sequence[JsonObject]
    replaces: bool = False


class ServerStore(Protocol):
    """Which servers live, and whose the running runs are."""

    async def now_ms(self) -> int:
        """The time that all servers go by, in milliseconds since 1970-01-01 UTC."""
        ...

    async def register(self, server_id: str) -> None:
        """Count a server among the living."""
        ...

    async def beat(self, server_id: str) -> int | None:
        """Tell that a server lives, and count the others; None when it has been buried."""
        ...

    async def leave(self, server_id: str) -> None:
        """Count a server that ends among the living no more."""
        ...

    async def bury(self, *, unseen_s: float | None) -> Sequence[str]:
        """Take those unseen for so long, or all, for dead; each is named to one caller only."""
        ...

    async def held(self, server_id: str) -> Mapping[str, bool]:
        """The running runs of a server by id, each with whether somebody asked to stop it."""
        ...

    async def ask_to_stop(self, user_id: str, run_id: str) -> bool:
        """Note that a user's running run is to stop; tell whether there is one."""
        ...

    async def orphans(self) -> Sequence[Run]:
        """The running runs of servers that do not live, whole."""
        ...

    async def adopt(self, run: Run, server_id: str) -> bool:
        """Make an orphan the run of this server, which nobody else can then; tell whether it is."""
        ...


class JournalStore(Protocol):
    """What running runs have shown, for those who look at them from another server or after a crash."""

    async def write(
        self, server_id: str, rows: Sequence[JournalRow], *, erase: Collection[str] = ()
    ) -> bool:
        """Erase the journals of runs of this server, then add rows, in one transaction.

        False, and nothing is written, when the server does not live any more.
        """
        ...

    async def read(self, user_id: str, run_id: str, *, after: int = 0) -> Sequence[JournalRow]:
        """The rows of one of the user's runs with a higher `seq`, in its order."""
        ...

    async def tidy(self) -> int:
        """Erase what servers left that do not live, of runs that do not run; tell how many rows."""
        ...
