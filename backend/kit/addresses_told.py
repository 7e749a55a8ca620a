"""Addresses that stand in texts: which hosts a text names, and whether an address was said in it.

Not for: deciding whether an address may be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]{1,2000}", re.IGNORECASE)
_SCHEME = re.compile(r"^(?:https?:)?//", re.IGNORECASE)
_SPACED = re.compile(r"[\s<>\"'`|\\]+")
_BRACKETS = re.compile(r"[()\[\]{}]+")
_AROUND = ".,;:!?*_~“”‘’«»„。\uff0c、\uff1b\uff1a\uff01\uff1f"
_TOO_MANY = 5_000


def same_address(text: str) -> str:
    """Write an address so that scheme, the host's case, fragment and last slash do not matter."""
    rest = _SCHEME.sub("", text.strip()).partition("#")[0]
    host, slash, path = rest.partition("/")
    bare, mark, query = host.partition("?")
    return f"{bare.lower()}{mark}{query}{slash}{path}".rstrip("/")


def addresses_in(texts: Iterable[str]) -> set[str]:
    """Give every word of the texts that could be an address, written as `same_address` does."""
    return {same_address(word) for text in texts for word in _words(text) if "." in word}


def _words(text: str) -> Iterator[str]:
    for word in _SPACED.split(text)[:_TOO_MANY]:
        yield word.strip(_AROUND)
        for part in _BRACKETS.split(word):
            yield part.strip(_AROUND)


def hosts_in(text: str, *, limit: int) -> list[str]:
    """Name the hosts of the http(s) addresses in a text, each once, in order."""
    if "://" not in text:
        return []
    found: dict[str, None] = {}
    for match in _ADDRESS.finditer(text):
        if host := host_of(match[0]):
            found[host] = None
        if len(found) >= limit:
            break
    return list(found)


def host_of(url: str) -> str:
    """Give the host of an http(s) address in small letters; "" when it has none."""
    try:
        parts = urlsplit(url.strip())
        return (parts.hostname or "").rstrip(".") if parts.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
