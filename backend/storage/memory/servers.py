"""Which servers live, and what running runs have shown, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.json_values import copy_json
from backend.ports.clock import Clock
from backend.ports.replicas import JournalRow
from backend.ports.stores import Run
from backend.storage.memory.shelves import Shelves, detached


class MemoryServerStore:
    """The `ServerStore` port in memory."""

    def __init__(self, shelves: Shelves, clock: Clock) -> None:
        self._shelves = shelves
        self._clock = clock
        self._stop_asked: set[str] = set()

    async def now_ms(self) -> int:
        """The time that all servers go by."""
        return self._clock.now_ms()

    async def register(self, server_id: str) -> None:
        """Count a server among the living."""
        self._shelves.servers[server_id] = self._clock.now_ms()

    async def beat(self, server_id: str) -> int | None:
        """Tell that a server lives, and count the others; None when it has been buried."""
        if server_id not in self._shelves.servers:
            return None
        await self.register(server_id)
        return len(self._shelves.servers) - 1

    async def leave(self, server_id: str) -> None:
        """Count a server that ends among the living no more."""
        self._shelves.servers.pop(server_id, None)

    async def bury(self, *, unseen_s: float | None) -> Sequence[str]:
        """Take those unseen for so long, or all, for dead; each is named to one caller only."""
        servers, now_ms = self._shelves.servers, self._clock.now_ms()
        old = [
            one
            for one, seen_at_ms in sorted(servers.items())
            if unseen_s is None or seen_at_ms < now_ms - unseen_s * 1000
        ]
        for one in old:
            del servers[one]
        return old

    async def held(self, server_id: str) -> Mapping[str, bool]:
        """The running runs of a server by id, each with whether somebody asked to stop it."""
        running = [run for run in self._shelves.runs.values() if run.state == "running"]
        return {it.id: it.id in self._stop_asked for it in running if it.server_id == server_id}

    async def ask_to_stop(self, user_id: str, run_id: str) -> bool:
        """Note that a user's running run is to stop; tell whether there is one."""
        run = self._shelves.runs.get(run_id)
        if run is None or (run.user_id, run.state) != (user_id, "running"):
            return False
        self._stop_asked.add(run_id)
        return True

    async def orphans(self) -> Sequence[Run]:
        """The running runs of servers that do not live, whole."""
        found = [run for _, run in sorted(self._shelves.runs.items()) if self._is_orphan(run)]
        return tuple(detached(run) for run in found)

    async def adopt(self, run: Run, server_id: str) -> bool:
        """Make an orphan the run of this server, which nobody else can then; tell whether it is."""
        known = self._shelves.runs.get(run.id)
        if known is None or known.server_id != run.server_id or not self._is_orphan(known):
            return False
        self._shelves.runs[run.id] = replace(known, server_id=server_id)
        return True

    def _is_orphan(self, run: Run) -> bool:
        return run.state == "running" and run.server_id not in self._shelves.servers


class MemoryJournalStore:
    """The `JournalStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def write(
        self, server_id: str, rows: Sequence[JournalRow], *, erase: Collection[str] = ()
    ) -> bool:
        """Erase the journals of runs of this server, then add rows.

        False, and nothing is written, when the server does not live any more.
        """
        journal = self._shelves.journal
        if server_id not in self._shelves.servers:
            return False
        for row in rows:
            self._shelves.require_user(row.user_id)
        for key in [key for key in journal if key[0] in erase and journal[key][0] == server_id]:
            del journal[key]
        for row in rows:
            if row.replaces:
                for key in [key for key in journal if key[0] == row.run_id and key[1] >= row.at]:
                    del journal[key]
            if (row.run_id, row.at) in journal:
                raise Conflict
            kept = replace(row, entries=tuple(copy_json(row.entries)), replaces=False)
            journal[row.run_id, row.at] = server_id, kept
        return True

    async def read(self, user_id: str, run_id: str, *, after: int = 0) -> Sequence[JournalRow]:
        """The rows of one of the user's runs with a higher `seq`, in its order."""
        found = [
            row
            for _, row in self._shelves.journal.values()
            if (row.user_id, row.run_id) == (user_id, run_id) and row.seq > after
        ]
        return tuple(sorted(found, key=lambda row: row.seq))

    async def tidy(self) -> int:
        """Erase what servers left that do not live, of runs that do not run; tell how many rows."""
        shelves = self._shelves
        running = {run.id for run in shelves.runs.values() if run.state == "running"}
        old = [
            key
            for key, (server_id, row) in shelves.journal.items()
            if server_id not in shelves.servers and row.run_id not in running
        ]
        for key in old:
            del shelves.journal[key]
        return len(old)
