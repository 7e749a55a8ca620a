"""Code that ran well, kept per session so that it can be run again; in memory and bounded.

What objects it made is never kept: bringing objects of strangers back would mean trusting them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPiece:
    """One piece of code, how long it took, and the ids of files it could read."""

    code: str
    duration_ms: int = 0
    file_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepLimits:
    """Most sessions, and per session most pieces, characters and time to run them again."""

    sessions: int = 200
    pieces: int = 20
    chars: int = 40_000
    seconds: float = 15.0


@dataclass(slots=True)
class KeptCode:
    """The last pieces of the sessions used last; the oldest go first."""

    limits: KeepLimits
    _sessions: OrderedDict[Hashable, list[KeptPiece]] = field(
        default_factory=OrderedDict[Hashable, list[KeptPiece]]
    )

    def of(self, session: Hashable) -> tuple[KeptPiece, ...]:
        """Give a session's pieces, oldest first."""
        return tuple(self._sessions.get(session, ()))

    def add(self, session: Hashable, piece: KeptPiece) -> None:
        """Keep one more."""
        pieces = self._sessions.setdefault(session, [])
        self._sessions.move_to_end(session)
        pieces.append(piece)
        while pieces and self._over(pieces):
            del pieces[0]
        while len(self._sessions) > self.limits.sessions:
            self._sessions.popitem(last=False)

    def _over(self, pieces: list[KeptPiece]) -> bool:
        return (
            len(pieces) > self.limits.pieces
            or sum(len(one.code) for one in pieces) > self.limits.chars
            or sum(one.duration_ms for one in pieces) > self.limits.seconds * 1000
        )
