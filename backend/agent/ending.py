"""What is kept of a run: its row, and the messages that join its conversation."""

from __future__ import annotations

from backend.agent.run import Run, merged
from backend.kit.ids import new_id
from backend.ports import stores
from backend.ports.values import ChatMessage


def stored_run(run: Run) -> stores.Run:
    """Give the row of a run as it stands now."""
    ended = run.state != "running"
    return stores.Run(
        id=run.id,
        user_id=run.request.user_id,
        conversation_id=run.session_id,
        model=run.model.id,
        route=run.decision.route if run.decision else "",
        state=run.state,
        trace=run.trace() if ended else {},
        events=merged(run.log.items) if ended else (),
        file_ids=tuple(dict.fromkeys(one.file_id for one in run.citations if one.file_id)),
        started_at_ms=run.started_at_ms,
        finished_at_ms=run.parts.clock.now_ms() if ended else None,
    )


def kept_messages(run: Run, *, now_ms: int) -> list[stores.StoredMessage]:
    """Give the assistant message a run leaves in its conversation; none when it said nothing.

    A run that was cut short leaves what was said, but no tool calls: a call without its result
    would be refused by strict upstreams in every later turn.
    """
    content = run.log.content()
    calls = run.client_calls if run.state == "completed" else ()
    if not content and not calls:
        return []
    message: ChatMessage = {"role": "assistant", "content": content or None}
    if calls:
        message["tool_calls"] = list(calls)
    if run.annotations:
        message["annotations"] = run.annotations
    stored = stores.StoredMessage(
        id=new_id("msg"),
        conversation_id=run.session_id or "",
        message=message,
        run_id=run.id,
        state=run.state,
        created_at_ms=now_ms,
    )
    return [stored]
