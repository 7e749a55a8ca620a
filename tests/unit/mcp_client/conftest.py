"""An MCP server on a socket, and what reaches it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fakes.mcp_reaching import Reaching
from tests.fakes.mcp_server import mcp_double


@pytest_asyncio.fixture
async def reaching() -> AsyncIterator[Reaching]:
    """Serve tools, and reach them."""
    async with mcp_double() as double:
        made = Reaching(double)
        yield made
        await made.close()
