"""`disable-user NAME`: disable an account; a running server refuses its requests within a second.

What waits to be read of it is read when somebody asks for it again.
"""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE
from backend.bootstrap.commands.shown import show_account
from backend.config.settings import Settings
from backend.documents.library import STOPPED
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """Change it."""

    async def work(opened: Opened) -> User:
        user = await opened.user(arguments.name)
        disabled = await opened.accounts.update_user(
            user.id, role=None, disabled=True, password=None
        )
        await opened.stores.jobs.drop_of(user.id, reason=STOPPED, now_ms=opened.clock.now_ms())
        return disabled

    show_account(with_stores(settings, work), "disabled", json=arguments.json)
    return DONE
