"""`move-database`: copy everything to an empty database of the other kind."""

from __future__ import annotations

from argparse import Namespace

from backend.bootstrap.moving import move_database
from backend.config.settings import Settings


def run(settings: Settings, arguments: Namespace) -> int:
    """Move, and tell what was copied."""
    return move_database(settings, to=arguments.to)
