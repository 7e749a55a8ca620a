"""A module of tools that cannot be imported."""

from __future__ import annotations

_KEY = "sk-abcdefgh12345"
raise RuntimeError(f"no server for {_KEY}\nsecond line")  # noqa: EM102 - strangers write so
