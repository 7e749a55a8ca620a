"""Open what every run works with: the models, the tools, and what is kept, asked and attached for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from backend.agent.asking import Asking
from backend.agent.catalog import ModelCatalog
from backend.agent.context import TokenEstimate
from backend.agent.run import AgentParts
from backend.agent.toolbox import Toolbox, ToolboxParts, ToolCard
from backend.auth.credentials import CredentialBook
from backend.bootstrap.artifacts import open_artifacts
from backend.bootstrap.asking import make_asking
from backend.bootstrap.attaching import open_attaching
from backend.bootstrap.credentials import tools_made_anew, with_credentials
from backend.bootstrap.documents import Ground, OpenLibrary, embedded_model
from backend.bootstrap.durable import shrink_all
from backend.bootstrap.parts import (
    agent_options,
    close_tool,
    make_policy,
    make_tool_cards,
    settle_tools,
)
from backend.bootstrap.query_databases import look_behind_the_start
from backend.bootstrap.tooling import open_remote, open_tooling
from backend.kit.http import HttpClient
from backend.ports.artifacts import Artifacts
from backend.ports.models import ModelProvider
from backend.ports.tools import Services
from backend.storage.checkpoints import Checkpoints


class Agents(NamedTuple):
    """What every run works with, and what is reached of it by itself; `services` is what its tools do."""

    parts: AgentParts
    services: Services
    asking: Asking
    artifacts: Artifacts


def open_catalog(
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


def open_agents(
    ground: Ground,
    library: OpenLibrary,
    checkpoints: Checkpoints,
    book: CredentialBook,
    *,
    address: str,
) -> Agents:
    """Make what every run works with, and what its tools do; `address` is where this server listens."""
    settings = with_credentials(ground.settings, book)
    public_url = (settings.public_url or address).rstrip("/")
    asking = make_asking(ground, checkpoints, public_url=public_url)
    http = HttpClient()
    ground.stack.push_async_callback(http.aclose)
    shrink = partial(shrink_all, ground.stores, checkpoints)
    artifacts = open_artifacts(ground, public_url=public_url, shrink=shrink)
    services = open_tooling(ground, http=http, documents=library.documents)
    look_behind_the_start(ground, services.databases)
    toolbox = _open_tools(ground, make_tool_cards(settings, services), artifacts)
    book.changed = tools_made_anew(ground.settings, book, toolbox, services)
    resumes = settings.agent.resume_after_crash != "off"
    parts = AgentParts(
        toolbox=toolbox,
        estimate=TokenEstimate(),
        clock=ground.clock,
        options=agent_options(settings, address=address),
        checkpointer=checkpoints.saver,
        resumables=ground.stores.resumables if resumes else None,
        documents=library.documents,
        attaching=open_attaching(ground, library.documents),
        policy=make_policy(settings),
        asking=asking,
        artifacts=artifacts,
        remote=open_remote(ground),
        watch=ground.watch,
        server_id=ground.server_id,
    )
    return Agents(parts, services, asking, artifacts)


def _open_tools(ground: Ground, cards: Sequence[ToolCard], artifacts: Artifacts) -> Toolbox:
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
