"""Stop strings in streamed text: nothing of one is shown, wherever the pieces are cut.

The one that is complete first ends the text, so that the result does not depend on the pieces.
"""

from __future__ import annotations

from collections.abc import Iterable


class StopFilter:
    """Pass text on up to the first stop string; `hit` tells that there was one.

    Only what may still become a stop string is held back. Each character is looked at once per stop
    string, however long they are (Knuth, Morris and Pratt).
    """

    def __init__(self, stops: Iterable[str]) -> None:
        self.hit = False
        self._automata = [_Automaton(stop) for stop in dict.fromkeys(stops) if stop]
        self._held = ""

    def feed(self, text: str) -> str:
        """Take a piece of text; give what can be shown, nothing after a stop string."""
        if self.hit:
            return ""
        if not self._automata:
            return text
        whole = self._held + text
        for at, char in enumerate(text, len(self._held)):
            ended = [one.size for one in self._automata if one.ends_at(char)]
            if ended:
                self.hit = True
                self._held = ""
                return whole[: at + 1 - max(ended)]
        held = max((one.state for one in self._automata), default=0)
        self._held = whole[len(whole) - held :]
        return whole[: len(whole) - held]

    def close(self) -> str:
        """Give what was held back and became no stop string."""
        held, self._held = self._held, ""
        return held


class _Automaton:
    __slots__ = ("_back", "_stop", "size", "state")

    def __init__(self, stop: str) -> None:
        self._stop = stop
        self.size = len(stop)
        self.state = 0
        self._back = [0] * self.size
        for at in range(1, self.size):
            state = self._back[at - 1]
            while state and stop[state] != stop[at]:
                state = self._back[state - 1]
            self._back[at] = state + (stop[state] == stop[at])

    def ends_at(self, char: str) -> bool:
        """Take a character; tell whether the stop string is complete with it."""
        state = self.state
        while state and self._stop[state] != char:
            state = self._back[state - 1]
        self.state = state + (self._stop[state] == char)
        return self.state == self.size
