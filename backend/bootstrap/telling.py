"""Tell other processes on the database from plain functions; a signal that cannot be told is let go."""

from __future__ import annotations

import asyncio
import logging

from backend.errors import StewardError
from backend.ports.signals import Signals

logger = logging.getLogger(__name__)
DOCUMENT = "document"
WORK = "work"


class Teller:
    """Tells signals of one topic, in the background."""

    def __init__(self, signals: Signals, topic: str) -> None:
        self._signals = signals
        self._topic = topic
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, name: str = "") -> None:
        """Tell that something changed, by its id if it has one."""
        task = asyncio.create_task(self._tell(name))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, name: str) -> None:
        try:
            await self._signals.tell(self._topic, {"id": name})
        except StewardError as exc:
            logger.debug("nobody was told of %s: %s", self._topic, exc.message)
