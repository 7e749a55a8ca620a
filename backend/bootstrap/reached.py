"""Give the routes what they reach of what was opened. Not for: opening it (`composition`)."""

from __future__ import annotations

from dataclasses import dataclass

from backend.agent.catalog import ModelCatalog
from backend.api.deps import ApiOptions, AppServices
from backend.auth.credentials import CredentialBook
from backend.auth.service import AuthService
from backend.bootstrap.agents import Agents
from backend.bootstrap.answering import Answering, Lasting
from backend.bootstrap.checks import server_checks
from backend.bootstrap.documents import Ground, OpenLibrary, open_page_images
from backend.bootstrap.query_databases import database_report
from backend.bootstrap.upstreams import Upstreams
from backend.ports.inside import Inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Everything of one server that was opened."""

    ground: Ground
    book: CredentialBook
    accounts: AuthService
    library: OpenLibrary
    upstreams: Upstreams
    catalog: ModelCatalog
    agents: Agents
    answering: Answering
    lasting: Lasting


def services_of(opened: Opened, *, options: ApiOptions, inside: Inside) -> AppServices:
    """Name it as the routes do."""
    ground, library, upstreams = opened.ground, opened.library, opened.upstreams
    agents, answering, lasting = opened.agents, opened.answering, opened.lasting
    stores, databases = ground.stores, agents.services.databases
    return AppServices(
        accounts=opened.accounts,
        turns=answering.turns,
        elsewhere=answering.replica.elsewhere,
        completions=answering.completions,
        usage=answering.usage,
        budgets=answering.budgets,
        live=answering.live,
        catalog=opened.catalog,
        toolbox=agents.parts.toolbox,
        conversations=stores.conversations,
        runs=stores.runs,
        audit=stores.audit,
        approvals=lasting.approvals,
        resuming=lasting.resuming,
        keyed=lasting.keyed,
        answers=stores.answers,
        responses=answering.responses,
        far_responses=answering.far,
        policy=agents.parts.policy,
        clock=ground.clock,
        options=options,
        inside=inside,
        limits=answering.limits,
        documents=library.documents,
        page_images=open_page_images(ground, library),
        artifacts=agents.artifacts,
        vector_stores=stores.vector_stores,
        pending_uploads=answering.uploads,
        credentials=opened.book,
        traffic=upstreams,
        checks=server_checks(
            ground,
            library,
            {**upstreams.checks(), "credentials": opened.book.health},
            toolbox=agents.parts.toolbox,
            services=agents.services,
        ),
        reports={"databases": lambda: database_report(databases)},
    )
