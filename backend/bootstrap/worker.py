"""One worker process: reads uploaded documents and embeds them, until idle or told to stop.

Attached to a server it hears "work" on standard input, ends with it, and tells on standard output
which documents changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import orjson

from backend.bootstrap.credentials import open_credentials
from backend.bootstrap.databases import (
    make_ready,
    open_all_stores,
    open_clock,
    open_signals,
    shared,
)
from backend.bootstrap.documents import (
    Ground,
    check_documents,
    document_folders,
    embeds_with_a_key,
    make_ingest,
)
from backend.bootstrap.kept_lines import keep_lines
from backend.bootstrap.telling import DOCUMENT, WORK, Teller
from backend.bootstrap.tracing import make_tracing
from backend.config.settings import Settings
from backend.documents.work_loop import WorkLoop
from backend.kit.own_process import die_with_parent, lower_priority
from backend.ports.watching import Watch

logger = logging.getLogger(__name__)


def work(settings: Settings, *, attached: bool) -> int:
    """Run a worker until it is stopped or, attached, idle; return the exit code."""
    check_documents(settings)
    lower_priority(settings.documents.worker_priority)
    if attached:
        die_with_parent(os.getppid())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_work(settings, attached=attached))
    return 0


async def _work(settings: Settings, *, attached: bool) -> None:
    async with AsyncExitStack() as stack:
        await make_ready(settings)
        stores = await open_all_stores(settings, demo=False)
        stack.push_async_callback(stores.aclose)
        clock = await open_clock(settings, stores, stack)
        tracing = make_tracing(settings, service="steward-worker")
        stack.push_async_callback(tracing.aclose)
        ground = Ground(
            settings=settings,
            stores=stores,
            clock=clock,
            stack=stack,
            folders=document_folders(settings),
            signals=await open_signals(settings, clock, stack),
            watch=Watch(tracing=tracing),
        )
        if embeds_with_a_key(settings):
            book = await open_credentials(ground)
            ground = replace(ground, key_of=book.get)
        _ = keep_lines(ground)
        ingest = make_ingest(ground, tell=_teller(ground, attached=attached))
        loop = WorkLoop(
            ingest,
            stores.jobs,
            clock=clock,
            per_user=settings.documents.concurrent_per_user,
        )
        if shared(settings):
            stack.callback(ground.signals.hear(WORK, lambda _: loop.wake()))
        idle_s = settings.documents.worker_idle_s if attached else None
        working = asyncio.ensure_future(loop.run(idle_s=idle_s))
        running = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            running.add_signal_handler(number, working.cancel)
        if attached:
            await _hear(loop, working)
        else:
            logger.info(
                "the worker looks for documents in %s until it is stopped", settings.data_dir
            )
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def _hear(loop: WorkLoop, working: asyncio.Future[None]) -> None:
    """Pass wake-ups on from standard input in the background; its end stops the work."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    async def listen() -> None:
        async for _ in reader:
            loop.wake()
        working.cancel()

    listening = asyncio.create_task(listen())
    working.add_done_callback(lambda _: listening.cancel())


def _teller(ground: Ground, *, attached: bool) -> Callable[[str], None]:
    """Give what hears of every document that changed: the server that started this, and the others."""
    hearing: list[Callable[[str], None]] = [_tell] if attached else []
    if shared(ground.settings):
        hearing.append(Teller(ground.signals, DOCUMENT).tell)

    def tell(document_id: str) -> None:
        for one in hearing:
            one(document_id)

    return tell


def _tell(document_id: str) -> None:
    line = orjson.dumps({"document": document_id}) + b"\n"
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), line)
