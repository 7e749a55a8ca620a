"""The groups of settings about what stands between callers and models: answers kept, secrets kept.

Not for: how model servers are used (`groups.ModelSettings`).
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import DAY_S, MIB, Group
from backend.config.values import CacheMode, CredentialKeys


class AnswerCacheSettings(Group):
    """Which answers of models are given again to the very same request."""

    mode: CacheMode = Field(
        default="off",
        description="`asked` reuses answers for requests with x_cache: true, `all` unless they say x_cache: false.",
    )
    shared: bool = Field(
        default=False, description="Give answers made for one user to others who ask the very same."
    )
    ttl_s: int = Field(
        default=DAY_S, ge=1, le=365 * DAY_S, description="How long an answer may be given again."
    )
    max_rows: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Answers kept; those used longest ago leave.",
    )
    max_bytes: int = Field(
        default=64 * MIB,
        ge=1024,
        description="Size of all answers kept; those used longest ago leave.",
    )


class CredentialSettings(Group):
    """What keys that administrators enter on the page are kept under."""

    keys: CredentialKeys = Field(
        default=(),
        description="Keys that encrypt credentials in the database; the first one encrypts, all decrypt.",
    )
