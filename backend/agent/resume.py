"""Make one sound history of what is stored, what is new and what this server's tools had found.

A stock client sends back only what it saw: its own calls and their results. The ids of those calls
name the run, whose transcript holds what was found before. Strict upstreams refuse a call without
a result, a result without its call, and two user messages in a row, so what a turn left open, or
what became of a session whose owner added and deleted messages, is put right here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from backend.agent import citing, made_files
from backend.agent.approval_links import run_in
from backend.agent.context import message_text
from backend.agent.run import citation_of
from backend.errors import InvalidRequest
from backend.ports.stores import RunStore, StoredMessage
from backend.ports.values import KEPT_ITEM, ChatMessage, Citation, ToolCall

UNANSWERED = "(No answer was given.)"
NO_RESULT = "(The caller gave no result for this call.)"
GONE = "(I asked for the user's word on a call. What came of it is not known any more.)"
STILL = {
    "waiting": "(I asked for the user's word on a call, and it has not been given yet: nothing was done.)",
    "running": "(The user has decided about the call I asked for, and it is being carried out.)",
}
CALL_ID = re.compile(r"call_([0-9a-f]{32})_\d{1,3}")


def named(run_id: str, calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Give calls ids that name the run."""
    key = run_id.removeprefix("run_")
    return [{**call, "id": f"call_{key}_{at}"} for at, call in enumerate(calls)]


def run_of(call_id: str) -> str | None:
    """Give the run that a call id names, if it is one of ours."""
    match = CALL_ID.fullmatch(call_id)
    return f"run_{match[1]}" if match else None


def continued(stored: Sequence[StoredMessage], new: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Join a session's messages and the new ones; a turn that ended silently is marked as such."""
    whole: list[ChatMessage] = []
    last: StoredMessage | None = None
    for one in _sound(stored):
        if last is not None and _both_ask(last.message, one.message) and last.run_id != one.run_id:
            whole.append({"role": "assistant", "content": UNANSWERED})
        whole.append(one.message)
        last = one
    if last is not None and new and _both_ask(last.message, new[0]):
        whole.append({"role": "assistant", "content": UNANSWERED})
    return _paired([*whole, *new])


def _sound(stored: Iterable[StoredMessage]) -> Iterator[StoredMessage]:
    """Pass over what says nothing to a model: kept items, lone thoughts, results without a call."""
    waiting: set[str] = set()
    for one in stored:
        message = one.message
        role, calls = message["role"], message.get("tool_calls") or ()
        empty = role == "assistant" and message.get("content") is None and not calls
        if role == KEPT_ITEM or empty:
            continue
        if role == "tool":
            call_id = message.get("tool_call_id", "")
            if call_id not in waiting:
                continue
            waiting.remove(call_id)
        elif role != "assistant":
            waiting.clear()
        waiting |= {call["id"] for call in calls}
        yield one


def _paired(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Put each result behind the message that asked for it, unless the user spoke between them."""
    slots: list[list[ChatMessage]] = []
    waiting: dict[str, list[ChatMessage]] = {}
    for message in messages:
        slot = waiting.pop(message.get("tool_call_id", ""), None)
        if message["role"] == "tool" and slot is not None:
            slot.append(message)
            continue
        if message["role"] not in {"assistant", "tool"}:
            waiting = {}
        slots.append([message])
        waiting |= {call["id"]: slots[-1] for call in message.get("tool_calls") or ()}
    return [message for slot in slots for message in slot]


def _both_ask(first: ChatMessage, second: ChatMessage) -> bool:
    return first["role"] == second["role"] == "user"


def closed(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Give every call that was left without a result one that says so, and results their calls' order.

    Templates of many models know results by their order alone.

    Raises:
        InvalidRequest: for a result that answers no call before it, as OpenAI does.
    """
    whole: list[ChatMessage] = []
    results: dict[str, ChatMessage | ToolCall] = {}
    for message in messages:
        if message["role"] == "tool":
            call_id = message.get("tool_call_id", "")
            if "role" in results.get(call_id, message):
                msg = "A tool message must answer a call in the assistant message before it"
                raise InvalidRequest(msg, param="messages")
            results[call_id] = message
        else:
            whole.extend(map(_result, results.values()))
            results = {call["id"]: call for call in message.get("tool_calls") or ()}
            whole.append(message)
    return [*whole, *map(_result, results.values())]


def _result(found: ChatMessage | ToolCall) -> ChatMessage:
    return found if "role" in found else _no_result(found)


def _no_result(call: ToolCall) -> ChatMessage:
    return {
        "role": "tool",
        "tool_call_id": call["id"],
        "name": call["function"]["name"],
        "content": NO_RESULT,
    }


async def restored(
    messages: Sequence[ChatMessage], *, user_id: str, runs: RunStore
) -> list[ChatMessage]:
    """Put the transcripts of the user's earlier runs back where their client calls stand.

    A message that asked for the user's word, known by its link, gives way to what came of it; the link
    itself never reaches a model. Answers of earlier turns lose their markers: this turn numbers its own passages, and a marker
    that a model copies would point at the wrong one.
    """
    whole: list[ChatMessage] = []
    for message in messages:
        asked = _asked_by(message)
        if asked:
            whole.extend(await _outcome(asked, user_id=user_id, runs=runs))
            continue
        run_id = _run_id(message)
        run = await runs.get(user_id, run_id) if run_id else None
        transcript = _as_left(run.trace.get("transcript") or (), message) if run else None
        whole.extend(transcript or [made_files.named_only(citing.without_markers(message))])
    return whole


def _as_left(transcript: Sequence[ChatMessage], message: ChatMessage) -> list[ChatMessage]:
    """Give a run's transcript without client calls that were deleted from its message since."""
    known = {call["id"] for call in message.get("tool_calls") or ()}
    known |= {one.get("tool_call_id", "") for one in transcript if one["role"] == "tool"}
    whole: list[ChatMessage] = []
    for one in transcript:
        calls = one.get("tool_calls") or ()
        left = [call for call in calls if call["id"] in known]
        if len(left) < len(calls):
            one = cast("ChatMessage", {**one, "tool_calls": left})
        whole.append(one)
    return whole


def _asked_by(message: ChatMessage) -> str | None:
    """Give the run whose question for the user's word a message holds."""
    if message["role"] != "assistant":
        return None
    content = message.get("content")
    return run_in(content if isinstance(content, str) else message_text(message))


async def _outcome(run_id: str, *, user_id: str, runs: RunStore) -> list[ChatMessage]:
    run = await runs.get(user_id, run_id)
    if run is None:
        return [{"role": "assistant", "content": GONE}]
    if run.state in STILL:
        return [{"role": "assistant", "content": STILL[run.state]}]
    said = "".join(one["text"] for one in run.events if one.get("kind") == "content")
    answer: ChatMessage = {"role": "assistant", "content": said or UNANSWERED}
    if run.state != "completed":
        return [answer]
    named = made_files.named_only(citing.without_markers(answer))
    return [*(run.trace.get("transcript") or ()), named]


async def found_before(
    messages: Sequence[ChatMessage], *, user_id: str, runs: RunStore
) -> list[Citation]:
    """Give what the run found whose client calls this turn goes on from; its numbers are in use."""
    turn: list[ChatMessage] = []
    for message in messages:
        turn = [] if message["role"] == "user" else [*turn, message]
    run_id = next(filter(None, map(_run_id, reversed(turn))), None)
    run = await runs.get(user_id, run_id) if run_id else None
    return [citation_of(one) for one in (run.trace.get("citations") or () if run else ())]


def _run_id(message: ChatMessage) -> str | None:
    calls = message.get("tool_calls")
    return run_of(calls[0]["id"]) if message["role"] == "assistant" and calls else None
