"""The database that a server of a test begins with: empty, with its schema, made once in each test process.

A server that has to make it starts another program for that. Not for: tests of how it is made.
"""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from backend.config.secrets_file import make_private_folder
from backend.storage.migrate import migrate

NAME = "steward.db"


def lay_database(data: Path) -> None:
    """Put it into the data folder of a server that has not run yet."""
    make_private_folder(data)
    if not (data / NAME).exists():
        shutil.copy(_made(), data / NAME)


@cache
def _made() -> Path:
    folder = Path(mkdtemp(prefix="steward-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    migrate(folder / NAME)
    return folder / NAME
