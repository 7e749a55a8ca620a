"""Names of files as clients send them, made fit to show. A name is data and never becomes a path."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_CHARS = 255
_SEPARATORS = re.compile(r"[/\\]")
# They turn the reading direction: "invoice<U+202E>fdp.exe" would be shown as "invoiceexe.pdf".
_TURNING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


def clean_file_name(given: str) -> str:
    """Take the last part of a name, without what cannot be seen or would mislead; it may be empty.

    Folders are dropped, control characters and marks that turn the reading direction removed,
    white space is evened out, and letters are composed (NFC), as people would type them.
    """
    last = _SEPARATORS.split(unicodedata.normalize("NFC", given).rstrip("/\\ "))[-1]
    shown = "".join(" " if one.isspace() else one for one in last if _can_be_shown(one))
    name = " ".join(shown.split())
    return "" if name.strip(".") == "" else name


def _can_be_shown(one: str) -> bool:
    hidden = unicodedata.category(one) in {"Cc", "Cs"} and not one.isspace()
    return not hidden and one not in _TURNING
