"""All stores of one server, over SQLite or in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend.kit.clocks import SystemClock
from backend.ports.answers import AnswerStore
from backend.ports.approvals import ApprovalStore
from backend.ports.artifacts import ArtifactStore
from backend.ports.clock import Clock
from backend.ports.document_stores import DocumentStore, FileStore, JobStore, SpaceStore
from backend.ports.login_attempts import LoginAttemptStore
from backend.ports.replicas import JournalStore, ServerStore
from backend.ports.stores import (
    AuditStore,
    ConversationStore,
    KeyStore,
    RefreshStore,
    RunStore,
    UserStore,
)
from backend.ports.usage import UsageStore
from backend.ports.values import Health
from backend.ports.vector_stores import VectorStoreStore
from backend.storage.answers import SqlAnswerStore
from backend.storage.approvals import SqlApprovalStore
from backend.storage.artifacts import SqlArtifactStore
from backend.storage.audit import SqlAuditStore
from backend.storage.conversations import SqlConversationStore
from backend.storage.database import Database
from backend.storage.document_jobs import SqlJobStore
from backend.storage.documents import SqlDocumentStore
from backend.storage.files import SqlFileStore
from backend.storage.journal import SqlJournalStore
from backend.storage.keys import SqlKeyStore
from backend.storage.login_attempts import SqlLoginAttemptStore
from backend.storage.memory.answers import MemoryAnswerStore
from backend.storage.memory.approvals import MemoryApprovalStore
from backend.storage.memory.artifacts import MemoryArtifactStore
from backend.storage.memory.audit import MemoryAuditStore
from backend.storage.memory.conversations import MemoryConversationStore
from backend.storage.memory.document_jobs import MemoryJobStore
from backend.storage.memory.document_shelves import DocumentShelves
from backend.storage.memory.documents import MemoryDocumentStore
from backend.storage.memory.files import MemoryFileStore
from backend.storage.memory.keys import MemoryKeyStore
from backend.storage.memory.login_attempts import MemoryLoginAttemptStore
from backend.storage.memory.refresh_tokens import MemoryRefreshStore
from backend.storage.memory.runs import MemoryRunStore
from backend.storage.memory.servers import MemoryJournalStore, MemoryServerStore
from backend.storage.memory.shelves import Shelves
from backend.storage.memory.spaces import MemorySpaceStore
from backend.storage.memory.usage import MemoryUsageStore
from backend.storage.memory.users import MemoryUserStore
from backend.storage.memory.vector_stores import MemoryVectorStoreStore
from backend.storage.opening import open_database
from backend.storage.refresh_tokens import SqlRefreshStore
from backend.storage.runs import SqlRunStore
from backend.storage.schema import prepare_database
from backend.storage.servers import SqlServerStore
from backend.storage.spaces import SqlSpaceStore
from backend.storage.usage import SqlUsageStore
from backend.storage.users import SqlUserStore
from backend.storage.vector_stores import SqlVectorStoreStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """One store per noun, over one database; `forget` makes what was erased unreadable on the disk."""

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
    servers: ServerStore
    journal: JournalStore
    forget: Callable[[], Awaitable[None]]
    health: Callable[[], Awaitable[Health]]
    aclose: Callable[[], Awaitable[None]]


async def open_stores(url: str, *, clock: Clock | None = None) -> Stores:
    """Bring the database to this version's schema and open it; by `clock` files expire.

    Raises:
        SchemaTooNew: when a newer version wrote it.
        UnusableDatabaseUrl: when the address is not one this server can use.
    """
    await prepare_database(url)
    return sql_stores(open_database(url), clock=clock)


def sql_stores(database: Database, *, clock: Clock | None = None) -> Stores:
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
        servers=SqlServerStore(database),
        journal=SqlJournalStore(database),
        forget=database.forget,
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
        servers=MemoryServerStore(shelves, clock),
        journal=MemoryJournalStore(shelves),
        forget=_nothing,
        health=_healthy,
        aclose=_nothing,
    )


async def _healthy() -> Health:
    return Health(ok=True, detail="in memory")


async def _nothing() -> None:
    return None
