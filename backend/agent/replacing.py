"""Find where a turn stands that gives another version of what was said before."""

from __future__ import annotations

from collections.abc import Sequence

from backend.agent.run import TurnRequest
from backend.errors import InvalidRequest
from backend.ports.stores import StoredMessage


def before(
    stored: Sequence[StoredMessage], request: TurnRequest
) -> tuple[Sequence[StoredMessage], str | None]:
    """Give what comes before the message that a turn replaces, and the id of the first one replaced.

    What one run answered in several messages is replaced as a whole. A turn that replaces nothing
    comes behind everything, and so does one that brings nothing and names a question which nothing
    follows: that is answered, as when the server had stopped meanwhile.

    Raises:
        InvalidRequest: when no such message is shown, or nothing is said in the place of a message
            that is neither an answer nor a question without one.
    """
    if request.replaces is None:
        return stored, None
    ids = [one.id for one in stored]
    if request.replaces not in ids:
        msg = "No such message is shown in this session"
        raise InvalidRequest(msg, param="replaces")
    at = ids.index(request.replaces)
    if not request.messages and stored[at] is stored[-1] and _asks(stored[at]):
        return stored, None
    if not request.messages and not _answers(stored[at]):
        msg = "Only an answer, or a question without one, needs no messages in its place"
        raise InvalidRequest(msg, param="replaces")
    while at > 0 and _of_one_answer(stored[at - 1], stored[at]):
        at -= 1
    return stored[:at], ids[at]


def _answers(one: StoredMessage) -> bool:
    return one.message["role"] == "assistant"


def _asks(one: StoredMessage) -> bool:
    return one.message["role"] in {"user", "tool"}


def _of_one_answer(first: StoredMessage, second: StoredMessage) -> bool:
    same_run = first.run_id is not None and first.run_id == second.run_id
    return same_run and _answers(first) and _answers(second)
