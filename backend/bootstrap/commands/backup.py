"""`backup FILE`: one archive of everything the server keeps."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.backing_up import make_backup
from backend.bootstrap.commands.archive_files import PIPE, writing_to
from backend.bootstrap.commands.outcome import DONE, FAILED, say, say_json
from backend.config.settings import Settings


def run(settings: Settings, arguments: Namespace) -> int:
    """Write the backup; fail, with it in place, when files were missing that rows name."""
    name: str = arguments.file
    with writing_to(name) as out:
        about = make_backup(settings, out, with_keys=arguments.with_keys)
    aside = name == PIPE or arguments.json
    if arguments.json and name != PIPE:
        say_json(about)
    keys = ", ".join(about["keys"])
    more = f"with the keys {keys}" if keys else "without keys (--with-keys)"
    rows = sum(about["counts"].values())
    say(
        f"{rows:,} rows and {about['files']:,} files, {about['bytes']:,} bytes, {more}", aside=aside
    )
    for one in about["missing"]:
        say(f"missing, though the database names it: {one}", aside=True)
    return FAILED if about["missing"] else DONE
