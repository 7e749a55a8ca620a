"""Text from outside, fenced and labelled as data in a prompt, and taken out of its fence again.

A fence is `<data from="web_fetch">`, the text, `</data>`. Whatever in the text looks like one of a
prompt's own marks is defused, so that a page cannot end its fence and go on as somebody else.
"""

from __future__ import annotations

import re

CLOSE = "\n</data>"
_MARKS = "data|result|question|missing|purpose|attachments"
_LOOKS_LIKE_A_MARK = re.compile(rf"[<\uff1c\ufe64](?=[\s/\uff0f\\]*(?:{_MARKS})\b)", re.IGNORECASE)
_OPEN = re.compile(r'<data from="[\w.:-]{0,64}">\n')
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.:-]")


def defused(text: str) -> str:
    """Give a text in which nothing is a mark of a prompt: another bracket begins it."""
    if "<" in text or not text.isascii():
        return _LOOKS_LIKE_A_MARK.sub("\u2039", text)
    return text


def fenced(text: str, *, source: str) -> str:
    """Fence a text as data that came from `source`, the name of a tool."""
    name = _NOT_IN_NAMES.sub("_", source[:64])
    return f'<data from="{name}">\n{defused(text)}{CLOSE}'


def bare(text: str) -> str:
    """Take a text out of its fence; what stands before the fence stays, as does text without one."""
    found = _OPEN.search(text) if '<data from="' in text else None
    if found is None:
        return text
    before, rest = text[: found.start()], text[found.end() :]
    inner, _, after = rest.rpartition(CLOSE)
    return f"{before}{inner}{after}" if CLOSE in rest else f"{before}{rest}"


def inside(text: str) -> str:
    """Give what stands in a text's fence alone, "" when it has none."""
    found = _OPEN.search(text) if '<data from="' in text else None
    return text[found.end() :].rpartition(CLOSE)[0] if found is not None else ""


def shortened(text: str, *, max_chars: int, note: str) -> str:
    """Cut a text that may be fenced to its beginning and a note; a fence stays closed."""
    if not text.endswith(CLOSE):
        return text[:max_chars] + note
    return text[: max(0, max_chars - len(CLOSE))] + note + CLOSE
