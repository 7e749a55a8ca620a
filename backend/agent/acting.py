"""Carry out one server tool call of a run: mend it, judge it, call it, show it, number what it cites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from pydantic import RootModel

from backend.agent import citing, prompts
from backend.agent.asking import Ask, Decision, make_ask
from backend.agent.loose_object import read_object
from backend.agent.policy import DENIED
from backend.agent.run import Run, artifact_object, citation_object
from backend.agent.structured import NotStructured, ask_json
from backend.agent.toolbox import CallOutcome
from backend.agent.trust import ALLOWED, Judgement, judged, taints
from backend.kit.addresses_told import host_of, hosts_in
from backend.kit.fences import defused
from backend.kit.ids import id_within
from backend.ports.tools import ToolContext, Touch
from backend.ports.values import Citation, JsonObject, ToolCall, TurnEvent

SHOWN_CHARS = 300
EVENT_DATA_BYTES = 16_384
EVENT_HOSTS = 200
SOURCES: frozenset[Touch] = frozenset({"reads_user_data", "reads_outside"})
CANNOT_ASK = "Not done: this needs the user's word, and this server has no way to ask for it."
NO_MORE = "Not done: the caller allows {most} tool calls in all. Answer with what there is."
NOT_ALLOWED = "Not done: the user did not allow this call. Do not try it again; go on without it."


class Arguments(RootModel[dict[str, Any]]):
    """Arguments of a tool call, checked by the tool's own model."""


async def act(
    run: Run, call: ToolCall, *, question: str = "", tainted: bool | None = None
) -> CallOutcome | Ask:
    """Carry out a call, or give what to ask the user first.

    The outcome's text carries the run's citation numbers. `tainted` is whether text that nobody
    vouches for had entered the run when the call was made; None takes the run as it is now.
    """
    most = run.request.max_tool_calls
    if most is not None and run.calls_made >= most:
        return CallOutcome(outcome="denied", text=NO_MORE.format(most=most))
    run.calls_made += 1
    name = call["function"]["name"]
    arguments = read_arguments(call["function"]["arguments"])
    toolbox = run.parts.toolbox
    judgement = ALLOWED
    if name in toolbox.available:
        card = toolbox.available[name]
        run.sought |= not SOURCES.isdisjoint(card.touches)
        tainted = run.tainted if tainted is None else tainted
        fault = toolbox.fault(name, arguments)
        if fault is not None:
            arguments = await _mended(run, name, arguments, fault=fault, question=question)
        judgement = judged(run, card.for_call(arguments), arguments, tainted=tainted)
    if judgement.verdict != "allow":
        return await _held_back(run, call, arguments, judgement)
    return await _carried_out(run, call["id"], name, arguments)


async def decided(run: Run, ask: Ask, decision: Decision) -> CallOutcome:
    """Carry out a call that the user allowed; otherwise tell the model that it was not."""
    if decision["approved"]:
        return await _carried_out(
            run,
            ask["call_id"],
            ask["tool"],
            ask["arguments"],
            audit_id=ask["audit_id"],
            approval_id=decision.get("approval_id", ""),
        )
    text = NOT_ALLOWED
    if decision["note"]:
        text = f"{text} The user says: {decision['note']}"
    return await _refused(run, ask, text, approval_id=decision.get("approval_id", ""))


async def _held_back(
    run: Run, call: ToolCall, arguments: JsonObject, judgement: Judgement
) -> CallOutcome | Ask:
    """Refuse a call that the rules deny; give what to ask about any other."""
    ask = make_ask(
        call["id"],
        tool=call["function"]["name"],
        arguments=arguments,
        reason=judgement.reason,
    )
    if judgement.verdict == "deny":
        return await _refused(run, ask, f"Not done: {DENIED}. Go on without it.")
    return ask if run.parts.asking is not None else await _refused(run, ask, CANNOT_ASK)


async def _refused(run: Run, ask: Ask, text: str, *, approval_id: str = "") -> CallOutcome:
    event = _call_event(run, ask["call_id"], ask["tool"], ask["arguments"], approval_id=approval_id)
    event.data["denied"] = True
    run.say(event)
    await run.parts.toolbox.note(
        ask["tool"], ask["arguments"], context_of(run), outcome="denied", audit_id=ask["audit_id"]
    )
    outcome = CallOutcome(outcome="denied", text=text)
    event = _result_event(ask["call_id"], ask["tool"], outcome, sources=())
    event.data.update(run.parts.toolbox.origin(ask["tool"]))
    run.say(event)
    return outcome


async def _carried_out(
    run: Run,
    call_id: str,
    name: str,
    arguments: JsonObject,
    *,
    audit_id: str = "",
    approval_id: str = "",
) -> CallOutcome:
    run.say(_call_event(run, call_id, name, arguments, approval_id=approval_id))
    toolbox = run.parts.toolbox
    card = toolbox.available.get(name)
    if card is not None:
        reached = card.for_call(arguments)
        run.tainted |= taints(reached)
        if (
            "writes_outside" in reached.touches
        ):  # one call, one row: what a crash left of it is found
            audit_id = audit_id or id_within("tool", run.id, call_id)
    outcome = await toolbox.call(name, arguments, context_of(run), audit_id=audit_id)
    run.artifacts += outcome.artifacts
    first_own = len(run.citations)
    text = citing.number(outcome.text, outcome.citations, known=run.citations)
    numbered = CallOutcome(
        outcome=outcome.outcome,
        text=text,
        data=outcome.data,
        citations=tuple(run.citations[first_own:]),
        artifacts=outcome.artifacts,
        duration_ms=outcome.duration_ms,
    )
    event = _result_event(call_id, name, numbered, sources=outcome.citations)
    if outcome.artifacts and run.parts.artifacts:
        link = run.parts.artifacts.link
        event.data["artifacts"] = [artifact_object(one, link(one)) for one in outcome.artifacts]
    event.data.update(toolbox.origin(name))
    run.say(event)
    return numbered


def _call_event(
    run: Run, call_id: str, name: str, arguments: JsonObject, *, approval_id: str = ""
) -> TurnEvent:
    """Tell of a call; of one of a remote server, with its label, its own name, and what allowed it."""
    shown = ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
    data: JsonObject = {"call_id": call_id, "tool": name, "arguments": arguments}
    data.update(run.parts.toolbox.origin(name))
    if approval_id:
        data["approval_id"] = approval_id
    return TurnEvent(type="tool_call", text=f"\n→ {name}({shown})\n", data=data)


def context_of(run: Run) -> ToolContext:
    """Give who calls, and within which run."""
    asked = run.request
    return ToolContext(
        user_id=asked.user_id,
        username=asked.username,
        role=asked.role,
        run_id=run.id,
        session_id=run.session_id,
        file_ids=asked.file_ids,
        passages=asked.passages,
    )


def read_arguments(text: str) -> JsonObject:
    """Read a call's arguments; what cannot be read becomes an empty object for the model to mend."""
    try:
        found: object = orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError:
        found = read_object(text)
    return cast("JsonObject", found) if isinstance(found, dict) else {}


async def _mended(
    run: Run, name: str, arguments: Mapping[str, Any], *, fault: str, question: str
) -> JsonObject:
    card = run.parts.toolbox.available[name]
    wrong = defused(orjson.dumps(arguments, default=str).decode())
    text = f"{prompts.question_block(question)}\nYour call {name}({wrong}) is wrong. {fault}"
    try:
        mended = await ask_json(
            run,
            [{"role": "user", "content": f"{text}\nReply with the corrected arguments."}],
            shape=Arguments,
            schema={**card.parameters(), "title": "ToolInput"},
        )
    except NotStructured:
        return dict(arguments)
    return mended.root


def _result_event(
    call_id: str, name: str, outcome: CallOutcome, *, sources: Sequence[Citation]
) -> TurnEvent:
    """Tell of a result.

    `citations` are those that are new to the run, `cited` the ids of all where some are known,
    `file_ids` all it quotes, `hosts` those whose addresses it holds.
    """
    mark = "←" if outcome.outcome == "ok" else "✗"
    data: JsonObject = {
        "call_id": call_id,
        "tool": name,
        "outcome": outcome.outcome,
        "duration_ms": outcome.duration_ms,
        "text": outcome.text[:EVENT_DATA_BYTES],
        "citations": [citation_object(one) for one in outcome.citations],
    }
    quoted = sorted({one.file_id for one in sources if one.file_id})
    if quoted:
        data["file_ids"] = quoted
    if len(sources) > len(outcome.citations):
        data["cited"] = [one.id for one in sources]
    hosts = _hosts(outcome.text, sources)
    if hosts:
        data["hosts"] = hosts
    if outcome.data and len(orjson.dumps(outcome.data, default=str)) <= EVENT_DATA_BYTES:
        data["data"] = outcome.data
    return TurnEvent(type="tool_result", text=f"{mark} {_short(outcome.text)}\n", data=data)


def _hosts(text: str, sources: Sequence[Citation]) -> list[str]:
    cited = dict.fromkeys(host_of(one.url) for one in sources if one.url)
    named = dict.fromkeys(hosts_in(text, limit=EVENT_HOSTS))
    return [host for host in {**cited, **named} if host][:EVENT_HOSTS]


def _short(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
