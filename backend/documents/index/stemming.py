"""Stemmers by language, behind one typed edge. Not for: telling which language a text is in (`languages`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import Stemmer  # pyright: ignore[reportMissingTypeStubs]

# https://snowballstem.org/algorithms/ by ISO 639-1 code. The last lines take the nearest relative: an approximate stem
# that question and text share is better than none.
_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque",
    "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "af": "dutch", "be": "russian", "bg": "russian", "bs": "serbian", "gl": "portuguese",
    "hr": "serbian", "lb": "german", "mk": "russian", "mr": "hindi", "ms": "indonesian",
    "sk": "czech", "sl": "serbian", "uk": "russian",
}  # fmt: skip


@cache
def stemmer(language: str) -> Callable[[str], str] | None:
    """Give what stems a folded word of a language, None for a language without a stemmer."""
    name = _ALGORITHMS.get(language)
    return None if name is None else cast("Any", Stemmer).Stemmer(name).stemWord
