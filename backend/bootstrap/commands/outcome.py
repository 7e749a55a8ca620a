"""How a command ends: with an exit code, or with one line that says why not."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from backend.errors import StewardError, Unavailable
from backend.kit.archives import ArchiveDamaged
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.revisions import UnusableSchema

DONE = 0
FAILED = 1
MISUSED = 2


class CommandFailed(Exception):
    """The command could not do what it was told; `code` is its exit code."""

    def __init__(self, message: str, *, code: int = FAILED) -> None:
        self.code = code
        super().__init__(message)


@contextmanager
def told_in_words() -> Generator[None]:
    """Turn what is known to go wrong into CommandFailed."""
    try:
        yield
    except (UnusableDatabaseUrl, UnusableSchema) as exc:
        raise CommandFailed(str(exc)) from exc
    except ArchiveDamaged as exc:
        msg = f"the archive is not used: {exc}"
        raise CommandFailed(msg) from exc
    except Unavailable as exc:
        raise CommandFailed(exc.message) from exc
    except StewardError as exc:
        raise CommandFailed(exc.message, code=MISUSED) from exc
    except (SQLAlchemyError, sqlite3.Error) as exc:
        # Never the statement, whose values are people's; what comes in further lines quotes them too.
        reason = str(getattr(exc, "orig", None) or exc).strip().splitlines() or ["it broke off"]
        msg = f"the database: {reason[0]}"
        raise CommandFailed(msg) from exc
    except OSError as exc:
        msg = f"{exc.filename or 'the system'}: {exc.strerror or exc}"
        raise CommandFailed(msg) from exc


def say(text: str, *, aside: bool = False) -> None:
    """Write a line for people, on standard error when standard output holds data.

    What a stream cannot write, such as a name on an old terminal, it escapes.
    """
    stream = sys.stderr if aside else sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def say_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Write JSON for programs, in UTF-8 whatever the terminal speaks."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(value, option=options))
    sys.stdout.buffer.flush()
