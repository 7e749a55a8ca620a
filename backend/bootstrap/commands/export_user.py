"""`export-user NAME FILE`: everything of one user in one archive."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.archive_files import PIPE, writing_to
from backend.bootstrap.commands.opened import Opened, with_stores
from backend.bootstrap.commands.outcome import DONE, FAILED, say, say_json
from backend.bootstrap.moving_users import export_user
from backend.config.settings import Settings
from backend.ports.stores import User


def run(settings: Settings, arguments: Namespace) -> int:
    """Write it; fail, with it in place, when files were missing that rows name."""

    async def find(opened: Opened) -> User:
        return await opened.user(arguments.name)

    user, name = with_stores(settings, find), str(arguments.file)
    with writing_to(name) as out:
        about = export_user(settings, user, out, with_password=arguments.with_password)
    if arguments.json and name != PIPE:
        say_json(about)
    else:
        rows, aside = sum(about["counts"].values()), name == PIPE
        say(f"exported: {user.username} ({user.id}), {rows:,} rows", aside=aside)
    for one in about["missing"]:
        say(f"missing, though the database names it: {one}", aside=True)
    return FAILED if about["missing"] else DONE
