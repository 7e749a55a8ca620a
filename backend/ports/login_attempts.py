"""The port of failed log-ins. Not for: accounts and browser sessions (`stores`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class LoginAttemptStore(Protocol):
    """Failed log-ins, kept for the limiter so that a restart or a second replica does not forget."""

    async def failures(self, subject: str, since_ms: int) -> int:
        """Count the failures of one subject ("account:name|address", "address:...") since then."""
        ...

    async def add_failure(self, subjects: Sequence[str], at_ms: int) -> None:
        """Note a failure for each subject and forget those older than a day."""
        ...

    async def clear(self, subject: str) -> None:
        """Forget a subject's failures after a success."""
        ...
