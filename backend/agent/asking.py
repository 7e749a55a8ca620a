"""Asking the user about a call: what is asked, how it reads, and the link that answers it.

Not for: whether a call must be asked for (`trust`) or what happens then (`pausing`, `approvals`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from backend.agent.approval_links import ApprovalLinks, Linked
from backend.kit.ids import new_id
from backend.kit.json_values import dump_json
from backend.kit.masking import masked
from backend.ports.approvals import Approval, ApprovalStore
from backend.ports.values import JsonObject, ToolCall, TurnEvent

SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
SHOWN_CHARS = 800


class Ask(TypedDict):
    """A call that waits for the user's word; plain values only, for the checkpoint.

    `call_id` is unique in the run and safe in an address (`with_own_ids`); `arguments` are mended.
    """

    call_id: str
    tool: str
    arguments: JsonObject
    reason: str
    audit_id: str


class Decision(TypedDict):
    """What the user said of a call."""

    approved: bool
    note: str
    approval_id: NotRequired[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What calls are asked for with.

    `drop` forgets the checkpoints of a run that will not go on, `drop_of` those of all of a user's runs.
    """

    store: ApprovalStore
    links: ApprovalLinks
    drop: Callable[[str], Awaitable[None]]
    drop_of: Callable[[str], Awaitable[None]]
    expire_s: int = 86_400


def with_own_ids(calls: Sequence[ToolCall], used: set[str]) -> list[ToolCall]:
    """Give calls ids that are unique in their run and safe in an address, as models do not always."""
    own: list[ToolCall] = []
    for call in calls:
        fits = SAFE_ID.fullmatch(call["id"]) and call["id"] not in used
        own.append(call if fits else {**call, "id": new_id("call")})
        used.add(own[-1]["id"])
    return own


def make_ask(call_id: str, *, tool: str, arguments: JsonObject, reason: str) -> Ask:
    """Ask about a call."""
    return {
        "call_id": call_id,
        "tool": tool,
        "arguments": arguments,
        "reason": reason,
        "audit_id": new_id("tool"),
    }


def linked(approval: Approval, links: ApprovalLinks) -> str:
    """Give the address at which an approval can be looked at and decided without log-in."""
    return links.link(
        Linked(
            user_id=approval.user_id,
            run_id=approval.run_id,
            call_id=approval.call_id,
            expires_at_ms=approval.expires_at_ms,
        )
    )


def approval_event(approval: Approval, url: str, *, origin: JsonObject) -> TurnEvent:
    """Tell that a call waits; `origin` is of which remote server its tool is."""
    data: dict[str, Any] = {
        "id": approval.id,
        "call_id": approval.call_id,
        "tool": approval.tool,
        "arguments": approval.arguments,
        "reason": approval.reason,
        "expires_at_ms": approval.expires_at_ms,
        "url": url,
        **origin,
    }
    return TurnEvent(type="approval", text=f"? {approval.tool}: {approval.reason}\n", data=data)


def asked_text(approvals: Sequence[Approval], links: ApprovalLinks | None) -> str:
    """Ask in words; with `links`, each call has the one that answers it.

    Arguments stand in a code block: they may hold markup that somebody else wrote.
    """
    blocks = [_asked(one, linked(one, links) if links else "") for one in approvals]
    head = "Before I go on, I need your word"
    called = "this call" if len(blocks) == 1 else "these calls"
    then = ['When you have decided, send "go on".'] if links else []
    return "\n\n".join([f"{head} on {called}:", *blocks, *then])


def _asked(approval: Approval, url: str) -> str:
    shown = dump_json(masked(approval.arguments)).replace("`", "'")
    if len(shown) > SHOWN_CHARS:
        shown = shown[: SHOWN_CHARS - 1] + "…"
    link = f"\n\n[Look at it and decide]({url})" if url else ""
    return f"**{approval.tool}**\n\n```json\n{shown}\n```\n\nWhy I ask: {approval.reason}.{link}"
