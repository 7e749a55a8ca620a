"""`enable-user NAME`: enable an account; log-ins and keys work again."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE
from backend.bootstrap.commands.shown import show_account
from backend.config.settings import Settings
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """Change it."""

    async def work(opened: Opened) -> User:
        user = await opened.user(arguments.name)
        return await opened.accounts.update_user(user.id, role=None, disabled=False, password=None)

    show_account(with_stores(settings, work), "enabled", json=arguments.json)
    return DONE
