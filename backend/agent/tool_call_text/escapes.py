"""Replies that were escaped as a whole: as HTML, or as a JSON string without its quotes.

For undoing that while still knowing where each character stood. Not for the escapes inside a
string (`strings.py`).
"""

import bisect
import html
import re

_HTML = re.compile(r"&(?:quot|amp|lt|gt|apos|nbsp|#\d{1,6}|#[xX][0-9a-fA-F]{1,5});")
_BACKSLASH = re.compile(r"\\([\"'\\/nrt])")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


class Unescaped:
    """Hold the text from `start` on without its escapes, and find places in the original."""

    def __init__(self, text: str, start: int) -> None:
        is_html = _HTML.search(text, start, start + 60) is not None
        escape = _HTML if is_html else _BACKSLASH
        parts: list[str] = []
        self._places: list[int] = [0]
        self._originals: list[int] = [start]
        length, pos = 0, start
        for match in escape.finditer(text, start):
            plain = html.unescape(match[0]) if is_html else _LETTERS.get(match[1], match[1])
            parts += [text[pos : match.start()], plain]
            length += match.start() - pos + len(plain)
            pos = match.end()
            self._places.append(length)
            self._originals.append(pos)
        parts.append(text[pos:])
        self.text = "".join(parts)
        self._limit = len(text)

    def original(self, pos: int) -> int:
        """Return where the character at `pos` stood in the text given."""
        index = bisect.bisect_right(self._places, pos) - 1
        return min(self._originals[index] + pos - self._places[index], self._limit)
