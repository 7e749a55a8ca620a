"""Keep the log lines of a process; apart from `inside`, whose imports a worker does not need."""

from __future__ import annotations

import asyncio
import logging

from backend.bootstrap.documents import Ground
from backend.observability.kept_lines import KeptLines


def keep_lines(ground: Ground) -> KeptLines | None:
    """Keep what is logged from now on, until the stack is closed; None where none is to be kept."""
    history = ground.settings.history
    if not history.log_lines:
        return None
    lines = KeptLines(
        ground.stores.log_lines,
        ground.clock,
        server=ground.server_id,
        level=logging.getLevelNamesMapping()[history.log_level],
        with_texts=ground.settings.log.error_texts,
    )
    root = logging.getLogger()
    root.addHandler(lines)
    ground.stack.push_async_callback(lines.write_now)
    ground.stack.callback(asyncio.create_task(lines.run()).cancel)
    ground.stack.callback(root.removeHandler, lines)
    return lines
