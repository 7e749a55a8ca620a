"""Sealed secrets in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.ports.credentials import SealedCredential


class MemoryCredentialStore:
    """The `CredentialStore` port in memory."""

    def __init__(self) -> None:
        self._rows: dict[str, SealedCredential] = {}

    async def list(self) -> Sequence[SealedCredential]:
        """List all, by name."""
        return [self._rows[name] for name in sorted(self._rows)]

    async def put(self, credential: SealedCredential) -> None:
        """Keep one, in place of one of the same name."""
        self._rows[credential.name] = credential

    async def delete(self, name: str) -> bool:
        """Forget one; tell whether it was there."""
        return self._rows.pop(name, None) is not None

    async def replace(self, name: str, *, old: str, new: str) -> bool:
        """Put a new sealing in the place of the old one, unless it has changed meanwhile."""
        known = self._rows.get(name)
        if known is None or known.sealed != old:
            return False
        self._rows[name] = replace(known, sealed=new)
        return True
