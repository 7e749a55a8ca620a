"""`import-user FILE`: make an account of what `export-user` wrote."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from dataclasses import asdict

from backend.bootstrap.arriving_users import Arrived, import_user
from backend.bootstrap.commands.archive_files import reading_from
from backend.bootstrap.commands.outcome import DONE, say, say_json
from backend.bootstrap.databases import require_installation
from backend.config.settings import Settings
from backend.storage.schema import prepare_database


def run(settings: Settings, arguments: Namespace) -> int:
    """Make it, as an ordinary account unless --admin says otherwise: the archive does not decide that."""

    async def work() -> Arrived:
        await prepare_database(settings.database_url.get_secret_value())
        role = "admin" if arguments.admin else "user"
        with reading_from(arguments.file) as source:
            return await import_user(settings, source, name=arguments.name, role=role)

    if not arguments.admin:  # the first account must be one, as `create-user` has it
        require_installation(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = asyncio.run(work())
    if arguments.json:
        say_json(asdict(made))
        return DONE
    how = "under new ids" if made.new_ids else "under its old ids"
    say(f"imported: {made.username} ({made.role}, {made.user_id}), {how}")
    say(f"{sum(made.counts.values()):,} rows; documents are read again by the server or a worker")
    if made.password:
        say(f"password (shown this once): {made.password}")
    return DONE
