"""Open the stores of a server or worker; apart from `parts`, whose imports a worker does not need."""

from __future__ import annotations

import logging

from backend.config.settings import Settings
from backend.ports.measuring import Measuring
from backend.storage.stores import Stores, memory_stores, open_stores

logger = logging.getLogger(__name__)


async def open_all_stores(
    settings: Settings, *, demo: bool, measuring: Measuring | None = None
) -> Stores:
    """Open the database, or stores in memory for a demonstration."""
    if demo:
        logger.warning("Demo: everything is kept in memory and forgotten at the end")
        return memory_stores()
    return await open_stores(settings.database_url.get_secret_value(), measuring=measuring)
