"""Which endpoints this server has, known without starting it: suites grow with them."""

from __future__ import annotations

import functools

from backend.api import routes
from backend.kit.discovery import modules_of


@functools.cache
def paths() -> frozenset[str]:
    """Give the paths of every route."""
    return frozenset(route.path for module in modules_of(routes) for route in module.router.routes)


def offered(path: str) -> bool:
    """Tell whether there is such a path, spelled as in its route."""
    return path in paths()
