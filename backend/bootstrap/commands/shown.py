"""How commands show accounts: never their hashes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from backend.bootstrap.commands.outcome import say, say_json
from backend.ports.stores import User


def account_fields(user: User) -> dict[str, Any]:
    """Give what may be shown of an account."""
    made = datetime.fromtimestamp(user.created_at_ms / 1000, UTC)
    return {
        "id": user.id,
        "username": user.username,
        "role": user.role,
        "disabled": user.disabled,
        "created_at": made.isoformat(timespec="seconds"),
    }


def show_account(user: User, done: str, *, json: bool, password: str = "") -> None:
    """Say what was done with an account; a generated password is shown this once."""
    if json:
        say_json({**account_fields(user), **({"password": password} if password else {})})
        return
    say(f"{done}: {user.username} ({user.role}, {user.id})")
    if password:
        say(f"password (shown this once): {password}")
