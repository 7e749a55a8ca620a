"""`rotate-credentials`: seal the stored credentials with a new key."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.commands.outcome import say, say_json
from backend.bootstrap.rotating import rotate
from backend.config.settings import Settings


def run(settings: Settings, arguments: Namespace) -> int:
    """Rotate, and tell what is sealed now."""
    lines, code = rotate(settings)
    if arguments.json:
        say_json({"lines": lines})
    else:
        say("\n".join(lines))
    return code
