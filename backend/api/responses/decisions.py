"""Read the user's word on calls that wait out of the items of a request. Pure.

Not for: deciding, which lets the run that asked go on (`agent.approvals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.api.items import kind_of
from backend.errors import InvalidRequest
from backend.ports.values import JsonObject

ANSWERED = "mcp_approval_response"
ALONE = (
    "What answers approval requests goes on with the response that asked; send other input with the"
    " next one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the user says of one call that waits."""

    approval_id: str
    approve: bool
    note: str
    place: str


def words_in(items: Sequence[JsonObject], *, follows: bool) -> list[Word]:
    """Give the user's words at the end of the items; earlier ones are history, which is passed over.

    `follows` tells that the items follow a kept response, so that nothing else may stand among them.

    Raises:
        InvalidRequest: naming what is wrong.
    """
    found: list[Word] = []
    for at in reversed(range(len(items))):
        if kind_of(items[at]) != ANSWERED:
            break
        found.append(_word(items[at], f"input[{at}]"))
    if found and follows and len(found) < len(items):
        raise InvalidRequest(ALONE, param="input")
    return found[::-1]


def _word(item: JsonObject, place: str) -> Word:
    approval_id, approve, note = (
        item.get(name) for name in ("approval_request_id", "approve", "reason")
    )
    if not isinstance(approval_id, str) or not approval_id:
        msg = "approval_request_id is the id of an mcp_approval_request"
        raise InvalidRequest(msg, param=f"{place}.approval_request_id")
    if not isinstance(approve, bool):
        raise InvalidRequest("approve is true or false", param=f"{place}.approve")
    if not isinstance(note, str | None):
        raise InvalidRequest("reason is a text", param=f"{place}.reason")
    return Word(approval_id=approval_id, approve=approve, note=(note or "")[:2_000], place=place)
