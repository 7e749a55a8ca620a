"""The `metadata` that clients hang on what is kept for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

MAX_PAIRS = 16
MAX_KEY_CHARS = 64
MAX_VALUE_CHARS = 512


def _few(pairs: dict[str, str]) -> dict[str, str]:
    if len(pairs) > MAX_PAIRS:
        raise PydanticCustomError(
            "metadata",
            "At most {most} pairs can be kept, not {given}",
            {"most": MAX_PAIRS, "given": len(pairs)},
        )
    for key in pairs:
        if len(key) > MAX_KEY_CHARS:
            told = {"key": key[:MAX_KEY_CHARS], "key_chars": MAX_KEY_CHARS}
            msg = "The key that begins '{key}' is longer than {key_chars} characters"
            raise PydanticCustomError("metadata", msg, told)
    return pairs


Metadata = Annotated[
    dict[str, Annotated[str, StringConstraints(max_length=MAX_VALUE_CHARS)]], AfterValidator(_few)
]


class MetadataChange(BaseModel):
    """The metadata that something kept has from now on."""

    model_config = ConfigDict(extra="allow")

    metadata: Metadata | None
