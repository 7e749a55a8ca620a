"""Texts sealed with keys, so that who reads the database learns nothing: Fernet, newest key first.

Source: https://github.com/fernet/spec. Loaded when there is something to seal or open.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class NotOpened(Exception):
    """None of the keys opens the sealing, or it was changed."""


class Sealer:
    """Seals with the first key and opens with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys of 32 bytes in url-safe base64; raise ValueError for others or for none."""
        self._newest = Fernet(keys[0]) if keys else None
        self._all = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """Seal a text with the newest key."""
        return self._all.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Open a sealing; raise NotOpened."""
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError) as exc:
            raise NotOpened from exc

    def is_newest(self, sealed: str) -> bool:
        """Tell whether the newest key made a sealing."""
        try:
            return self._newest is not None and bool(self._newest.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            return False
