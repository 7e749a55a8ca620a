"""Which names were meant by one that does not exist: what an error tells so that it can be mended."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 40
_LIKENESS = 0.6


def nearest_names(name: str, known: Iterable[str], *, at_most: int = 3) -> list[str]:
    """Give the known names closest to this one, the closest first; case and marks count little."""
    by_folded: dict[str, str] = {}
    for one in known:
        by_folded.setdefault(_folded(one), one)
    wanted = _folded(name)
    close = difflib.get_close_matches(wanted, by_folded, n=at_most, cutoff=_LIKENESS)
    inside = [one for one in by_folded if wanted and (wanted in one or one in wanted)]
    return [by_folded[one] for one in dict.fromkeys([*close, *inside])][:at_most]


def told_names(what: str, name: str, known: Iterable[str]) -> str:
    """Say in one or two sentences which names are near and which there are."""
    names = list(known)
    near = nearest_names(name, names)
    hint = f" Nearest: {', '.join(near)}." if near else ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    there = f" There are: {', '.join(names[:_SHOWN])}{more}." if names else ""
    return f"There is no {what} {name}.{hint}{there}"


def _folded(name: str) -> str:
    return "".join(mark for mark in name.casefold() if mark.isalnum())
