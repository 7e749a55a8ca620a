"""One server's services: what is opened when it starts, in which order, and closed when it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI

from backend.agent.completing import Completions
from backend.agent.turn import Turns
from backend.api.deps import AppServices
from backend.auth.credentials import CredentialBook
from backend.bootstrap.accounting import MadeFiles, watch_standing
from backend.bootstrap.agents import open_agents, open_catalog
from backend.bootstrap.answering import open_answering, open_lasting
from backend.bootstrap.checkpoints import open_checkpoints
from backend.bootstrap.credentials import open_credentials
from backend.bootstrap.databases import open_all_stores, open_clock, open_signals
from backend.bootstrap.documents import Ground, OpenLibrary, document_folders
from backend.bootstrap.inside import SeeingInside
from backend.bootstrap.library import open_library
from backend.bootstrap.parts import api_options, make_accounts, make_first_admin
from backend.bootstrap.reached import Opened, services_of
from backend.bootstrap.replicas import begin, shares_its_database
from backend.bootstrap.traffic import open_upstreams
from backend.config.settings import Settings
from backend.kit.clocks import SystemClock
from backend.ports.query import TableEngine
from backend.storage.checkpoints import Checkpoints

logger = logging.getLogger(__name__)


class Composition:
    """One server's services: made when the application starts, closed when it ends."""

    def __init__(self, settings: Settings, *, address: str, demo: bool) -> None:
        self._forgotten = tempfile.TemporaryDirectory(prefix="steward-") if demo else None
        root = Path(self._forgotten.name) if self._forgotten else None
        self._folders = document_folders(settings, root=root)
        self._seeing = SeeingInside(settings)
        self.api_options = replace(
            api_options(settings, address=address, incoming=self._folders.incoming),
            watch=self._seeing.watch,
        )
        self._settings = settings
        self._address = address
        self._demo = demo
        self._turns: Turns | None = None
        self._completions: Completions | None = None
        self._library: OpenLibrary | None = None
        self._tables: TableEngine | None = None
        self._stopping: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncGenerator[None]:
        """Open everything, hand it to the routes, and close it again in reverse order."""
        async with AsyncExitStack() as stack:
            if self._forgotten is not None:
                stack.enter_context(self._forgotten)
            app.state.services = await self._open(stack)
            stack.callback(asyncio.create_task(self._keep_alive()).cancel)
            # What lives as long as the server need not be looked at by every full collection: that
            # took 50 to 80 ms and was the 99th percentile of the first token.
            gc.collect()
            gc.freeze()
            logger.info("Steward listens on %s", self._address)
            yield
            if self._completions is not None:
                await self._completions.close()
            if self._turns is not None:
                await self._turns.close(grace_s=1.0)

    def stop(self) -> None:
        """Refuse new turns, let go who waits for a document, end streams before the server cuts them.

        Called again, end them now.
        """
        if self._turns is None or self._completions is None:
            return
        if self._stopping is not None:
            self._interrupt_all()
            return
        self._turns.refuse()
        self._completions.refuse()
        if self._library is not None:
            self._library.documents.let_go()
        grace_s = max(0.0, self._settings.server.shutdown_grace_s - 1.0)
        loop = asyncio.get_running_loop()
        self._stopping = loop.call_later(grace_s, self._interrupt_all)

    def _interrupt_all(self) -> None:
        for one in (self._turns, self._completions):
            if one is not None:
                one.interrupt_all()

    async def _open_ground(self, stack: AsyncExitStack) -> tuple[Ground, CredentialBook]:
        """Open the database, settle what a dead server left, and read the credentials."""
        measuring = self._seeing.watch.measuring
        stores = await open_all_stores(self._settings, demo=self._demo, measuring=measuring)
        stack.push_async_callback(stores.aclose)
        clock = await open_clock(self._settings, stores, stack) if not self._demo else SystemClock()
        signals = await open_signals(self._settings, clock, stack, demo=self._demo)
        ground = Ground(
            settings=self._settings,
            stores=stores,
            clock=clock,
            stack=stack,
            folders=self._folders,
            signals=signals,
            watch=self._seeing.watch,
        )
        self._seeing.keep_lines(ground)
        await begin(ground, alone=self._alone)
        book = await open_credentials(ground, demo=self._demo)
        return replace(ground, key_of=book.get), book

    async def _open(self, stack: AsyncExitStack) -> AppServices:
        ground, book = await self._open_ground(stack)
        accounts = make_accounts(ground.settings, ground.stores, ground.clock)
        stack.push_async_callback(accounts.aclose)
        await make_first_admin(ground.settings, accounts)
        checkpoints = open_checkpoints(ground, demo=self._demo)
        stack.push_async_callback(checkpoints.aclose)
        library = await self._open_library(ground, checkpoints)
        upstreams = open_upstreams(ground)
        catalog = open_catalog(ground, library, upstreams.providers)
        agents = open_agents(ground, library, checkpoints, book, address=self._address)
        self._tables = agents.services.tables
        answering = await open_answering(ground, catalog, agents.parts, alone=self._alone)
        self._turns, self._completions = answering.turns, answering.completions
        accounts.hear(ground.signals)
        watch_standing(
            ground,
            running=(
                answering.turns,
                answering.completions,
                answering.uploads,
                answering.live,
            ),
            holding=(library.documents, answering.uploads, MadeFiles(agents.artifacts)),
        )
        lasting = await open_lasting(ground, library, checkpoints, agents, answering)
        opened = Opened(
            ground=ground,
            book=book,
            accounts=accounts,
            library=library,
            upstreams=upstreams,
            catalog=catalog,
            agents=agents,
            answering=answering,
            lasting=lasting,
        )
        inside = self._seeing.open(ground, answering.turns)
        return services_of(opened, options=self.api_options, inside=inside)

    @property
    def _alone(self) -> bool:
        return not shares_its_database(self._settings, demo=self._demo)

    async def _open_library(self, ground: Ground, checkpoints: Checkpoints) -> OpenLibrary:
        """Open the documents; what is erased of them goes from checkpoints and queries too."""

        async def forget() -> None:
            await ground.stores.forget()
            await checkpoints.forget()
            if self._tables is not None:
                await self._tables.forget_erased()

        self._library = await open_library(ground, forget=forget, demo=self._demo)
        return self._library

    async def _keep_alive(self) -> None:
        """Wake quiet streams now and then, so that they send a comment through idle proxies."""
        pause_s = self._settings.server.keep_alive_comment_s
        clock = SystemClock()
        while True:
            await clock.sleep(pause_s)
            for run in list(self._turns.active.values() if self._turns else ()):
                run.log.nudge()
            if self._completions is not None:
                self._completions.nudge()
