"""All stores of one server, over SQLite or in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from backend.kit.clocks import SystemClock
from backend.ports.answers import AnswerStore
from backend.ports.approvals import ApprovalStore
from backend.ports.artifacts import ArtifactStore
from backend.ports.audit import AuditStore
from backend.ports.budgets import BudgetStore
from backend.ports.clock import Clock
from backend.ports.credentials import CredentialStore
from backend.ports.document_jobs import JobStore
from backend.ports.document_stores import DocumentStore, FileStore, SpaceStore
from backend.ports.inside import LogStore, PerformanceStore
from backend.ports.kept_answers import KeptAnswerStore
from backend.ports.keyed_requests import KeyedRequestStore
from backend.ports.limits import RateLimiter
from backend.ports.login_attempts import LoginAttemptStore
from backend.ports.measuring import Measuring, Unmeasured
from backend.ports.replicas import JournalStore, ServerStore
from backend.ports.resumables import ResumableStore
from backend.ports.search_indexes import SearchIndexes
from backend.ports.standing import StandingStore
from backend.ports.stores import ConversationStore, KeyStore, RefreshStore, RunStore, UserStore
from backend.ports.usage import UsageStore
from backend.ports.values import Health
from backend.ports.vector_stores import VectorStoreStore
from backend.storage.answers import SqlAnswerStore
from backend.storage.approvals import SqlApprovalStore
from backend.storage.artifacts import SqlArtifactStore
from backend.storage.audit import SqlAuditStore
from backend.storage.budgets import SqlBudgetStore
from backend.storage.conversations import SqlConversationStore
from backend.storage.credentials import SqlCredentialStore
from backend.storage.database import Database
from backend.storage.document_jobs import SqlJobStore
from backend.storage.documents import SqlDocumentStore
from backend.storage.files import SqlFileStore
from backend.storage.journal import SqlJournalStore
from backend.storage.kept_answers import SqlKeptAnswerStore
from backend.storage.keyed_requests import SqlKeyedRequestStore
from backend.storage.keys import SqlKeyStore
from backend.storage.log_lines import SqlLogStore
from backend.storage.login_attempts import SqlLoginAttemptStore
from backend.storage.measured_database import MeasuredDatabase
from backend.storage.memory.answers import MemoryAnswerStore
from backend.storage.memory.approvals import MemoryApprovalStore
from backend.storage.memory.artifacts import MemoryArtifactStore
from backend.storage.memory.audit import MemoryAuditStore
from backend.storage.memory.budgets import MemoryBudgetStore
from backend.storage.memory.conversations import MemoryConversationStore
from backend.storage.memory.credentials import MemoryCredentialStore
from backend.storage.memory.document_jobs import MemoryJobStore
from backend.storage.memory.document_shelves import DocumentShelves
from backend.storage.memory.documents import MemoryDocumentStore
from backend.storage.memory.files import MemoryFileStore
from backend.storage.memory.kept_answers import MemoryKeptAnswerStore
from backend.storage.memory.keyed_requests import MemoryKeyedRequestStore
from backend.storage.memory.keys import MemoryKeyStore
from backend.storage.memory.log_lines import MemoryLogStore
from backend.storage.memory.login_attempts import MemoryLoginAttemptStore
from backend.storage.memory.performance import MemoryPerformanceStore
from backend.storage.memory.refresh_tokens import MemoryRefreshStore
from backend.storage.memory.resumables import MemoryResumableStore
from backend.storage.memory.runs import MemoryRunStore
from backend.storage.memory.servers import MemoryJournalStore, MemoryServerStore
from backend.storage.memory.shelves import Shelves
from backend.storage.memory.spaces import MemorySpaceStore
from backend.storage.memory.standing import MemoryStandingStore
from backend.storage.memory.usage import MemoryUsageStore
from backend.storage.memory.users import MemoryUserStore
from backend.storage.memory.vector_stores import MemoryVectorStoreStore
from backend.storage.opening import indexes_of, open_database
from backend.storage.performance import SqlPerformanceStore
from backend.storage.rate_limits import SqlRateLimiter
from backend.storage.refresh_tokens import SqlRefreshStore
from backend.storage.resumables import SqlResumableStore
from backend.storage.runs import SqlRunStore
from backend.storage.schema import prepare_database
from backend.storage.servers import SqlServerStore
from backend.storage.spaces import SqlSpaceStore
from backend.storage.standing import SqlStandingStore
from backend.storage.usage import SqlUsageStore
from backend.storage.users import SqlUserStore
from backend.storage.vector_stores import SqlVectorStoreStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """One store per noun, over one database.

    `forget` makes what was erased unreadable on the disk; `shrink` gives freed space back to it.
    `limiter` makes what bounds requests and tokens by the minute, exact on all servers of the
    database; None where there is one. `indexes` is there when the database searches documents by itself.
    """

    users: UserStore
    keys: KeyStore
    refresh_tokens: RefreshStore
    login_attempts: LoginAttemptStore
    conversations: ConversationStore
    runs: RunStore
    audit: AuditStore
    approvals: ApprovalStore
    answers: AnswerStore
    artifacts: ArtifactStore
    files: FileStore
    documents: DocumentStore
    jobs: JobStore
    spaces: SpaceStore
    vector_stores: VectorStoreStore
    usage: UsageStore
    resumables: ResumableStore
    keyed_requests: KeyedRequestStore
    budgets: BudgetStore
    standing: StandingStore
    limiter: Callable[[Clock, int, int], RateLimiter] | None
    credentials: CredentialStore
    kept_answers: KeptAnswerStore
    log_lines: LogStore
    performance: PerformanceStore
    servers: ServerStore
    journal: JournalStore
    forget: Callable[[], Awaitable[None]]
    shrink: Callable[[], Awaitable[None]]
    health: Callable[[], Awaitable[Health]]
    aclose: Callable[[], Awaitable[None]]
    indexes: SearchIndexes | None = None


async def open_stores(
    url: str,
    *,
    clock: Clock | None = None,
    measuring: Measuring | None = None,
    writers: int = 4,
    readers: int = 4,
    index_above: int = 0,
) -> Stores:
    """Bring the database to this version's schema and open it; by `clock` files expire.

    `writers` and `readers` are the most connections to PostgreSQL, and one more makes the index of vectors that
    users with more than `index_above` chunks have there (0 = none).

    Raises:
        SchemaTooNew: when a newer version wrote it.
        UnusableDatabaseUrl: when the address is not one this server can use.
    """
    await prepare_database(url)
    opened = open_database(url, writers=writers, readers=readers + (index_above > 0))
    database = MeasuredDatabase(opened, measuring or Unmeasured())
    return sql_stores(database, clock=clock, index_above=index_above)


def sql_stores(database: Database, *, clock: Clock | None = None, index_above: int = 0) -> Stores:
    """Put one store per noun over a database that has this version's schema."""
    clock = clock or SystemClock()
    return Stores(
        users=SqlUserStore(database),
        keys=SqlKeyStore(database),
        refresh_tokens=SqlRefreshStore(database),
        login_attempts=SqlLoginAttemptStore(database),
        conversations=SqlConversationStore(database),
        runs=SqlRunStore(database),
        audit=SqlAuditStore(database),
        approvals=SqlApprovalStore(database),
        answers=SqlAnswerStore(database),
        artifacts=SqlArtifactStore(database),
        files=SqlFileStore(database, clock),
        documents=SqlDocumentStore(database, clock),
        vector_stores=SqlVectorStoreStore(database, clock),
        jobs=SqlJobStore(database),
        spaces=SqlSpaceStore(database),
        usage=SqlUsageStore(database),
        resumables=SqlResumableStore(database),
        keyed_requests=SqlKeyedRequestStore(database),
        budgets=SqlBudgetStore(database),
        standing=SqlStandingStore(database),
        limiter=partial(SqlRateLimiter, database) if database.shared else None,
        credentials=SqlCredentialStore(database),
        kept_answers=SqlKeptAnswerStore(database),
        log_lines=SqlLogStore(database),
        performance=SqlPerformanceStore(database),
        indexes=indexes_of(database, index_above=index_above),
        servers=SqlServerStore(database),
        journal=SqlJournalStore(database),
        forget=database.forget,
        shrink=database.shrink,
        health=database.health,
        aclose=database.aclose,
    )


def memory_stores(*, clock: Clock | None = None) -> Stores:
    """Open stores that forget everything at the end; by `clock` files expire."""
    clock = clock or SystemClock()
    shelves = Shelves(papers=DocumentShelves(clock=clock))
    return Stores(
        users=MemoryUserStore(shelves),
        keys=MemoryKeyStore(shelves),
        refresh_tokens=MemoryRefreshStore(shelves),
        login_attempts=MemoryLoginAttemptStore(shelves),
        conversations=MemoryConversationStore(shelves),
        runs=MemoryRunStore(shelves),
        audit=MemoryAuditStore(shelves),
        approvals=MemoryApprovalStore(shelves),
        answers=MemoryAnswerStore(shelves),
        artifacts=MemoryArtifactStore(shelves),
        files=MemoryFileStore(shelves),
        documents=MemoryDocumentStore(shelves),
        vector_stores=MemoryVectorStoreStore(shelves),
        jobs=MemoryJobStore(shelves),
        spaces=MemorySpaceStore(shelves),
        usage=MemoryUsageStore(shelves),
        resumables=MemoryResumableStore(shelves),
        keyed_requests=MemoryKeyedRequestStore(shelves),
        budgets=MemoryBudgetStore(shelves),
        standing=MemoryStandingStore(shelves),
        limiter=None,
        credentials=MemoryCredentialStore(),
        kept_answers=MemoryKeptAnswerStore(shelves),
        log_lines=MemoryLogStore(shelves),
        performance=MemoryPerformanceStore(),
        servers=MemoryServerStore(shelves, clock),
        journal=MemoryJournalStore(shelves),
        forget=_nothing,
        shrink=_nothing,
        health=_healthy,
        aclose=_nothing,
    )


async def _healthy() -> Health:
    return Health(ok=True, detail="in memory")


async def _nothing() -> None:
    return None
