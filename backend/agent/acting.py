"""Carry out one server tool call of a run: mend it, call it, show it, number what it cites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from pydantic import RootModel

from backend.agent import citing, prompts
from backend.agent.loose_object import read_object
from backend.agent.run import Run, artifact_object, citation_object
from backend.agent.structured import NotStructured, ask_json
from backend.agent.toolbox import CallOutcome
from backend.ports.tools import ToolContext, Touch
from backend.ports.values import JsonObject, ToolCall, TurnEvent

SHOWN_CHARS = 300
EVENT_DATA_BYTES = 16_384
SOURCES: frozenset[Touch] = frozenset({"reads_user_data", "reads_outside"})


class Arguments(RootModel[dict[str, Any]]):
    """Arguments of a tool call, checked by the tool's own model."""


async def act(run: Run, call: ToolCall, *, question: str = "") -> CallOutcome:
    """Carry out a call; the outcome's text carries the run's citation numbers."""
    name = call["function"]["name"]
    arguments = read_arguments(call["function"]["arguments"])
    toolbox = run.parts.toolbox
    if name in toolbox.available:
        run.sought |= not SOURCES.isdisjoint(toolbox.available[name].touches)
        fault = toolbox.fault(name, arguments)
        if fault is not None:
            arguments = await _mended(run, name, arguments, fault=fault, question=question)
    shown = ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
    run.say(
        TurnEvent(
            type="tool_call",
            text=f"\n→ {name}({shown})\n",
            data={"call_id": call["id"], "tool": name, "arguments": arguments},
        )
    )
    outcome = await toolbox.call(name, arguments, _context(run))
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
    quoted = sorted({one.file_id for one in outcome.citations if one.file_id})
    event = _result_event(call, numbered, quoted=quoted)
    if outcome.artifacts and run.parts.artifacts:
        link = run.parts.artifacts.link
        event.data["artifacts"] = [artifact_object(one, link(one)) for one in outcome.artifacts]
    run.say(event)
    return numbered


def _context(run: Run) -> ToolContext:
    asked = run.request
    return ToolContext(
        user_id=asked.user_id,
        username=asked.username,
        role=asked.role,
        run_id=run.id,
        session_id=run.session_id,
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
    wrong = orjson.dumps(arguments, default=str).decode()
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


def _result_event(call: ToolCall, outcome: CallOutcome, *, quoted: Sequence[str]) -> TurnEvent:
    """Tell of a result; `citations` are those that are new to the run, `file_ids` all it quotes."""
    mark = "←" if outcome.outcome == "ok" else "✗"
    data: JsonObject = {
        "call_id": call["id"],
        "tool": call["function"]["name"],
        "outcome": outcome.outcome,
        "duration_ms": outcome.duration_ms,
        "text": outcome.text[:EVENT_DATA_BYTES],
        "citations": [citation_object(one) for one in outcome.citations],
    }
    if quoted:
        data["file_ids"] = list(quoted)
    if outcome.data and len(orjson.dumps(outcome.data, default=str)) <= EVENT_DATA_BYTES:
        data["data"] = outcome.data
    return TurnEvent(type="tool_result", text=f"{mark} {_short(outcome.text)}\n", data=data)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
