"""The ports of secrets that administrators enter: where they lie, and who knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Source = Literal["environment", "stored", "none", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCredential:
    """One secret as the database has it: encrypted, with the end of it as a hint."""

    name: str
    sealed: str
    hint: str
    updated_at_ms: int
    updated_by: str


class CredentialStore(Protocol):
    """Sealed secrets by name."""

    async def list(self) -> Sequence[SealedCredential]:
        """List all, by name."""
        ...

    async def put(self, credential: SealedCredential) -> None:
        """Keep one, in place of one of the same name."""
        ...

    async def delete(self, name: str) -> bool:
        """Forget one; tell whether it was there."""
        ...

    async def replace(self, name: str, *, old: str, new: str) -> bool:
        """Put a new sealing in the place of the old one, unless it has changed meanwhile."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStanding:
    """What may be told of one secret; never the secret.

    `unreadable` is one that none of the keys opens; one of the environment hides what is stored.
    """

    name: str
    source: Source
    hint: str = ""
    updated_at_ms: int = 0
    updated_by: str = ""


class Credentials(Protocol):
    """The secrets of this server, changed while it runs."""

    def standing(self) -> Sequence[CredentialStanding]:
        """Tell of every secret there may be, by name."""
        ...

    async def put(self, name: str, value: str, *, by: str) -> CredentialStanding:
        """Keep a secret and use it from now on, on every server.

        Raises:
            NotFound: when there is no such secret.
            Conflict: when the environment gives it, which would win.
            InvalidRequest: for a value that cannot be a key.
            Unavailable: when there is no key to encrypt it with.
        """
        ...

    async def delete(self, name: str) -> bool:
        """Forget a stored secret everywhere; tell whether it was there."""
        ...
