"""Keeps the number of different labels bounded, whatever callers send."""

from __future__ import annotations

OTHER = "other"


class KnownNames:
    """The first `most` names that were seen; every later one is `other`.

    One name costs one look into a dictionary.
    """

    def __init__(self, *, most: int, longest: int = 120) -> None:
        self._known: dict[str, str] = {}
        self._most = most
        self._longest = longest

    def learn(self, name: str) -> str:
        """Give the label of a name that is real; it is known from then on, while there is room."""
        known = self._known.get(name)
        if known is not None:
            return known
        if not name or len(name) > self._longest or len(self._known) >= self._most:
            return OTHER
        self._known[name] = name
        return name

    def of(self, name: str) -> str:
        """Give the label of a name that may be anything."""
        return self._known.get(name, OTHER)
