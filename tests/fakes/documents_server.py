"""A live server over some documents, whatever service it was composed with."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace

from backend.agent.toolbox import Toolbox, ToolboxParts
from backend.agent.turn import Turns
from backend.api.deps import AppServices
from tests.fakes.found_documents import FoundDocuments, documents_card
from tests.fakes.live_server import LiveServer


@contextlib.asynccontextmanager
async def with_documents(server: LiveServer, documents: FoundDocuments) -> AsyncGenerator[None]:
    """Let a server work on these documents for a while."""
    found: AppServices = server.app.state.services
    card = documents_card(documents)
    others = [one for one in found.toolbox.cards if one.name != card.name]
    toolbox = Toolbox([*others, card], ToolboxParts(audit=found.audit, clock=found.clock))
    turns = Turns(
        catalog=found.catalog,
        parts=replace(found.turns._parts, toolbox=toolbox, documents=documents),
        conversations=found.conversations,
        runs=found.runs,
    )
    server.app.state.services = replace(found, toolbox=toolbox, turns=turns, documents=documents)
    try:
        yield
    finally:
        await turns.close(grace_s=1)
        server.app.state.services = found
