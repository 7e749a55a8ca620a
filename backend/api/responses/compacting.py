"""Make a conversation short: what its user said, and a summary of the rest by the model. Pure."""

from __future__ import annotations

from dataclasses import replace

from backend.agent.run import Run, TurnRequest
from backend.api.items import compaction_item, items_of
from backend.api.responses.answer import key_of, usage_object
from backend.api.responses.asked import Asked
from backend.errors import InvalidRequest
from backend.ports.values import ChatMessage, JsonObject

SUMMARISE = (
    "Summarise our conversation until here, for somebody who goes on with it and sees nothing else of"
    " it. Keep what was asked and decided, facts, names, numbers, results of tools, and what is still"
    " to be done. Write the summary alone."
)


def summarising(asked: Asked) -> TurnRequest:
    """Give the turn that writes the summary; it calls no tool and is kept nowhere.

    Raises:
        InvalidRequest: when there is nothing to summarise.
    """
    turn = asked.turn
    if turn.session_id is not None:
        msg = "A conversation is made short by its items: give them as input"
        raise InvalidRequest(msg, param="conversation")
    if not any(one["role"] != "system" for one in turn.messages):
        raise InvalidRequest("There is nothing to make short", param="input")
    question: ChatMessage = {"role": "user", "content": SUMMARISE}
    return replace(turn, messages=[*turn.messages, question], mode="chat", keeps_files=False)


def compacted(run: Run) -> JsonObject:
    """Give the conversation made short: the user's messages, then what stands for all of it."""
    key = key_of(run)
    said = [one for one in run.request.messages[:-1] if one["role"] == "user"]
    items = [item for at, one in enumerate(said) for item in items_of(one, f"msg_{key}_{at}")]
    summary = run.log.content().strip()
    return {
        "id": f"resp_{key}",
        "object": "response.compaction",
        "created_at": run.started_at_ms // 1000,
        "output": [*items, compaction_item(summary, f"cmp_{key}")],
        "usage": usage_object(run.usage),
    }
