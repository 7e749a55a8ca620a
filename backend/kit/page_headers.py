"""The security headers of the web page, made in one place for the server, run_frontend.py and nginx.

Run `python -m backend.kit.page_headers frontend/index.html` to print them for nginx.conf.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path

_INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE
)


def page_headers(html: str = "") -> dict[str, str]:
    """Make the headers of a page; its inline scripts (the import map) are allowed by their hash.

    Scripts, styles, images and connections come from our own origin only, nothing may frame the
    page, and no address leaks to others as a referrer.
    """
    scripts = " ".join(["'self'", *(_source_hash(text) for text in _INLINE_SCRIPT.findall(html))])
    policy = (
        "default-src 'none'",
        f"script-src {scripts}",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def nginx_lines(html: str) -> str:
    """Write the headers as nginx directives."""
    return "\n".join(
        f'add_header {name} "{value}" always;' for name, value in page_headers(html).items()
    )


def _source_hash(script: str) -> str:
    """Hash a script as browsers do: after HTML has made every line end a line feed.

    Source: https://www.w3.org/TR/CSP3/#match-element-to-source-list
    """
    text = script.replace("\r\n", "\n").replace("\r", "\n")
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


if __name__ == "__main__":
    sys.stdout.write(nginx_lines(Path(sys.argv[1]).read_text(encoding="utf-8")) + "\n")
