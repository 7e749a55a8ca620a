"""Wire shapes of `/api/admin/credentials`: what is told of secrets, never the secrets."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, SecretStr

from backend.ports.credentials import CredentialStanding


class CredentialIn(BaseModel):
    """A new value."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    value: SecretStr


class CredentialOut(BaseModel):
    """One secret: where it comes from, and its last characters if it is long and stored here."""

    name: str
    source: Literal["environment", "stored", "none", "unreadable"]
    hint: str
    updated_at_ms: int | None
    updated_by: str | None

    @classmethod
    def of(cls, one: CredentialStanding) -> Self:
        """Render what is known."""
        return cls(
            name=one.name,
            source=one.source,
            hint=one.hint,
            updated_at_ms=one.updated_at_ms or None,
            updated_by=one.updated_by or None,
        )
