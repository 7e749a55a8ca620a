"""The order in which files of tests are begun: those that take long first, so that none is begun last.

With `--dist loadfile` a worker takes the next whole file as soon as it is free.
"""

from __future__ import annotations

import pytest

# By what a file takes on average; what is not named comes last.
LONGEST = (
    "tests/e2e/",
    "tests/conformance/",
    "tests/api/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by the folder; within one, everything stays as it is."""
    items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((at for at, start in enumerate(LONGEST) if nodeid.startswith(start)), len(LONGEST))
