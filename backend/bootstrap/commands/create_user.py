"""`create-user NAME`: add an account."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE, MISUSED, CommandFailed
from backend.bootstrap.commands.passwords import asked_password
from backend.bootstrap.commands.shown import show_account
from backend.config.settings import Settings
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """Add it; the first one must be an administrator, for a server makes none once there is any."""
    password = asked_password(generate=arguments.generate)

    async def work(opened: Opened) -> User:
        if not arguments.admin and not await opened.stores.users.count():
            msg = "the first account must be an administrator: --admin"
            raise CommandFailed(msg, code=MISUSED)
        role = "admin" if arguments.admin else "user"
        return await opened.accounts.create_user(arguments.name, password, role=role)

    made = with_stores(settings, work, make=arguments.admin)
    show_account(made, "made", password=password if arguments.generate else "", json=arguments.json)
    return DONE
