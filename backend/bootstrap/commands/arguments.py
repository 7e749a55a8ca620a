"""What commands there are and what they are told; the code of each is loaded when it is run.

A command is a file of this folder with `run(settings, arguments)`, which gives the exit code. Nothing
heavy may be imported here: every start of the server passes by.
"""

from __future__ import annotations

import importlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.config.settings import Settings

_JSON = "write JSON for programs"
_PIPE = "; - for a pipe"
Adder = Callable[..., ArgumentParser]


def add_commands(add: Adder, common: ArgumentParser) -> None:
    """Add every command to the parser whose `add_parser` is given."""
    doctor = _command(add, common, "doctor", "say what is configured, reachable and missing")
    doctor.add_argument("--fix", action="store_true", help="mend what can be mended without loss")
    _add_backups(add, common)
    _add_accounts(add, common)
    _add_moves(add, common)
    _add_databases(add, common)


def _command(add: Adder, common: ArgumentParser, name: str, words: str) -> ArgumentParser:
    made = add(name, help=words, description=words, parents=[common])
    made.add_argument("--json", action="store_true", help=_JSON)
    return made


def _add_backups(add: Adder, common: ArgumentParser) -> None:
    words = "write everything the server keeps into one archive, while it runs"
    backup = _command(add, common, "backup", words)
    backup.add_argument("file", metavar="FILE", help=f"the archive, which must be new{_PIPE}")
    words = "also the keys that sign tokens and open credentials: who has them can be anybody"
    backup.add_argument("--with-keys", action="store_true", help=words)
    words = "put a backup into an empty data folder and database; the server must not run"
    restore = _command(add, common, "restore", words)
    restore.add_argument("file", metavar="FILE", help=f"the archive{_PIPE}")
    restore.add_argument("--replace", action="store_true", help="throw away what is there")


def _add_accounts(add: Adder, common: ArgumentParser) -> None:
    _ = _command(add, common, "list-users", "list the accounts")
    create = _command(add, common, "create-user", "add an account")
    create.add_argument("--admin", action="store_true", help="as an administrator")
    reset = _command(add, common, "reset-password", "give an account another password")
    for one in (create, reset):
        one.add_argument("name", metavar="NAME")
        one.add_argument(
            "--generate",
            action="store_true",
            help="make a password and print it once, instead of asking for it (or reading a line of a pipe)",
        )
    delete = _command(add, common, "delete-user", "erase an account and everything of its user")
    delete.add_argument("name", metavar="NAME")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    for word in ("disable", "enable"):
        made = _command(add, common, f"{word}-user", f"{word} an account")
        made.add_argument("name", metavar="NAME")


def _add_moves(add: Adder, common: ArgumentParser) -> None:
    export = _command(add, common, "export-user", "write everything of one user into an archive")
    export.add_argument("name", metavar="NAME")
    export.add_argument("file", metavar="FILE", help=f"the archive, which must be new{_PIPE}")
    export.add_argument(
        "--with-password", action="store_true", help="also the hash of the password"
    )
    taken = _command(add, common, "import-user", "make an account of what export-user wrote")
    taken.add_argument("file", metavar="FILE", help=f"the archive{_PIPE}")
    taken.add_argument("--as", dest="name", metavar="NAME", help="under another name")
    taken.add_argument("--admin", action="store_true", help="as an administrator")


def _add_databases(add: Adder, common: ArgumentParser) -> None:
    words = "seal the stored credentials with a new key"
    _ = _command(add, common, "rotate-credentials", words)
    words = "copy everything to an empty database of the other kind"
    moving = add("move-database", help=words, description=words, parents=[common])
    words = "address of the new database, if it holds no password; otherwise it is asked for"
    moving.add_argument("--to", metavar="URL", help=words)


def run_command(settings: Settings, arguments: Namespace) -> int:
    """Run a command; what goes wrong is one line on standard error."""
    name: str = arguments.command
    module = importlib.import_module(f"backend.bootstrap.commands.{name.replace('-', '_')}")
    outcome = importlib.import_module("backend.bootstrap.commands.outcome")
    try:
        with outcome.told_in_words():
            code: int = module.run(settings, arguments)
    except outcome.CommandFailed as exc:
        sys.stderr.write(f"steward: {exc}\n")
        return exc.code
    return code
