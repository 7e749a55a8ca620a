"""Work for one answer that ends when its client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from backend.api.event_stream import ClientWatch

T = TypeVar("T")


class ClientLeft(Exception):
    """Nobody waits for the answer any more."""


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do the work; cancel it when the client of a request leaves.

    Raises:
        ClientLeft: instead of a result.
    """
    task = asyncio.ensure_future(work)
    left = False

    def gone() -> None:
        nonlocal left
        left = True
        task.cancel()

    watch = ClientWatch(request.receive, gone=gone)
    try:
        return await task
    except asyncio.CancelledError:
        if not left:
            raise
        raise ClientLeft from None
    finally:
        task.cancel()
        watch.stop()
