"""Every adapter of the storage ports, one after the other, each empty but for two users."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.ports.approvals import ApprovalStore
from backend.ports.document_stores import DocumentStore, FileStore, JobStore, SpaceStore
from backend.ports.stores import (
    AuditStore,
    ConversationStore,
    KeyStore,
    LoginAttemptStore,
    RefreshStore,
    RunStore,
    User,
    UserStore,
)
from backend.storage.approvals import SqlApprovalStore
from backend.storage.audit import SqlAuditStore
from backend.storage.conversations import SqlConversationStore
from backend.storage.database import Database
from backend.storage.document_jobs import SqlJobStore
from backend.storage.documents import SqlDocumentStore
from backend.storage.files import SqlFileStore
from backend.storage.keys import SqlKeyStore
from backend.storage.login_attempts import SqlLoginAttemptStore
from backend.storage.memory.approvals import MemoryApprovalStore
from backend.storage.memory.audit import MemoryAuditStore
from backend.storage.memory.conversations import MemoryConversationStore
from backend.storage.memory.document_jobs import MemoryJobStore
from backend.storage.memory.documents import MemoryDocumentStore
from backend.storage.memory.files import MemoryFileStore
from backend.storage.memory.keys import MemoryKeyStore
from backend.storage.memory.login_attempts import MemoryLoginAttemptStore
from backend.storage.memory.refresh_tokens import MemoryRefreshStore
from backend.storage.memory.runs import MemoryRunStore
from backend.storage.memory.shelves import Shelves
from backend.storage.memory.spaces import MemorySpaceStore
from backend.storage.memory.users import MemoryUserStore
from backend.storage.migrate import migrate
from backend.storage.refresh_tokens import SqlRefreshStore
from backend.storage.runs import SqlRunStore
from backend.storage.spaces import SqlSpaceStore
from backend.storage.users import SqlUserStore

ANN = User(id="user_ann", username="Ann", password_hash="hash", role="admin", created_at_ms=1)
BOB = User(id="user_bob", username="Bob", password_hash="hash", created_at_ms=2)


@dataclass(frozen=True, kw_only=True)
class Stores:
    """One adapter of each port over the same data."""

    users: UserStore
    keys: KeyStore
    refresh_tokens: RefreshStore
    login_attempts: LoginAttemptStore
    conversations: ConversationStore
    runs: RunStore
    audit: AuditStore
    approvals: ApprovalStore
    files: FileStore
    documents: DocumentStore
    jobs: JobStore
    spaces: SpaceStore


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """One database file with the schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    migrate(path)
    return path


@pytest.fixture(params=["memory", "sqlite"])
async def stores(request, tmp_path, migrated_file) -> AsyncIterator[Stores]:
    """The stores of one adapter, with the administrator Ann and the user Bob."""
    if request.param == "memory":
        made, database = _in_memory(), None
    else:
        shutil.copy(migrated_file, tmp_path / "steward.db")
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/steward.db")
        made = _in_sql(database)
    await made.users.add(ANN)
    await made.users.add(BOB)
    yield made
    if database is not None:
        await database.aclose()


def _in_memory() -> Stores:
    shelves = Shelves()
    return Stores(
        users=MemoryUserStore(shelves),
        keys=MemoryKeyStore(shelves),
        refresh_tokens=MemoryRefreshStore(shelves),
        login_attempts=MemoryLoginAttemptStore(shelves),
        conversations=MemoryConversationStore(shelves),
        runs=MemoryRunStore(shelves),
        audit=MemoryAuditStore(shelves),
        approvals=MemoryApprovalStore(shelves),
        files=MemoryFileStore(shelves),
        documents=MemoryDocumentStore(shelves),
        jobs=MemoryJobStore(shelves),
        spaces=MemorySpaceStore(shelves),
    )


def _in_sql(database: Database) -> Stores:
    return Stores(
        users=SqlUserStore(database),
        keys=SqlKeyStore(database),
        refresh_tokens=SqlRefreshStore(database),
        login_attempts=SqlLoginAttemptStore(database),
        conversations=SqlConversationStore(database),
        runs=SqlRunStore(database),
        audit=SqlAuditStore(database),
        approvals=SqlApprovalStore(database),
        files=SqlFileStore(database),
        documents=SqlDocumentStore(database),
        jobs=SqlJobStore(database),
        spaces=SqlSpaceStore(database),
    )
