"""The port by which servers on one database tell each other what happened: at most once, and soon.

A signal may be lost when a connection is: it only spares waiting, and what must not be lost is in the
database as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from backend.ports.values import JsonObject

Heard = Callable[[JsonObject], None]
MOST_BYTES = 7_000


class Signals(Protocol):
    """Tells and hears; a topic is a word such as `cancel`, and what is told a small JSON object."""

    async def tell(self, topic: str, told: JsonObject) -> None:
        """Tell all servers, this one too; raise ValueError for more than MOST_BYTES of JSON."""
        ...

    def hear(self, topic: str, heard: Heard) -> Callable[[], None]:
        """Call `heard` on the event loop for all that is told from now on; give what ends that."""
        ...

    async def aclose(self) -> None:
        """Hear nothing more."""
        ...
