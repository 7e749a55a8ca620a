"""Who was authenticated a moment ago, so that a burst of requests reads the database once.

Every change of an account or key made by this server empties it, so a disabled user or revoked key
is refused at once; what another process changes is seen after `ttl_s`.
"""

from __future__ import annotations

from backend.ports.accounts import Principal
from backend.ports.clock import Clock

MAX_ENTRIES = 1_000


class RecentCallers:
    """Callers by credential, each for `ttl_s` seconds."""

    def __init__(self, clock: Clock, *, ttl_s: float = 1.0) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._entries: dict[str, tuple[Principal, float]] = {}
        self.generation = 0

    def get(self, credential: str) -> Principal | None:
        """Give the caller if it was authenticated just now."""
        found = self._entries.get(credential)
        if found is None or found[1] <= self._clock.monotonic_s():
            return None
        return found[0]

    def put(
        self, credential: str, caller: Principal, *, generation: int, expires_at_ms: int | None
    ) -> None:
        """Remember a caller, unless something has changed since the look-up began.

        `expires_at_ms` is when the credential itself ends.
        """
        if generation != self.generation:
            return
        ttl_s = self._ttl_s
        if expires_at_ms is not None:
            ttl_s = min(ttl_s, (expires_at_ms - self._clock.now_ms()) / 1000)
        if len(self._entries) >= MAX_ENTRIES:
            self._entries.clear()
        self._entries[credential] = caller, self._clock.monotonic_s() + ttl_s

    def clear(self) -> None:
        """Forget everybody: an account or key has changed, or is about to."""
        self.generation += 1
        self._entries.clear()
