"""Reads robots.txt as RFC 9309 has it: what a site asks programs not to fetch.

The standard library's `urllib.robotparser` takes the first rule that fits and knows no wildcards; the
standard asks for the longest rule, `*` and `$`. Not for: fetching the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

MAX_BYTES = 500 * 1024
_MAX_RULES = 10_000
_TOKEN = re.compile(r"[a-z_-]+")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_KEPT = "%/:?#[]@!$&'()*+,;=._~-"
_OWN_PATH = "/robots.txt"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line `Allow` or `Disallow`."""

    pattern: str
    allow: bool


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules that count for one program."""

    rules: Sequence[Rule] = ()

    def allows(self, tail: str) -> bool:
        """Tell whether a path with its query may be fetched: the longest rule wins, then `Allow`."""
        asked = _normal(tail)
        if asked == _OWN_PATH:
            return True
        fitting = [
            (len(rule.pattern), rule.allow) for rule in self.rules if _fits(rule.pattern, asked)
        ]
        return max(fitting)[1] if fitting else True


def product_token(user_agent: str) -> str:
    """Give the name by which robots.txt addresses a program: the first word of its user agent."""
    found = _TOKEN.match(user_agent.strip().lower())
    return found[0] if found else ""


def read_robots(body: bytes, *, token: str) -> Robots:
    """Read the groups for `token`, or those for `*` where it is not named; anything else is skipped."""
    own: list[Rule] = []
    others: list[Rule] = []
    named = False
    for names, rules in _groups(body[:MAX_BYTES].decode("utf-8-sig", "replace")):
        if token and token in names:
            named = True
            own += rules
        elif "*" in names:
            others += rules
    return Robots(tuple((own if named else others)[:_MAX_RULES]))


def _groups(text: str) -> Iterator[tuple[set[str], list[Rule]]]:
    """Yield each group: the lines `User-agent` that begin it, and its rules."""
    names: set[str] = set()
    rules: list[Rule] = []
    begun = False
    for key, value in _lines(text):
        if key == "user-agent":
            if begun:
                yield names, rules
                names, rules, begun = set[str](), list[Rule](), False
            names.add("*" if value == "*" else product_token(value))
        elif key in {"allow", "disallow"}:
            begun = True
            if value and names:
                rules.append(Rule(_normal(value), key == "allow"))
    yield names, rules


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _normal(path: str) -> str:
    """Write a path in one way: escapes only where they are needed, in capitals."""
    return _ESCAPE.sub(_unescaped, quote(path, safe=_KEPT, errors="replace"))


def _unescaped(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if _UNRESERVED.fullmatch(char) else found[0].upper()


def _fits(pattern: str, path: str) -> bool:
    """Match with `*` and a closing `$`, in time proportional to the lengths."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not anchored or path == first
    last = rest.pop()
    position = len(first)
    for part in rest:
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    if anchored:
        return path.endswith(last) and len(path) - len(last) >= position
    return path.find(last, position) >= 0
