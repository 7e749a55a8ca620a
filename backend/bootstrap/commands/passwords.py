"""Passwords of commands: asked for, read from a pipe, or made; never an argument, which others can see."""

from __future__ import annotations

import getpass
import secrets
import sys

from backend.bootstrap.commands.outcome import MISUSED, CommandFailed

_MOST_CHARS = 1000


def asked_password(*, generate: bool) -> str:
    """Get a new password: 144 random bits, what is typed twice, or the first line of a pipe."""
    if generate:
        return secrets.token_urlsafe(18)
    if not sys.stdin.isatty():
        line = sys.stdin.readline(_MOST_CHARS).rstrip("\r\n")
        if not line:
            msg = "no password came; give one as a line of standard input, or --generate"
            raise CommandFailed(msg, code=MISUSED)
        return line
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        msg = "these were two different passwords"
        raise CommandFailed(msg, code=MISUSED)
    return first


def confirmed(question: str) -> None:
    """Ask a person before something is lost."""
    if not sys.stdin.isatty():
        msg = "nobody can be asked here; give --yes"
        raise CommandFailed(msg, code=MISUSED)
    sys.stderr.write(f"{question} Type yes: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        msg = "nothing was done"
        raise CommandFailed(msg)
