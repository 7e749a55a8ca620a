"""`list-users`: the accounts, oldest first."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE, say, say_json
from backend.bootstrap.commands.shown import account_fields
from backend.config.settings import Settings
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """List them."""

    async def work(opened: Opened) -> Sequence[User]:
        return await opened.stores.users.list()

    found = [account_fields(one) for one in with_stores(settings, work)]
    if arguments.json:
        say_json(found)
        return DONE
    for one in found:
        state = "disabled" if one["disabled"] else ""
        say("\t".join((one["username"], one["role"], one["id"], one["created_at"], state)).rstrip())
    return DONE
