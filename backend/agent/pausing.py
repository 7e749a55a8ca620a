"""A run that waits for the user: what is stored of it, and making it whole again.

Not for: deciding (`approvals`) or running (`turn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from backend.agent import remote_pause
from backend.agent.acting import context_of
from backend.agent.asking import Asking, Decision, approval_event, asked_text, linked
from backend.agent.ending import kept_messages, message_id, stored_run
from backend.agent.graphs import thread_of
from backend.agent.kept_request import request_of, written
from backend.agent.run import AgentParts, Run, citation_object, citation_of
from backend.agent.run_log import LogItem, RunLog, restored
from backend.errors import ServerFault
from backend.kit.ids import new_id
from backend.kit.masking import masked
from backend.ports import stores
from backend.ports.approvals import Approval, Pause
from backend.ports.artifacts import Artifact
from backend.ports.models import ModelInfo, ModelProvider
from backend.ports.values import JsonObject, RouteDecision, Usage

SHOWN_ARGUMENT_CHARS = 20_000


async def pause(run: Run) -> None:
    """Store a run that stopped to ask, so that it can go on here or after a restart, then tell of it.

    Whoever is shown a call can decide about it: the run may have gone on before this returns.

    Raises:
        StewardError: when it could not be stored; then nothing waits, and nothing was shown.
    """
    asking = run.parts.asking
    if asking is None:
        raise ServerFault
    approvals = _approvals(run, asking)
    for ask in run.asks:
        await run.parts.toolbox.note(
            ask["tool"],
            ask["arguments"],
            context_of(run),
            outcome="asked",
            audit_id=ask["audit_id"],
        )
    told: list[LogItem] = [
        approval_event(one, linked(one, asking.links), origin=run.parts.toolbox.origin(one.tool))
        for one in approvals
    ]
    if run.request.approvals == "text":
        told.append(asked_text(approvals, asking.links))
    shown = replace(run, log=RunLog([*run.log.items, *told]))
    now_ms = run.parts.clock.now_ms()
    messages = kept_messages(shown, now_ms=now_ms, instead=asked_text(approvals, None))
    run.parts.kept_servers.keep(run.id, run.request.remote_servers)
    await asking.store.pause(stored_run(shown), messages, approvals, data_of(run, run.pause))
    for item in told:
        run.log.add(item)


async def forget(run: Run) -> None:
    """Forget what is kept of a run that stopped to ask, but does not wait."""
    run.parts.kept_servers.take(run.id)
    if run.parts.asking is not None:
        await run.parts.asking.drop(thread_of(run.request.user_id, run.id))


def _approvals(run: Run, asking: Asking) -> list[Approval]:
    now_ms = run.parts.clock.now_ms()
    base = new_id("apr")  # ids in the order of the calls, which lists keep
    return [
        Approval(
            id=f"{base}{at:03d}",
            run_id=run.id,
            user_id=run.request.user_id,
            call_id=ask["call_id"],
            tool=ask["tool"],
            arguments=masked(ask["arguments"], max_chars=SHOWN_ARGUMENT_CHARS),
            reason=ask["reason"],
            created_at_ms=now_ms,
            expires_at_ms=now_ms + asking.expire_s * 1000,
        )
        for at, ask in enumerate(run.asks)
    ]


def data_of(run: Run, pause: JsonObject) -> JsonObject:
    """Write down what a run goes on from, beside its checkpoint and its log."""
    return {
        "request": written(run.request) | {"remote_servers": remote_pause.written(run)},
        "pause": pause,
        "history": list(run.history),
        "model": run.model.id,
        **found_so_far(run),
    }


def found_so_far(run: Run) -> JsonObject:
    """Write down what a run has found until now."""
    return {
        "decision": _fields(run.decision) if run.decision else None,
        "citations": [citation_object(one) for one in run.citations],
        "artifacts": [_fields(one) for one in run.artifacts],
        "usage": _fields(run.usage),
        "transcript": list(run.transcript),
        "flags": {name: getattr(run, name) for name in FLAGS},
        "sources_told": sorted(run.sources_told),
        "beside": sorted(run.beside),
    }


FLAGS = ("sought", "about_documents", "tainted", "calls_made", "attached", "finish_reason")


def made_whole(
    paused: Pause,
    parts: AgentParts,
    *,
    provider: ModelProvider,
    model: ModelInfo,
    log: RunLog | None = None,
) -> Run:
    """Make a run again that waited: its log starts with all it has shown.

    What it had sent as answer was a question to the user, and is a remark from now on; unless `log`
    is given, which is the log it goes on with.

    Raises:
        StewardError: when its remote servers cannot be used any more.
    """
    data = paused.data
    stored = data["request"].get("remote_servers", [])
    request = replace(
        request_of(data),
        remote_servers=remote_pause.servers_again(paused.run.id, stored, parts),
    )
    decision = data["decision"]
    run = Run(
        id=paused.run.id,
        request=request,
        parts=parts.bound_to(request),
        provider=provider,
        model=model,
        started_at_ms=paused.run.started_at_ms,
        session_id=paused.run.conversation_id,
        history=data["history"],
        log=log or RunLog(restored(paused.run.events)),
        decision=RouteDecision(**decision) if decision else None,
        usage=Usage(**data["usage"]),
        citations=[citation_of(one) for one in data["citations"]],
        artifacts=[Artifact(**one) for one in data["artifacts"]],
        transcript=data["transcript"],
        pause=data["pause"],
        sources_told=frozenset(data["sources_told"]),
        beside=set(data.get("beside", ())),
        **data["flags"],
    )
    if log is None:
        run.log.demote(0)
    remote_pause.work_again(run, stored)
    return run


def decisions_of(paused: Pause) -> dict[str, Decision]:
    """Give what was decided of each call."""
    return {
        call_id: {
            "approved": one.state == "approved",
            "note": one.note,
            "approval_id": one.id,
        }
        for call_id, one in paused.approvals.items()
    }


def ended(
    run: stores.Run, *, state: stores.RunState, words: str, now_ms: int
) -> tuple[stores.Run, Sequence[stores.StoredMessage]]:
    """Give the end of a run that does not go on, and the message that says why in its place."""
    notice = {"kind": "event", "type": "notice", "text": f"{words}\n", "data": {"notice": words}}
    entry = {"kind": "content", "text": words}
    kept = [
        {**one, "kind": "remark"} if one.get("kind") == "content" else one for one in run.events
    ]
    done = replace(
        run,
        state=state,
        events=(*kept, notice, entry),
        trace={**run.trace, "error": words},
        finished_at_ms=now_ms,
    )
    message = stores.StoredMessage(
        id=message_id(run.id),
        conversation_id=run.conversation_id or "",
        message={"role": "assistant", "content": words},
        run_id=run.id,
        state=state,
        created_at_ms=now_ms,
    )
    return done, [message] if run.conversation_id else []


def _fields(value: Any) -> JsonObject:  # noqa: ANN401 - any of our frozen dataclasses
    return {one.name: getattr(value, one.name) for one in fields(value)}
