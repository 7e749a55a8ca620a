"""Go on with a response that asked for the user's word. Not for: reading that word (`responses.decisions`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.agent.run import Run
from backend.api.deps import AppServices
from backend.api.responses.asked import Asked
from backend.api.responses.decisions import Word
from backend.errors import Conflict, InvalidRequest, NotFound
from backend.kit.ids import new_id
from backend.ports.accounts import Principal


async def go_on(
    words: Sequence[Word], asked: Asked, *, caller: Principal, found: AppServices
) -> tuple[Run, Asked]:
    """Decide, and give the run that goes on with how its further answer is to be shown.

    Raises:
        NotFound, InvalidRequest, Conflict: naming the item, or the conversation.
        NotAllowed: when the run may use more than the caller's key.
    """
    ids = [one.approval_id for one in words]
    place = f"{words[0].place}.approval_request_id"
    if len(set(ids)) < len(ids):
        raise InvalidRequest("A call is decided about once", param=place)
    user_id = asked.turn.user_id
    try:
        waiting = await found.approvals.pending_of(user_id, ids)
        await _check_conversation(asked, waiting[0].run_id, found)
        said = [(one, word.approve, word.note) for one, word in zip(waiting, words, strict=True)]
        run = await found.approvals.go_on(said, by=caller, servers=asked.turn.remote_servers)
    except (NotFound, InvalidRequest, Conflict) as exc:
        exc.param = exc.param or place
        raise
    # Nothing has run since: the task of the run begins when this one waits.
    further = replace(
        asked,
        key=new_id("resp").removeprefix("resp_"),
        skipped=len(run.log.items),
        used=run.usage,
        begun_at_ms=found.clock.now_ms(),
    )
    return run, further


async def _check_conversation(asked: Asked, run_id: str, found: AppServices) -> None:
    session = asked.turn.session_id
    if session is None:
        return
    stored = await found.runs.get(asked.turn.user_id, run_id)
    if stored is not None and stored.conversation_id != session:
        msg = "The response that asked is of another conversation"
        raise InvalidRequest(msg, param="conversation")
