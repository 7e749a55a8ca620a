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
    | \b(?:sk|pk|tvly|ghp|hf)[-_][A-Za-z0-9_-]{6,}            # API keys
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def redact(text: str) -> str:
    """Replace everything in the text that has the shape of a secret by `***`."""
    return _SHAPES.sub(
        lambda match: f"{match['bearer'] or match['user'] or match['link'] or ''}***", text
    )
