"""Takes code out of the Markdown fence that models often put around it."""

from __future__ import annotations

import re
from typing import Final

_FENCE: Final = re.compile(r"\A\s*```[\w+-]*[ \t]*\n(.*?)\n?```\s*\Z", re.DOTALL)


def unfenced(given: object) -> object:
    """Give what is inside a fence that surrounds a whole text; anything else comes back as it is."""
    found = _FENCE.match(given) if isinstance(given, str) else None
    return found.group(1) if found else given
