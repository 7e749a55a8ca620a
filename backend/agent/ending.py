"""What is kept of a run: its row, and the messages that join its conversation."""

from __future__ import annotations

from backend.agent.citing import annotate, lightened
from backend.agent.kept_request import to_begin_again
from backend.agent.run import Run
from backend.agent.run_log import merged
from backend.errors import StewardError, Unavailable
from backend.kit.ids import new_id
from backend.ports import stores
from backend.ports.values import ChatMessage

AGAIN = ("running", "interrupted")  # states from which a run of a session can be taken up


def round_off(run: Run) -> None:
    """Say how an answer that is whole ended, and what in it points at a source."""
    if run.finish_reason == "tool_calls" and not run.client_calls:
        run.finish_reason = "stop"  # the model called what nobody offered it
    text = run.log.content()
    if run.form is None:  # numbers in brackets are data in JSON
        run.annotations = annotate(text, run.citations, public_url=run.parts.options.public_url)
    if run.beside:
        run.citations = lightened(text, run.citations, beside=run.beside)


def stored_run(run: Run) -> stores.Run:
    """Give the row of a run as it stands now."""
    shown = run.state != "running"
    ended = shown and run.state != "waiting"
    trace = run.trace() if shown else {}
    if run.session_id is not None and run.state in AGAIN:
        trace["resume"] = to_begin_again(run)
    return stores.Run(
        id=run.id,
        user_id=run.request.user_id,
        conversation_id=run.session_id,
        model=run.model.id,
        route=run.decision.route if run.decision else "",
        state=run.state,
        trace=trace,
        events=merged(run.log.items) if shown else (),
        file_ids=quoted_files(run),
        started_at_ms=run.started_at_ms,
        finished_at_ms=run.parts.clock.now_ms() if ended else None,
        server_id=run.parts.server_id,
    )


def can_be_resumed(run: Run) -> bool:
    """Tell whether a run can be taken up once it is interrupted: its session holds its question."""
    return run.session_id is not None and run.parts.resumables is not None


def interruption(run: Run) -> StewardError:
    """Say that an answer is incomplete, and how it can go on."""
    told = "The server is shutting down; the answer is incomplete"
    if can_be_resumed(run):
        told = f"{told}. It can be resumed: POST /api/runs/{run.id}/resume"
    return Unavailable(told, code="run_interrupted")


def quoted_files(run: Run) -> tuple[str, ...]:
    """Name the files that a run quotes."""
    return tuple(dict.fromkeys(one.file_id for one in run.citations if one.file_id))


def message_id(run_id: str) -> str:
    """Name the assistant message of a run; one that waits is replaced under this name later."""
    return "msg_" + run_id.removeprefix("run_")


def kept_messages(run: Run, *, now_ms: int, instead: str = "") -> list[stores.StoredMessage]:
    """Give the assistant message a run leaves in its conversation; none when it said nothing.

    A run that was cut short leaves what was said, but no tool calls: a call without its result
    would be refused by strict upstreams in every later turn. `instead` is kept of a run that said
    nothing. An answer that rests on text nobody vouches for has annotations, if only an empty list.
    """
    content = run.log.content() or instead
    calls = run.client_calls if run.state == "completed" else ()
    if not content and not calls:
        return []
    message: ChatMessage = {"role": "assistant", "content": content or None}
    if calls:
        message["tool_calls"] = list(calls)
    if run.annotations or run.tainted:
        message["annotations"] = run.annotations
    stored = stores.StoredMessage(
        id=message_id(run.id),
        conversation_id=run.session_id or "",
        message=message,
        run_id=run.id,
        state=run.state,
        created_at_ms=now_ms,
    )
    return [stored]


def brought_messages(run: Run) -> list[stores.StoredMessage]:
    """Give what a request brings, as its session stores it."""
    return [
        stores.StoredMessage(
            id=new_id("msg"),
            conversation_id=run.session_id or "",
            message=message,
            run_id=run.id,
            created_at_ms=run.started_at_ms,
        )
        for message in run.request.messages
    ]
