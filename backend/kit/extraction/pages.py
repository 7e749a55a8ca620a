"""Finds the web addresses in a message and the pages that are to be read.

Not for: reading them.
"""

from __future__ import annotations

import re
from typing import Final

_URL = re.compile(r"https?://[^\s<>\"'`\]]{3,2000}", re.IGNORECASE)
_TLD: Final = r"(?:com|org|net|io|edu|gov|dev|info|ai|app|eu|de|at|ch|fr|es|it|nl|uk|us|ca|au|se|no|dk|fi|pl|be|pt|ie|jp|in|br)"
_BARE = re.compile(
    rf"(?<![\w@./:-])(?:www\.[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,4}}|(?:[\w-]{{1,63}}\.){{1,4}}{_TLD}(?=/))(?:/[^\s<>\"'`\]]{{0,2000}})?",
    re.IGNORECASE,
)
_VISITED = re.compile(
    rf"\b(?:read|open|fetch|visit|browse|summari[sz]e|go to|look at|check|load|lies|öffne)\s+(?:the\s+)?(?:web\s?)?(?:page|site|website|homepage|seite)?\s*(?:of|at|on)?\s*"
    rf"((?:[\w-]{{1,63}}\.){{1,4}}{_TLD})\b(?![\w/])",
    re.IGNORECASE,
)
_WHOLE: Final = re.compile(
    r"\b(?:summar|tl;?dr|key points|main points|gist|zusammenfass|fasse?\b|résum|resum|riassum)",
    re.IGNORECASE,
)
_MAX_URLS: Final = 8


def addresses(text: str) -> tuple[str, ...]:
    """List the addresses of a text in order, with a scheme; closing marks of the sentence are left off."""
    found = [(match.start(), _trimmed(match.group())) for match in _URL.finditer(text)]
    if len(text) <= 20_000:
        found += [
            (match.start(), f"https://{_trimmed(match.group())}") for match in _BARE.finditer(text)
        ]
        found += [(match.start(1), f"https://{match[1]}") for match in _VISITED.finditer(text)]
    return tuple(dict.fromkeys(url for _, url in sorted(found)))


def _trimmed(url: str) -> str:
    while url and (url[-1] in ".,;:!?*_" or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def stands_in(url: str, text: str) -> bool:
    """Tell whether a text names an address, with its scheme or without."""
    return url in text or url.removeprefix("https://") in text


def pages_of(part: str, urls: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pair each address of a part with the question put to that page."""
    own = [url for url in urls if stands_in(url, part)][:_MAX_URLS]
    return [(url, _asked_of(url, own, part)) for url in own]


def _asked_of(url: str, own: list[str], part: str) -> str:
    text = part
    for other in sorted(own, key=len, reverse=True):
        instead = "it" if other == url else " "
        text = text.replace(other, instead).replace(other.removeprefix("https://"), instead)
    text = re.sub(r"\b(?:and|with|to|vs\.?|versus|or|und|,)\s+(?=[?.!]|$)|\s{2,}", " ", text).strip(
        " ,"
    )
    text = re.sub(r"^(.{0,40}?)\s*\b(?:and|with|und)\s+it\b", r"\1 it", text)
    return " ".join(text.split())


def wants_reading(part: str) -> bool:
    """Tell whether a text that is to be written is one about a page, in short."""
    return _WHOLE.search(part) is not None
