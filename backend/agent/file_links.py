"""Links of a streamed answer that name a file a tool made: each gets the address that opens it.

Models write `![chart](figure-1.png)` or `(sandbox:/mnt/data/figure-1.png)`, which opens nothing in
any client. Not for: files an answer does not speak of (`made_files`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

_TARGET: Final = r"[^()\s]{1,300}"
_LINK = re.compile(rf"\]\(({_TARGET})\)")
_UNDECIDED = re.compile(rf"\](?:\((?:{_TARGET})?)?\Z")
_MAX_HELD_CHARS: Final = 310
_ELSEWHERE: Final = ("http://", "https://", "mailto:", "//", "#")


class FileLinks:
    """Rewrite such links; `addresses` gives a file's by its name. Only half a link is held back."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._held = ""

    def feed(self, text: str) -> str:
        """Take a piece of text; give what can be shown."""
        text = self._held + text
        undecided = _UNDECIDED.search(text, max(0, len(text) - _MAX_HELD_CHARS))
        cut = undecided.start() if undecided else len(text)
        self._held = text[cut:]
        return _LINK.sub(self._settled, text[:cut])

    def close(self) -> str:
        """Give what is still held."""
        held, self._held = self._held, ""
        return held

    def _settled(self, link: re.Match[str]) -> str:
        target = link[1]
        if target.startswith(_ELSEWHERE):
            return link[0]
        name = unquote(re.split(r"[/:]", target)[-1])
        address = self._addresses.get(name)
        return link[0] if address is None else f"]({address})"
