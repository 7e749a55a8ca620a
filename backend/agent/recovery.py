"""What becomes of runs whose server is gone: taken over once, ended with what they had said.

Not for: finding out which servers are gone (`liveness`), or runs that wait for their user (`approvals`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from backend.agent.approvals import STOPPED, store_end
from backend.agent.ending import message_id
from backend.agent.run_log import life_of, merged, restored
from backend.ports.approvals import ApprovalStore
from backend.ports.audit import AuditStore
from backend.ports.clock import Clock
from backend.ports.replicas import JournalStore, ServerStore
from backend.ports.stores import ConversationStore, Run, RunStore, StoredMessage
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Takes over for servers that are gone."""

    servers: ServerStore
    journal: JournalStore
    approvals: ApprovalStore
    audit: AuditStore
    runs: RunStore
    conversations: ConversationStore
    clock: Clock
    server_id: str

    async def recover(self) -> int:
        """End what dead servers had running; tell how many runs that were.

        An effect outside that was begun is reported as unknown, and is never made again. Several servers
        may do this at the same moment: each run is ended by one.
        """
        unknown: dict[tuple[str, str], list[str]] = {}
        for row in await self.audit.settle():
            unknown.setdefault((row.user_id, row.run_id), []).append(row.tool)
        taken = 0
        for run in await self.servers.orphans():
            if await self.servers.adopt(run, self.server_id):
                taken += 1
                await self._end(replace(run, server_id=self.server_id), unknown)
        await self.journal.tidy()
        return taken

    async def _end(self, run: Run, unknown: dict[tuple[str, str], list[str]]) -> None:
        tools = unknown.get((run.user_id, run.id), ())
        if not tools:  # settled by another server, which may have died since
            rows = await self.audit.list(run.user_id, run_id=run.id)
            tools = [row.tool for row in rows if row.outcome == "unknown"]
        written = await self.journal.read(run.user_id, run.id)
        entries = merged(restored([it for row in written for it in row.entries])) or run.events
        had_asked = bool(await self.approvals.of_run(run.user_id, run.id))
        words = words_of(tools) if tools or had_asked else ""
        done, messages = interrupted(run, entries, words=words, now_ms=self.clock.now_ms())
        await store_end(done, messages, conversations=self.conversations, runs=self.runs)


def words_of(tools: Collection[str]) -> str:
    """Say that the server stopped, and of which tools nobody knows what they did."""
    if not tools:
        return STOPPED
    return f"{STOPPED} It is not known whether {', '.join(dict.fromkeys(tools))} had its effect."


def interrupted(
    run: Run, entries: Sequence[JsonObject], *, words: str, now_ms: int
) -> tuple[Run, Sequence[StoredMessage]]:
    """Give the end of a run that was cut off, with what it had said as its message.

    With `words` it says so itself: there was a question in its place, or an effect may have been made.
    """
    shown = list(entries)
    if words:
        data = {"notice": words, "life": life_of(entries) + 1}
        shown.append({"kind": "event", "type": "notice", "text": f"{words}\n", "data": data})
    said = "".join(one["text"] for one in entries if one["kind"] == "content")
    if words:
        more = f"\n\n{words}" if said else words
        shown.append({"kind": "content", "text": more})
        said += more
    quoted = _files_in(entries)
    done = replace(
        run,
        state="interrupted",
        events=tuple(shown),
        trace={**run.trace, "error": words or STOPPED},
        finished_at_ms=now_ms,
        file_ids=tuple(dict.fromkeys((*run.file_ids, *quoted))),
    )
    if not (run.conversation_id and said):
        return done, []
    message = StoredMessage(
        id=message_id(run.id),
        conversation_id=run.conversation_id,
        message={"role": "assistant", "content": said},
        run_id=run.id,
        state="interrupted",
        created_at_ms=now_ms,
    )
    return done, [message]


def _files_in(entries: Sequence[JsonObject]) -> list[str]:
    """Name the files that what was shown quotes, so that they can be taken out once they are deleted."""
    found: list[str] = []
    for entry in entries:
        data: JsonObject = entry.get("data") or {}
        found += [str(one) for one in data.get("file_ids") or ()]
        found += [str(it["file_id"]) for it in data.get("citations") or () if it.get("file_id")]
    return found
