"""One server's services: what is opened when it starts, in which order, and closed when it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI

from backend.agent.approvals import Approvals
from backend.agent.asking import Asking
from backend.agent.budgets import Budgets
from backend.agent.catalog import ModelCatalog
from backend.agent.completing import Completions
from backend.agent.context import TokenEstimate
from backend.agent.run import AgentParts
from backend.agent.toolbox import Toolbox, ToolboxParts, ToolCard
from backend.agent.turn import Turns
from backend.agent.usage_book import UsageBook
from backend.api.deps import AppServices
from backend.api.live_requests import LiveRequests
from backend.api.pending_uploads import PendingUploads
from backend.api.responses.far import FarResponses
from backend.api.responses.live import LiveResponses
from backend.auth.credentials import CredentialBook
from backend.bootstrap.accounting import make_limits, open_budgets, watch_standing
from backend.bootstrap.artifacts import open_artifacts
from backend.bootstrap.asking import make_asking
from backend.bootstrap.attaching import open_attaching
from backend.bootstrap.checkpoints import open_checkpoints
from backend.bootstrap.checks import server_checks
from backend.bootstrap.credentials import open_credentials, tools_made_anew, with_credentials
from backend.bootstrap.databases import open_all_stores, open_signals
from backend.bootstrap.departures import departures_of
from backend.bootstrap.documents import (
    Ground,
    OpenLibrary,
    document_folders,
    embedded_model,
    open_page_images,
)
from backend.bootstrap.durable import open_keyed, open_resuming, shrink_all
from backend.bootstrap.inside import SeeingInside
from backend.bootstrap.library import open_library
from backend.bootstrap.parts import (
    agent_options,
    api_options,
    charge,
    close_tool,
    make_accounts,
    make_first_admin,
    make_policy,
    make_tool_cards,
    settle_tools,
)
from backend.bootstrap.query_databases import database_report, look_behind_the_start
from backend.bootstrap.replicas import Replica, begin, open_replica, shares_its_database
from backend.bootstrap.tooling import open_remote, open_tooling
from backend.bootstrap.traffic import open_upstreams
from backend.config.settings import Settings
from backend.kit.clocks import SystemClock
from backend.kit.http import HttpClient
from backend.ports.artifacts import Artifacts
from backend.ports.limits import RateLimiter
from backend.ports.models import ModelProvider
from backend.ports.query import TableEngine
from backend.ports.tools import Services
from backend.storage.checkpoints import Checkpoints

logger = logging.getLogger(__name__)


class Answering(NamedTuple):
    """What carries out requests that last."""

    turns: Turns
    completions: Completions
    usage: UsageBook
    uploads: PendingUploads
    responses: LiveResponses
    far: FarResponses
    replica: Replica


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
        clock = SystemClock()
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
        settings, stores, clock = ground.settings, ground.stores, ground.clock
        accounts = make_accounts(settings, stores, clock)
        stack.push_async_callback(accounts.aclose)
        await make_first_admin(settings, accounts)
        checkpoints = open_checkpoints(ground, demo=self._demo)
        stack.push_async_callback(checkpoints.aclose)
        library = await self._open_library(ground, checkpoints)
        upstreams = open_upstreams(ground)
        catalog = _open_catalog(ground, library, upstreams.providers)
        asking = make_asking(ground, checkpoints, public_url=self._public_url)
        parts, services = self._open_agents(ground, library, checkpoints, asking, book)
        limits = make_limits(ground)
        budgets = await open_budgets(ground)
        answering = self._open_answering(ground, catalog, parts, limits, budgets)
        accounts.hear(ground.signals)
        live = LiveRequests()
        watch_standing(ground, (answering.turns, answering.completions, answering.uploads, live))
        approvals = Approvals(
            turns=answering.turns, parts=parts, asking=asking, runs=stores.runs, users=stores.users
        )
        stack.callback(asyncio.create_task(approvals.keep_swept()).cancel)
        library.documents.before_erasing = approvals.cancel_quoting
        stack.callback(asyncio.create_task(library.documents.keep_erasing()).cancel)
        keyed = await open_keyed(ground)
        resuming = open_resuming(ground, answering.turns, parts, checkpoints)
        liveness = answering.replica.liveness
        liveness.dead, liveness.taken = keyed.store.left_by, resuming.resume_left
        opened = AppServices(
            accounts=accounts,
            turns=answering.turns,
            elsewhere=answering.replica.elsewhere,
            completions=answering.completions,
            usage=answering.usage,
            budgets=budgets,
            live=live,
            catalog=catalog,
            toolbox=parts.toolbox,
            conversations=stores.conversations,
            runs=stores.runs,
            audit=stores.audit,
            approvals=approvals,
            resuming=resuming,
            keyed=keyed,
            answers=stores.answers,
            responses=answering.responses,
            far_responses=answering.far,
            policy=parts.policy,
            clock=clock,
            options=self.api_options,
            inside=self._seeing.open(ground, answering.turns),
            limits=limits,
            documents=library.documents,
            page_images=open_page_images(ground, library),
            artifacts=parts.artifacts,
            vector_stores=stores.vector_stores,
            pending_uploads=answering.uploads,
            credentials=book,
            traffic=upstreams,
            checks=server_checks(
                ground,
                library,
                {**upstreams.checks(), "credentials": book.health},
                toolbox=parts.toolbox,
                services=services,
            ),
            reports={"databases": lambda: database_report(services.databases)},
        )
        departures = departures_of(opened, library, stores.users)
        stack.callback(asyncio.create_task(departures.keep_looking()).cancel)
        return opened

    def _open_answering(
        self,
        ground: Ground,
        catalog: ModelCatalog,
        parts: AgentParts,
        limits: RateLimiter | None,
        budgets: Budgets,
    ) -> Answering:
        """Make what runs while the server does and is asked to stop with it."""
        stores, stack, clock = ground.stores, ground.stack, ground.clock
        spent = None if limits is None else partial(charge, limits)
        self._turns = Turns(
            catalog=catalog,
            parts=parts,
            conversations=stores.conversations,
            runs=stores.runs,
            spent=spent,
            budgets=budgets,
        )
        usage = UsageBook(stores.usage, clock)
        stack.push_async_callback(usage.aclose)
        self._completions = Completions(
            catalog, clock, book=usage, spent=spent, budgets=budgets, watch=ground.watch
        )
        uploads = PendingUploads(self._folders.incoming, clock)
        stack.callback(asyncio.create_task(uploads.keep_swept()).cancel)
        replica = open_replica(ground, self._turns, alone=self._alone)
        responses = LiveResponses(stores.answers, stores.runs, clock)
        far = FarResponses(replica.elsewhere, replica.journaling, clock)
        far.serve(responses.get)
        stack.push_async_callback(far.aclose)
        stack.push_async_callback(responses.aclose)
        return Answering(self._turns, self._completions, usage, uploads, responses, far, replica)

    def _open_agents(
        self,
        ground: Ground,
        library: OpenLibrary,
        checkpoints: Checkpoints,
        asking: Asking,
        book: CredentialBook,
    ) -> tuple[AgentParts, Services]:
        """Make what every run works with, and what its tools do."""
        settings = with_credentials(ground.settings, book)
        http = HttpClient()
        ground.stack.push_async_callback(http.aclose)
        shrink = partial(shrink_all, ground.stores, checkpoints)
        artifacts = open_artifacts(ground, public_url=self._public_url, shrink=shrink)
        services = open_tooling(ground, http=http, documents=library.documents)
        self._tables = services.tables
        look_behind_the_start(ground, services.databases)
        toolbox = self._open_tools(ground, make_tool_cards(settings, services), artifacts)
        book.changed = tools_made_anew(ground.settings, book, toolbox, services)
        parts = AgentParts(
            toolbox=toolbox,
            estimate=TokenEstimate(),
            clock=ground.clock,
            options=agent_options(settings, address=self._address),
            checkpointer=checkpoints.saver,
            resumables=None
            if settings.agent.resume_after_crash == "off"
            else ground.stores.resumables,
            documents=library.documents,
            attaching=open_attaching(ground, library.documents),
            policy=make_policy(settings),
            asking=asking,
            artifacts=artifacts,
            remote=open_remote(ground),
            watch=ground.watch,
            server_id=ground.server_id,
        )
        return parts, services

    @property
    def _alone(self) -> bool:
        return not shares_its_database(self._settings, demo=self._demo)

    @property
    def _public_url(self) -> str:
        return (self._settings.public_url or self._address).rstrip("/")

    def _open_tools(
        self, ground: Ground, cards: Sequence[ToolCard], artifacts: Artifacts
    ) -> Toolbox:
        """Put the tools into one box; those that must try themselves do it behind the start."""
        agent = ground.settings.agent
        parts = ToolboxParts(
            audit=ground.stores.audit,
            clock=ground.clock,
            artifacts=artifacts,
            server_id=ground.server_id,
            timeout_s=agent.tool_timeout_s,
            max_result_chars=agent.tool_output_max_chars,
            watch=ground.watch,
        )
        toolbox = Toolbox(cards, parts)
        for card in cards:
            ground.stack.push_async_callback(close_tool, card)
        ground.stack.callback(asyncio.create_task(settle_tools(toolbox)).cancel)
        return toolbox

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


def _open_catalog(
    ground: Ground, library: OpenLibrary, providers: Sequence[ModelProvider]
) -> ModelCatalog:
    """Make the catalogue of models: the built-in one first, then the embedded one, then the others."""
    models = ground.settings.models
    catalog = ModelCatalog(
        [providers[0], embedded_model(ground, library), *providers[1:]],
        default_model=models.default_model or ground.settings.ollama_model,
    )
    ground.stack.push_async_callback(catalog.aclose)
    return catalog
