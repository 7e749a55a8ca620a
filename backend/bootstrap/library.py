"""Open the library of a server: tidy up, and have waiting documents read, here, in a worker or by others."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from backend.bootstrap.databases import shared
from backend.bootstrap.documents import (
    ROOT,
    Ground,
    OpenLibrary,
    embedding_options,
    embeds_with_a_key,
    make_ingest,
    make_library,
)
from backend.bootstrap.sharing import keep_looking, keep_tidy, tidy_files
from backend.bootstrap.telling import DOCUMENT, WORK, Teller
from backend.config.process import inherited_environment
from backend.config.settings import Settings
from backend.documents.embedding.choice import prepare
from backend.documents.news import DocumentNews
from backend.documents.work_loop import WorkLoop
from backend.jobs.supervisor import WorkerSupervisor
from backend.ports.embedding import EmbeddingFailed
from backend.ports.values import Health, JsonObject

logger = logging.getLogger(__name__)
# Secrets that reading documents has no use for; a hostile file would be near them.
SEAL_KEYS = "CREDENTIALS__KEYS"
_NOT_FOR_WORKERS = frozenset({"SECRET_KEY", "ADMIN_PASSWORD", "TAVILY_API_KEY", "QUERY__DATABASES"})


@dataclass(slots=True)
class Bell:
    """Wakes whoever reads documents, once there is somebody."""

    answers: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def ring(self) -> None:
        """Wake them."""
        for answer in self.answers:
            answer()


async def open_library(
    ground: Ground, *, forget: Callable[[], Awaitable[None]], demo: bool
) -> OpenLibrary:
    """Open the library of the server, tidy up after a crash, and have waiting work done.

    A demonstration works in this process, everything else in a worker process or in workers apart.
    """
    bell = Bell()
    news = _open_news(ground)
    found = make_library(ground, news=news, wake=bell.ring, forget=forget)
    await _tidy(ground, found)
    preparing = asyncio.create_task(_prepare(ground), name="prepare the embedded model")
    ground.stack.callback(preparing.cancel)
    if demo:
        ingest = make_ingest(ground, tell=news.changed)
        loop = WorkLoop(ingest, ground.stores.jobs, clock=ground.clock)
        ground.stack.callback(asyncio.create_task(loop.run(idle_s=None)).cancel)
        bell.answers.append(loop.wake)
        return found
    if shared(ground.settings):
        bell.answers.append(Teller(ground.signals, WORK).tell)
    if ground.settings.documents.worker == "apart":
        return replace(found, worker=_apart(ground))
    supervisor = await _supervised(ground, news=news, found=found)
    bell.answers.append(supervisor.wake)
    return replace(found, worker=supervisor.health)


def _open_news(ground: Ground) -> DocumentNews:
    """Make what wakes those that wait for a document; beside others, it tells and hears them."""
    if not shared(ground.settings):
        return DocumentNews(ground.clock)
    news = DocumentNews(ground.clock, tell=Teller(ground.signals, DOCUMENT).tell)
    ground.stack.callback(
        ground.signals.hear(DOCUMENT, lambda told: news.heard(str(told.get("id", ""))))
    )
    return news


async def _tidy(ground: Ground, found: OpenLibrary) -> None:
    await tidy_files(ground)
    if shared(ground.settings):
        ground.stack.callback(asyncio.create_task(keep_tidy(ground)).cancel)
    else:
        await found.indexes.sweep()


def _apart(ground: Ground) -> Callable[[], Awaitable[Health]]:
    async def health() -> Health:
        if await ground.stores.jobs.claimable(ground.clock.now_ms()):
            return Health(ok=True, detail="Documents wait for a worker apart to take them.")
        return Health(ok=True, detail="Workers apart read documents; none waits.")

    return health


async def _prepare(ground: Ground) -> None:
    """Build the embedded model at the first start, so that the first upload does not wait for it."""
    options = embedding_options(ground.settings, ground.folders, threads=1)
    try:
        await prepare(options, clock=ground.clock)
    except EmbeddingFailed as exc:
        logger.warning("documents cannot be embedded: %s", exc)


async def _supervised(
    ground: Ground, *, news: DocumentNews, found: OpenLibrary
) -> WorkerSupervisor:
    stores = ground.stores
    beside = shared(ground.settings)

    async def pending() -> bool:
        waits = stores.jobs.claimable(ground.clock.now_ms()) if beside else stores.jobs.waiting()
        if await waits:
            return True
        active = await stores.spaces.active()
        return active is not None and active != found.shelf.target_id

    def told(said: JsonObject) -> None:
        news.heard(str(said.get("document", "")))

    supervisor = WorkerSupervisor(
        [sys.executable, "-m", "backend", "--env-file", os.devnull, "worker", "--attached"],
        environ=_worker_environment(ground.settings),
        pending=pending,
        died=_nothing if beside else stores.jobs.release_all,
        told=told,
        clock=ground.clock,
    )
    ground.stack.push_async_callback(supervisor.aclose)
    if await pending():
        supervisor.wake()
    looking = keep_looking(ground, pending=pending, wake=supervisor.wake)
    ground.stack.callback(asyncio.create_task(looking).cancel)
    return supervisor


async def _nothing() -> None:
    """Give nothing back: the jobs that are held may be another worker's; leases run out."""


def _worker_environment(settings: Settings) -> dict[str, str]:
    """Give the worker the settings it works with, and folders that do not depend on where it runs."""
    given = settings.environment()
    unwanted = _NOT_FOR_WORKERS if embeds_with_a_key(settings) else _NOT_FOR_WORKERS | {SEAL_KEYS}
    return {
        **inherited_environment(),
        **{name: value for name, value in given.items() if name not in unwanted},
        "DATA_DIR": str(settings.data_dir.absolute()),
        "PYTHONPATH": str(ROOT),
    }
