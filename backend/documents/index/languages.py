"""Tells the language of a text, by its script where that is enough. Costs 0.4 s and 30 MiB on first use.

For the process that reads documents. Not for: questions, which are too short to tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_SAMPLE_CHARS = 3_000
_SAMPLES = 4
_WINDOW_CHARS, _LOOKED_AT_CHARS = 4_000, 1_500
_LIKELY, _SURE = 0.5, 0.9
_MIN_LETTERS = 12

# Scripts that tell the language, or all that stemming needs of it. Japanese is told by its kana.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff\u3400-\u4dbf]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_FALLBACK = "en"


def language_of(text: str) -> str:
    """Name the language (ISO 639-1) of a whole text, judged by samples of it; English when in doubt."""
    step = max(len(text) // _SAMPLES, _SAMPLE_CHARS)
    samples = [text[at : at + _SAMPLE_CHARS] for at in range(0, len(text), step)][:_SAMPLES]
    return _told("\n".join(samples), _LIKELY) or _FALLBACK


def languages_of(texts: Sequence[str], *, whole: str) -> list[str]:
    """Name the language of each of a document's texts: that of the stretch around it when that is plain.

    `whole` is the language of the document, and the answer for stretches that do not tell.
    """
    languages: list[str] = []
    window: list[str] = []
    size = 0
    for text in texts:
        window.append(text)
        size += len(text)
        if size >= _WINDOW_CHARS:
            languages += [_told("\n".join(window)[:_LOOKED_AT_CHARS], _SURE) or whole] * len(window)
            window, size = [], 0
    told = _told("\n".join(window)[:_LOOKED_AT_CHARS], _SURE) if languages else ""
    return languages + [told or whole] * len(window)


def _told(text: str, at_least: float) -> str:
    letters = len(_LETTER.findall(text))
    if letters < _MIN_LETTERS:
        return ""
    counts = Counter({name: len(script.findall(text)) for name, script in _SCRIPTS})
    if counts["ja"] * 10 > counts["zh"] + counts["ja"] > 0:
        counts["ja"] += counts["zh"]
    name, count = counts.most_common(1)[0]
    if count * 2 > letters:
        return name
    language, probability = _classifier()(text)
    return str(language) if probability >= at_least else ""


@cache
def _classifier() -> Callable[[str], tuple[Any, Any]]:
    from py3langid.langid import (  # noqa: PLC0415 - the model of 100 languages, which only readers need
        MODEL_FILE,
        LanguageIdentifier,
    )

    identifier: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier.classify
