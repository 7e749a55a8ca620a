"""Make a piece of Markdown end where it ends, so that what is put behind it is not swallowed.

An answer that was stopped may leave a fence of code open, and HTML such as `<!--` goes on until its end
comes. Source: https://spec.commonmark.org/0.31.2/#fenced-code-blocks and #html-blocks
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTAINER = r"(?:[ \t]*(?:[-*+]|\d{1,9}[.)]|>)(?=[ \t]))*[ \t]*"
_FENCE = re.compile(rf"({_CONTAINER})(`{{3,}}|~{{3,}})(.*)")
_ENDLESS = re.compile(
    rf"({_CONTAINER})<(?=!|\?|(?:script|pre|style|textarea)\b)", re.IGNORECASE | re.ASCII
)
_ITEM = re.compile(r" *(?:[-*+]|\d{1,9}[.)])(?: |$)")
_TICKS = re.compile(r"`+")
_MOST_INDENT = 3


@dataclass(frozen=True, slots=True)
class _Fence:
    """An open fence; one in a list or a quotation ends with that, at a line that begins before `column`."""

    mark: str
    column: int
    nested: bool

    def closed_by(self, found: re.Match[str]) -> bool:
        near = bool(found[1]) if self.nested else len(found[1]) <= _MOST_INDENT
        return near and found[2].startswith(self.mark) and not found[3].strip()


def closed(markdown: str) -> str:
    """Close a fence that is left open, and take the force from HTML that would have no end."""
    lines: list[str] = []
    fence: _Fence | None = None
    in_list = False
    for line in markdown.splitlines():
        shown = line.expandtabs(4)
        if fence is None and shown.strip():
            in_list = bool(_ITEM.match(shown)) or (in_list and shown.startswith(" "))
        fence, inside = _after(shown, fence, in_list=in_list)
        lines.append(line if inside else _ENDLESS.sub(r"\1\\<", line, count=1))
    if fence is not None and not fence.nested:
        lines.append(fence.mark)
    return "\n".join(lines)


def fenced_code(text: str, language: str = "") -> str:
    """Put a text in a fence that is longer than any row of backticks in it."""
    longest = max((len(one) for one in _TICKS.findall(text)), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}{language}\n{text}\n{mark}"


def _after(line: str, fence: _Fence | None, *, in_list: bool) -> tuple[_Fence | None, bool]:
    """Give the fence that is open behind a line, and whether the line is code."""
    found = _FENCE.match(line)
    if fence is not None:
        if found and fence.closed_by(found):
            return None, True
        left = line.strip() and len(line) - len(line.lstrip()) < fence.column
        if not (fence.nested and left):
            return fence, True
    if found is None or (found[2].startswith("`") and "`" in found[3]):
        return None, False
    before = found[1]
    nested = bool(before.strip()) or len(before) > (1 if in_list else _MOST_INDENT)
    return _Fence(found[2], len(before) if nested else 0, nested), True
