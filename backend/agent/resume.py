"""Pick up a turn that a client tool had ended.

A stock client sends back only what it saw: its own calls and their results. The ids of those calls
name the run, whose transcript holds what this server's tools had found before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from backend.ports.stores import RunStore
from backend.ports.values import ChatMessage, ToolCall

CALL_ID = re.compile(r"call_([0-9a-f]{32})_\d{1,3}")


def named(run_id: str, calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Give calls ids that name the run."""
    key = run_id.removeprefix("run_")
    return [{**call, "id": f"call_{key}_{at}"} for at, call in enumerate(calls)]


def run_of(call_id: str) -> str | None:
    """Give the run that a call id names, if it is one of ours."""
    match = CALL_ID.fullmatch(call_id)
    return f"run_{match[1]}" if match else None


async def restored(
    messages: Sequence[ChatMessage], *, user_id: str, runs: RunStore
) -> list[ChatMessage]:
    """Put the transcripts of the user's earlier runs back where their client calls stand."""
    whole: list[ChatMessage] = []
    for message in messages:
        run_id = _run_id(message)
        run = await runs.get(user_id, run_id) if run_id else None
        transcript = run.trace.get("transcript") if run else None
        whole.extend(transcript or [message])
    return whole


def settled(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Take out calls whose results never came, and a message that held nothing else.

    A caller may go on with a session without having carried them out; strict upstreams would
    refuse every later turn.
    """
    whole: list[ChatMessage] = []
    for at, message in enumerate(messages):
        calls = message.get("tool_calls")
        if not calls:
            whole.append(message)
            continue
        answered = _answered(messages[at + 1 :])
        kept = [call for call in calls if call["id"] in answered]
        if kept:
            whole.append({**message, "tool_calls": kept})
        elif message.get("content"):
            bare = message.copy()
            del bare["tool_calls"]
            whole.append(bare)
    return whole


def _answered(following: Sequence[ChatMessage]) -> set[str]:
    results = itertools.takewhile(lambda message: message["role"] == "tool", following)
    return {message.get("tool_call_id", "") for message in results}


def _run_id(message: ChatMessage) -> str | None:
    calls = message.get("tool_calls")
    return run_of(calls[0]["id"]) if message["role"] == "assistant" and calls else None
