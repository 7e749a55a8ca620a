"""What a wrong setting says: one line with the name, the problem and the fix."""

from __future__ import annotations

from collections.abc import Sequence


class SettingsError(Exception):
    """A setting stops the start; the text is one line for a person and holds no secret."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        others = len(self.problems) - 1
        more = f" (and {others} more: mend this one first)" if others else ""
        super().__init__(" ".join(self.problems[0].split()) + more)
