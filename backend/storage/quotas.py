"""How much one user keeps, held against how much may be kept; for both adapters of each store."""

from __future__ import annotations

from collections.abc import Sequence

from backend.errors import QuotaExceeded
from backend.kit.json_values import dump_json
from backend.ports.document_stores import FileLimits, Kept
from backend.ports.stores import StoredMessage

_WAIT_S = 30.0
CONVERSATION_CHARS = 64 * 1024 * 1024  # all of it is read for each turn


def check_quota(limits: FileLimits, kept: Kept, more: Kept) -> None:
    """Refuse what would pass a limit; what does not grow is not held against one.

    Raises:
        QuotaExceeded: with the limit, and what can be done.
    """
    if more.files and kept.files + more.files > limits.files:
        msg = f"You have {kept.files:,} files and may keep {limits.files:,}; delete some first."
        raise QuotaExceeded(msg)
    if more.size_bytes and kept.size_bytes + more.size_bytes > limits.bytes:
        msg = (
            f"Your files hold {kept.size_bytes:,} bytes, this one adds {more.size_bytes:,}, and "
            f"{limits.bytes:,} may be kept; delete some first."
        )
        raise QuotaExceeded(msg)
    if more.waiting and kept.waiting + more.waiting > limits.waiting:
        msg = f"{kept.waiting:,} of your documents wait to be read; add more when they are ready."
        raise QuotaExceeded(msg, retry_after_s=_WAIT_S)


def check_conversation(kept_chars: int, new_messages: Sequence[StoredMessage]) -> None:
    """Refuse messages, as JSON, with which a conversation would grow too large to go on in.

    Raises:
        QuotaExceeded: with the limit, and what can be done.
    """
    if kept_chars + sum(len(dump_json(one.message)) for one in new_messages) > CONVERSATION_CHARS:
        msg = f"A conversation holds {CONVERSATION_CHARS:,} characters; go on in a new one."
        raise QuotaExceeded(msg)
