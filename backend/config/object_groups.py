"""The settings of a bucket that keeps uploads and made files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from backend.config.groups import MIB, Group
from backend.config.values import ApiKey, BucketUrl, HttpUrl


class ObjectSettings(Group):
    """Where files are kept that several servers share; a folder of each server without it."""

    url: BucketUrl | None = Field(
        default=None,
        description="Bucket of uploads and made files, such as s3://bucket/steward; else DATA_DIR.",
    )
    endpoint: HttpUrl | None = Field(
        default=None, description="Where an S3-like store listens, if it is not Amazon's."
    )
    region: str | None = Field(default=None, max_length=64, description="Region of the bucket.")
    access_key_id: ApiKey | None = Field(
        default=None, description="Key of the bucket; else what the machine is allowed."
    )
    secret_access_key: ApiKey | None = Field(default=None, description="Secret of that key.")
    timeout_s: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=60, description="Longest request to the bucket."
    )
    cache_bytes: int = Field(
        default=2048 * MIB,
        ge=MIB,
        description="How much of the bucket is kept at hand on this machine, for uploads and for made files each.",
    )
