"""Names for what is downloaded, out of titles that people gave, and the header that tells them.

Not for: names of files as clients send them (`upload_names`).
"""

from __future__ import annotations

import re
from urllib.parse import quote

from backend.kit.upload_names import clean_file_name

MAX_CHARS = 80
# Windows takes none of them in a name.
_UNWANTED = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


def download_name(title: str, *, ending: str, fallback: str) -> str:
    """Make a name that every system takes; a title of which nothing is left gives the fallback."""
    name = clean_file_name(_UNWANTED.sub(" ", title))[:MAX_CHARS].strip(". ")
    return f"{name or fallback}.{ending}"


def attachment_header(name: str) -> str:
    """Give the Content-Disposition of a download: in ASCII, and in full where that is not all of it.

    Source: https://www.rfc-editor.org/rfc/rfc6266#appendix-D
    """
    plain = _NOT_ASCII.sub("_", name).replace("%", "_")
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
