"""Take keys, tokens and passwords out of text that people or logs will see.

It knows shapes, not values: what looks like a key goes, whoever it belongs to.
"""

from __future__ import annotations

import re

_SHAPES = re.compile(
    r"""
    (?P<bearer>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}   # Authorization values
    | (?P<user>//|^)[^\s/@:]*:[^\s/@]*(?=@)                   # user:password@ in addresses
    | (?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*   # JSON web tokens
    | (?P<link>/api/approve/)[A-Za-z0-9_.-]{8,}             # Signed links
    | (?P<query>/api/artifacts/[A-Za-z0-9_-]{1,80}\?key=)[A-Za-z0-9_.-]{8,}   # Links to made files
    | (?P<named>(?:password|passwd|passphrase|pwd|secret|token|api_?key)["']?\s{0,3}[=:]\s{0,3}["'])[^"'\n]{3,200}
    | \b(?:sk|pk|tvly|gh[oprsu]|hf|glpat|github_pat|xox[abeoprs])[-_][A-Za-z0-9_-]{6,}   # API keys
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \bAIza[A-Za-z0-9_-]{30,}
    | -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----[A-Za-z0-9+/=\s]{0,8000}
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def redact(text: str) -> str:
    """Replace everything in the text that has the shape of a secret by `***`."""
    return _SHAPES.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    kept = ("bearer", "user", "link", "query", "named")
    return next(filter(None, (match[name] for name in kept)), "") + "***"
