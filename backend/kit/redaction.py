"""Take keys, tokens and passwords out of text that people or logs will see.

It knows shapes: what looks like a key goes, whoever it belongs to. And it knows the secrets that this
process was told to keep, whatever they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_LEAST_CHARS = 6  # shorter ones stand in ordinary text
_SHAPES = re.compile(
    r"""
    (?P<bearer>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}   # Authorization values
    | (?P<user>//|^)[^\s/@:]*:[^\s/@]*(?=@)                   # user:password@ in addresses
    | (?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*   # JSON web tokens
    | (?P<link>/api/approve/)[A-Za-z0-9_.-]{8,}             # Signed links
    | (?P<query>/api/artifacts/[A-Za-z0-9_-]{1,80}\?key=)[A-Za-z0-9_.-]{8,}   # Links to made files
    | (?P<asked>[?&](?:[a-z_-]{0,20}(?:token|secret|password|signature|api_?key)|sig|code|key)=)[^\s&#"']{4,}
    | (?P<named>(?:password|passwd|passphrase|pwd|secret|token|api_?key)["']?\s{0,3}[=:]\s{0,3}["'])[^"'\n]{3,200}
    | \b(?:sk|pk|tvly|gh[oprsu]|hf|glpat|github_pat|xox[abeoprs])[-_][A-Za-z0-9_-]{6,}   # API keys
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \bAIza[A-Za-z0-9_-]{30,}
    | -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----[A-Za-z0-9+/=\s]{0,8000}
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


class _Known:
    """The secrets of this process, and the pattern that finds them."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.pattern: re.Pattern[str] | None = None


_known = _Known()


def keep_secret(values: Iterable[str]) -> None:
    """Have `redact` take out these very values from now on, also as addresses quote them.

    Those of fewer than 6 characters are left: they would tear holes into ordinary text.
    """
    given = {value for value in values if len(value) >= _LEAST_CHARS}
    forms = {form for value in given for form in (value, quote(value, safe=""), quote_plus(value))}
    if forms <= _known.values:
        return
    _known.values |= forms
    longest = sorted(_known.values, key=lambda value: (-len(value), value))
    _known.pattern = re.compile("|".join(map(re.escape, longest)))


def redact(text: str) -> str:
    """Replace everything in the text that is a secret, or has the shape of one, by `***`."""
    if _known.pattern is not None:
        text = _known.pattern.sub("***", text)
    return _SHAPES.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    kept = ("bearer", "user", "link", "query", "asked", "named")
    return next(filter(None, (match[name] for name in kept)), "") + "***"
