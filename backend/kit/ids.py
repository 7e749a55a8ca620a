"""Identifiers: a readable prefix, then 80 random bits behind a time stamp.

Sorted as text they are sorted by the time they were made, which keeps database indexes compact.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time

_STAMPED = re.compile(r"[a-z]+[-_]([0-9a-f]{12})[0-9a-f]{20}")


def new_id(prefix: str) -> str:
    """Make an id such as `run_019ac3f2b1c4d0e5f60718293a4b`; `file` takes a hyphen as at OpenAI."""
    joint = "-" if prefix in {"file", "chatcmpl", "cmpl"} else "_"
    return f"{prefix}{joint}{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def made_at(made: str) -> int | None:
    """Read when an id was made, in milliseconds since 1970 UTC; None for one of another form."""
    found = _STAMPED.fullmatch(made)
    return None if found is None else int(found[1], 16)


def id_within(prefix: str, *names: str) -> str:
    """Make the id that always belongs to these names, so that what is done again has the same."""
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()
    return f"{prefix}_{digest[:32]}"
