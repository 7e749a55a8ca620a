"""`delete-user NAME`: erase an account and everything of its user."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE, MISUSED, CommandFailed, say
from backend.bootstrap.commands.passwords import confirmed
from backend.bootstrap.commands.shown import show_account
from backend.bootstrap.erasing_users import copies_that_remember, erase_user
from backend.config.settings import Settings
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """Ask, then erase; copies of the database that still hold the user are named."""

    async def find(opened: Opened) -> User:
        return await opened.user(arguments.name)

    user = with_stores(settings, find)
    if not arguments.yes:
        confirmed(f"Everything of {user.username} ({user.id}) will be erased.")

    async def work(opened: Opened) -> bool:
        return await erase_user(settings, opened.stores, user.id)

    if not with_stores(settings, work):
        msg = f"{user.username} has been erased meanwhile"
        raise CommandFailed(msg, code=MISUSED)
    show_account(user, "erased", json=arguments.json)
    for path in copies_that_remember(settings):
        say(f"this copy of the database may still hold it: {path}", aside=True)
    return DONE
