"""The storage ports: one store per noun, each with an SQL and an in-memory adapter.

Ownership is part of every query: a method that takes `user_id` finds nothing of anybody else's, so
that a foreign id answers exactly like a missing one. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from backend.ports.values import ChatMessage, JsonObject

T = TypeVar("T")
Role = Literal["admin", "user"]
RunState = Literal["running", "waiting", "completed", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One account. `token_version` grows when older tokens must die."""

    id: str
    username: str
    password_hash: str
    role: Role = "user"
    disabled: bool = False
    token_version: int = 0
    created_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One API key; `hash` is the SHA-256 of the secret, `hint` its first and last characters."""

    id: str
    user_id: str
    name: str
    hash: str
    hint: str
    scopes: tuple[str, ...] = ()
    created_at_ms: int = 0
    expires_at_ms: int | None = None
    last_used_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """One browser session of the page; rotated on use, a reused one ends its whole family."""

    id: str
    user_id: str
    family: str
    hash: str
    created_at_ms: int
    expires_at_ms: int
    used_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One stored conversation (a session); `head_id` is the last message of those that are shown."""

    id: str
    user_id: str
    title: str = ""
    metadata: JsonObject = field(default_factory=dict[str, Any])
    active_run_id: str | None = None
    head_id: str | None = None
    created_at_ms: int = 0
    updated_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One message of a conversation; `state` tells how the run that wrote it ended.

    `parent_id` names the message it follows, None for a first one; the store sees to it. Those that
    follow the same one are versions of each other.
    """

    id: str
    conversation_id: str
    message: ChatMessage
    run_id: str | None = None
    parent_id: str | None = None
    state: RunState = "completed"
    created_at_ms: int = 0


# Gives what stays of a message, None for nothing; called inside a transaction, so it only computes.
Edit = Callable[[StoredMessage], ChatMessage | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run with its trace; `events` is the compacted event log, `server_id` names who runs it.

    `file_ids` are the files whose passages the trace quotes: once one is deleted, the passages go.
    """

    id: str
    user_id: str
    conversation_id: str | None
    model: str
    route: str
    state: RunState
    trace: JsonObject = field(default_factory=dict[str, Any])
    events: Sequence[JsonObject] = ()
    started_at_ms: int = 0
    finished_at_ms: int | None = None
    file_ids: tuple[str, ...] = ()
    server_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A slice of a listing; `next_cursor` is None on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class UserStore(Protocol):
    """Accounts. Names are compared NFKC-normalised and case-folded."""

    async def add(self, user: User) -> None:
        """Add an account; raise Conflict when the name is taken."""
        ...

    async def get(self, user_id: str) -> User | None:
        """Find by id."""
        ...

    async def by_name(self, username: str) -> User | None:
        """Find by name in any spelling of case and width."""
        ...

    async def list(self) -> Sequence[User]:
        """All accounts, oldest first."""
        ...

    async def update(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
        end_tokens: bool = False,
    ) -> User | None:
        """Change fields, `end_tokens` all older tokens; Conflict for the last enabled administrator."""
        ...

    async def delete(self, user_id: str) -> bool:
        """Erase an account and all that is its; Conflict for the last enabled administrator."""
        ...

    async def count(self) -> int:
        """Number of accounts."""
        ...


class KeyStore(Protocol):
    """API keys."""

    async def add(self, key: ApiKey) -> None:
        """Add a key."""
        ...

    async def find(self, key_hash: str) -> tuple[ApiKey, User] | None:
        """Find a key and its owner by the secret's hash, in one query."""
        ...

    async def list(self, user_id: str) -> Sequence[ApiKey]:
        """A user's keys, newest first."""
        ...

    async def delete(self, user_id: str, key_id: str) -> bool:
        """Revoke a key."""
        ...

    async def touch(self, key_id: str, used_at_ms: int) -> None:
        """Note that a key was used."""
        ...


class RefreshStore(Protocol):
    """Refresh tokens of the page."""

    async def add(self, token: RefreshToken) -> None:
        """Add a token."""
        ...

    async def use(self, token_hash: str, now_ms: int, *, again_ms: int = 0) -> RefreshToken | None:
        """Take a token once; None when it is unknown or expired.

        One used before comes back with its old `used_at_ms`, its whole family ended; unless that was less
        than `again_ms` ago and the one after it was never used: then that gives way to it.
        """
        ...

    async def end_family(self, family: str) -> None:
        """End a browser session."""
        ...

    async def end_all(self, user_id: str) -> None:
        """End every browser session of a user."""
        ...


class ConversationStore(Protocol):
    """Sessions and their messages."""

    async def create(
        self, conversation: Conversation, messages: Sequence[StoredMessage] = ()
    ) -> None:
        """Add a conversation with what it starts from."""
        ...

    async def get(self, user_id: str, conversation_id: str) -> Conversation | None:
        """Find one of the user's."""
        ...

    async def messages(self, user_id: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Those of its messages that are shown, in order; empty when it is not the user's."""
        ...

    async def all_messages(self, user_id: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Its messages of every version, as they were written; empty when it is not the user's."""
        ...

    async def show(self, user_id: str, conversation_id: str, message_id: str) -> bool:
        """Show the version that holds a message, up to what was written last behind it.

        Tell whether there is such a message; SessionBusy while a run holds the conversation.
        """
        ...

    async def list(
        self, user_id: str, *, query: str = "", limit: int = 20, cursor: str | None = None
    ) -> Page[Conversation]:
        """The user's conversations, last used first; `query` searches titles and messages."""
        ...

    async def update(
        self,
        user_id: str,
        conversation_id: str,
        *,
        title: str | None = None,
        metadata: JsonObject | None = None,
    ) -> Conversation | None:
        """Change title or metadata; that is no use of it, so the list stays in its order."""
        ...

    async def delete(self, user_id: str, conversation_id: str) -> bool:
        """Erase it with its messages and runs."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Erase those last used before then that nothing runs or waits in; tell how many."""
        ...

    async def append(
        self,
        user_id: str,
        conversation_id: str,
        messages: Sequence[StoredMessage],
        *,
        title_if_empty: str,
        now_ms: int,
    ) -> None:
        """Add messages behind the last one, outside of any turn, in one transaction.

        Raises SessionBusy, NotFound when it is not the user's, QuotaExceeded when it would grow too large.
        """
        ...

    async def edit_message(
        self, user_id: str, conversation_id: str, message_id: str, edit: Edit, *, now_ms: int
    ) -> bool:
        """Put what `edit` makes of a message in its place, or drop it, in one transaction.

        What follows a dropped one follows the one before it. Tell whether it is there; or SessionBusy.
        """
        ...

    async def begin_turn(
        self,
        run: Run,
        new_messages: Sequence[StoredMessage],
        *,
        title_if_empty: str,
        replaces: str | None = None,
    ) -> None:
        """Claim the conversation for a run and store what is new, in one transaction.

        It stands behind what is shown, or in the place of the message `replaces`; with nothing new the
        answer will. Raises SessionBusy, NotFound when it is not the user's, Conflict without such a message.
        """
        ...

    async def end_turn(self, run: Run, new_messages: Sequence[StoredMessage]) -> None:
        """Store the run's end and its messages and free the conversation, in one transaction.

        A message that is there already is replaced; one that says nothing leaves shown what is newest.
        """
        ...


class RunStore(Protocol):
    """Runs without a session, and look-up of all runs."""

    async def save(self, run: Run) -> None:
        """Insert or replace a run."""
        ...

    async def get(self, user_id: str, run_id: str) -> Run | None:
        """Find one of the user's."""
        ...

    async def origins(self, user_id: str, conversation_id: str) -> Mapping[str, tuple[str, str]]:
        """Model and route of each run of a conversation, by the run's id."""
        ...

    async def interrupt_running(self, now_ms: int) -> int:
        """At start: mark runs a dead process left as interrupted, free their conversations."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Forget runs that ended before then; messages stay. Tell how many."""
        ...
