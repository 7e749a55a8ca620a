"""`reset-password NAME`: give an account another password and end its log-ins."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE
from backend.bootstrap.commands.passwords import asked_password
from backend.bootstrap.commands.shown import show_account
from backend.config.settings import Settings
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """Change it; API keys go on working."""
    password = asked_password(generate=arguments.generate)

    async def work(opened: Opened) -> User:
        user = await opened.user(arguments.name)
        return await opened.accounts.update_user(
            user.id, role=None, disabled=None, password=password
        )

    changed = with_stores(settings, work)
    shown = password if arguments.generate else ""
    show_account(changed, "password changed", password=shown, json=arguments.json)
    return DONE
