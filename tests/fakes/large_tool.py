"""A tool of the community whose results are large, and different each time."""

from __future__ import annotations

import base64
import secrets

from langchain_core.tools import tool

RESULT_BYTES = 1_000_000


@tool
def look(at: str) -> str:
    """Gives a megabyte of text that cannot be made smaller."""
    return f"{at}: " + base64.b64encode(secrets.token_bytes(RESULT_BYTES * 3 // 4)).decode()
