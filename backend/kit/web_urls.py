"""Web addresses from outside: which may be shown, and which two are the same page.

Not for: deciding whether an address may be fetched.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

MAX_URL_CHARS = 2_000
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>\"`\\]")
_TRACKING = re.compile(
    r"utm_\w+|gclid|fbclid|msclkid|dclid|yclid|mc_[ce]id|igshid|ref_src", re.IGNORECASE
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def web_url(text: object) -> str:
    """Return the address when it is a plain http(s) one with a host, otherwise an empty text.

    Refused: other schemes, credentials in the address, control or markup characters, over 2,000
    characters.
    """
    if not isinstance(text, str) or len(text) > MAX_URL_CHARS:
        return ""
    url = text.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port checks it
    except ValueError:
        return ""
    credentials = "@" in parts.netloc
    if parts.scheme not in _DEFAULT_PORTS or not host or credentials or _UNSAFE.search(url):
        return ""
    return url


def same_page_key(url: str) -> str:
    """Reduce an address to what tells pages apart: no scheme, `www.`, fragment or tracking."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = parts.port
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted(pair for pair in query if not _TRACKING.fullmatch(pair[0]))
    return f"{host}{parts.path.rstrip('/')}" + (f"?{urlencode(kept)}" if kept else "")
