"""Finds the files that a person or a model means by a name that is not quite theirs.

Not for: paths. Names are data here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# What small models write where any file will do.
_ANY: Final = re.compile(
    r"a|all|any|the|my|our|this|these|of|in|s|users?|files?|documents?|uploaded|attached|uploads?"
    r"|attachments?|none|null|knowledge|base|library"
)
_WORD = re.compile(r"[^\W_]+")


def name_list(given: object) -> object:
    """Read one text as names between semicolons; anything else comes back as it is."""
    if not isinstance(given, str):
        return given
    return [one.strip() for one in given.replace("\n", ";").split(";") if one.strip()]


def means_any(name: str) -> bool:
    """Tell whether a name names no file in particular: "the attached file", "documents", ""."""
    return not _particular(name)


def fitting(name: str, filenames: Sequence[str]) -> list[str]:
    """Give the file names that hold every word of a name, whatever stands between them."""
    wanted = _particular(name)
    return [one for one in filenames if wanted <= set(_WORD.findall(one.casefold()))]


def _particular(name: str) -> set[str]:
    return {word for word in _WORD.findall(name.casefold()) if not _ANY.fullmatch(word)}
