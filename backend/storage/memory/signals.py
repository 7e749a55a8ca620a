"""Signals within one process, for a server that is alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import orjson

from backend.ports.signals import MOST_BYTES, Heard
from backend.ports.values import JsonObject


class LocalSignals:
    """Tells those that hear in this process, before `tell` returns."""

    def __init__(self) -> None:
        self._hearing: defaultdict[str, list[Heard]] = defaultdict(list)

    async def tell(self, topic: str, told: JsonObject) -> None:
        """Tell everybody who hears the topic."""
        if len(orjson.dumps([topic, told], default=str)) > MOST_BYTES:
            msg = f"a signal has at most {MOST_BYTES} bytes; tell what to look up"
            raise ValueError(msg)
        for heard in tuple(self._hearing[topic]):
            heard(told)

    def hear(self, topic: str, heard: Heard) -> Callable[[], None]:
        """Call `heard` for all that is told from now on; give what ends that."""
        self._hearing[topic].append(heard)
        return lambda: self._hearing[topic].remove(heard)

    async def aclose(self) -> None:
        """Hear nothing more."""
        self._hearing.clear()
