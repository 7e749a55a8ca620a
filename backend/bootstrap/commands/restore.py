"""`restore FILE`: put a backup in place."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.archive_files import reading_from
from backend.bootstrap.commands.outcome import DONE, say, say_json
from backend.bootstrap.restoring import restore
from backend.config.settings import Settings


def run(settings: Settings, arguments: Namespace) -> int:
    """Check all of the backup, then put it in place."""
    with reading_from(arguments.file) as source:
        about = restore(settings, source, replace=arguments.replace)
    if arguments.json:
        say_json({name: value for name, value in about.items() if name != "members"})
        return DONE
    rows = sum(about["counts"].values())
    say(f"restored the backup of {about['made_at']}: {rows:,} rows, schema {about['schema']}")
    if not about["keys"]:
        say(
            "it holds no keys: access tokens and links made before are not good any more,"
            " and stored credentials need their keys back or have to be entered again"
        )
    return DONE
