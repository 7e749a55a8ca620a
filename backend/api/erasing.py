"""Erase what stands behind several addresses."""

from __future__ import annotations

from backend.api.deps import AppServices
from backend.errors import NotFound

MISSING = "There is no such conversation"


async def erase_conversation(found: AppServices, user_id: str, conversation_id: str) -> None:
    """Erase a conversation with its messages, runs and files made in it; a running answer is stopped.

    Raises:
        NotFound: when it is not the user's.
    """
    for run in list(found.turns.active.values()):
        if run.session_id == conversation_id and run.request.user_id == user_id:
            run.cancel()
    await found.elsewhere.stop_session(user_id, conversation_id)
    await found.approvals.cancel_of(user_id, conversation_id=conversation_id)
    if not await found.conversations.delete(user_id, conversation_id):
        raise NotFound(MISSING, param="conversation_id")
    if found.artifacts is not None:
        await found.artifacts.tidy(user_id)
