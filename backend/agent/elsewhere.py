"""Runs of other servers: found, read along with, and stopped, from whichever server is asked.

Not for: how servers ask each other (`peers`) or which of them live (`liveness`).
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.agent.following import Following
from backend.agent.peers import Peers
from backend.agent.turn import Turns
from backend.ports.replicas import ServerStore
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the routes ask of other servers; on a server that is alone nothing is elsewhere."""

    peers: Peers
    servers: ServerStore
    following: Following

    def serve(self, turns: Turns) -> None:
        """Stop runs of this server when another one is asked to."""

        def stop(asked: JsonObject) -> JsonObject | None:
            found = [
                run
                for run in list(turns.active.values())
                if run.request.user_id == asked.get("user_id")
                and asked.get("run_id") in {None, run.id}
                and asked.get("session_id") in {None, run.session_id}
            ]
            for run in found:
                run.cancel()
            return {"runs": len(found)} if found else None

        self.peers.serve("cancel", stop)

    async def stop_run(self, user_id: str, run_id: str) -> bool:
        """Stop a run of a user wherever it runs; tell whether there is one.

        One that has a row is stopped even when the signal is lost: its server looks there now and then.
        """
        which = {"user_id": user_id, "run_id": run_id}
        if await self.servers.ask_to_stop(user_id, run_id):
            await self.peers.tell("cancel", which)
            return True
        return await self.peers.ask("cancel", which) is not None

    async def stop_session(self, user_id: str, session_id: str) -> None:
        """Stop what runs elsewhere in a session that is being erased."""
        await self.peers.tell("cancel", {"user_id": user_id, "session_id": session_id})
