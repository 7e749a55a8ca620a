"""What the in-memory stores share, so that erasing an account reaches everything that is its."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from backend.errors import Conflict
from backend.kit.branches import newest_below
from backend.kit.folding import fold
from backend.kit.json_values import copy_json
from backend.ports.answers import StoredAnswer
from backend.ports.approvals import Approval
from backend.ports.artifacts import Artifact
from backend.ports.audit import ToolAudit
from backend.ports.keyed_requests import KeyedRequest
from backend.ports.replicas import JournalRow
from backend.ports.stores import ApiKey, Conversation, RefreshToken, Run, StoredMessage, User
from backend.ports.usage import Used
from backend.ports.values import JsonObject
from backend.storage.memory.document_shelves import DocumentShelves
from backend.storage.scrubbing import scrubbed


@dataclass(slots=True)
class Shelves:
    """All rows, by id; messages by conversation, pauses by run, failed log-ins as (subject, at_ms).

    `papers` holds what belongs to documents.
    """

    users: dict[str, User] = field(default_factory=dict[str, User])
    keys: dict[str, ApiKey] = field(default_factory=dict[str, ApiKey])
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict[str, RefreshToken])
    conversations: dict[str, Conversation] = field(default_factory=dict[str, Conversation])
    messages: dict[str, list[StoredMessage]] = field(default_factory=dict[str, list[StoredMessage]])
    runs: dict[str, Run] = field(default_factory=dict[str, Run])
    audit: dict[str, ToolAudit] = field(default_factory=dict[str, ToolAudit])
    approvals: dict[str, Approval] = field(default_factory=dict[str, Approval])
    pauses: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    resumables: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    artifacts: dict[str, Artifact] = field(default_factory=dict[str, Artifact])
    answers: dict[str, StoredAnswer] = field(default_factory=dict[str, StoredAnswer])
    keyed_requests: dict[tuple[str, str], KeyedRequest] = field(
        default_factory=dict[tuple[str, str], KeyedRequest]
    )
    usage: dict[tuple[str, int, str, str, str], Used] = field(
        default_factory=dict[tuple[str, int, str, str, str], Used]
    )
    papers: DocumentShelves = field(default_factory=DocumentShelves)
    login_failures: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    servers: dict[str, int] = field(default_factory=dict[str, int])
    journal: dict[tuple[str, int], tuple[str, JournalRow]] = field(
        default_factory=dict[tuple[str, int], tuple[str, JournalRow]]
    )

    def require_user(self, user_id: str) -> None:
        """Raise Conflict when the owner of a new row does not exist, as a foreign key would."""
        if user_id not in self.users:
            raise Conflict

    def erase_user(self, user_id: str) -> None:
        """Erase an account and all that is its."""
        account = f"account:{fold(self.users.pop(user_id).username)}"
        self.login_failures[:] = [
            one for one in self.login_failures if one[0].partition("|")[0] != account
        ]
        for shelf in (self.keys, self.refresh_tokens, self.audit, self.artifacts, self.answers):
            for row_id in [row.id for row in shelf.values() if row.user_id == user_id]:
                del shelf[row_id]
        for run in [run for run in self.runs.values() if run.user_id == user_id]:
            self.erase_run(run.id)
        for it in [it for it in self.conversations.values() if it.user_id == user_id]:
            self.erase_conversation(it.id)
        for key in [key for key, it in self.usage.items() if it.user_id == user_id]:
            del self.usage[key]
        for own in [own for own in self.keyed_requests if own[0] == user_id]:
            del self.keyed_requests[own]
        for at in [at for at, (_, row) in self.journal.items() if row.user_id == user_id]:
            del self.journal[at]
        self.papers.erase_user(user_id)

    def use(self, used: Used) -> None:
        """Add to what an account used; nothing is kept of one that is gone."""
        if used.user_id in self.users:
            self.usage[used.key] = used.plus(self.usage.get(used.key))

    def use_run(self, run: Run) -> None:
        """Add what a run used when it ends, once; called before its end is stored."""
        known = self.runs.get(run.id)
        if known is not None and known.server_id != run.server_id:
            return  # another server has taken it over
        if run.finished_at_ms is not None and (known is None or known.finished_at_ms is None):
            self.use(Used.of_run(run))

    def keep_run(self, run: Run) -> None:
        """Store a run, without the passages of files that were deleted while it went on."""
        named = tuple(sorted(set(run.file_ids)))
        gone = {one for one in named if self.papers.file(run.user_id, one) is None}
        self.runs[run.id] = scrubbed(detached(replace(run, file_ids=named)), gone)

    def put_messages(self, conversation_id: str, new: Sequence[StoredMessage]) -> None:
        """Add messages behind what is shown; those that are there already are replaced in their place."""
        rows = self.messages.setdefault(conversation_id, [])
        places = {row.id: at for at, row in enumerate(rows)}
        head_id = self.conversations[conversation_id].head_id
        for one in new:
            row = replace(one, conversation_id=conversation_id, message=copy_json(one.message))
            if one.id in places:
                at = places[one.id]
                rows[at] = replace(row, parent_id=rows[at].parent_id)
            else:
                rows.append(replace(row, parent_id=head_id))
                head_id = one.id
        self.show_head(conversation_id, head_id)

    def show_head(self, conversation_id: str, head_id: str | None) -> None:
        """Note which message is the last one shown."""
        it = self.conversations[conversation_id]
        self.conversations[conversation_id] = replace(it, head_id=head_id)

    def show_newest(self, conversation_id: str) -> None:
        """Show what was written last behind the last message that is shown."""
        head_id = self.conversations[conversation_id].head_id
        rows = self.messages.get(conversation_id, [])
        self.show_head(conversation_id, newest_below(rows, head_id))

    def erase_run(self, run_id: str) -> None:
        """Erase a run with what waits for it."""
        del self.runs[run_id]
        self.pauses.pop(run_id, None)
        self.resumables.pop(run_id, None)
        for one in [one for one in self.approvals.values() if one.run_id == run_id]:
            del self.approvals[one.id]

    def erase_conversation(self, conversation_id: str) -> None:
        """Erase a conversation with its messages and runs."""
        del self.conversations[conversation_id]
        self.messages.pop(conversation_id, None)
        for run in [run for run in self.runs.values() if run.conversation_id == conversation_id]:
            self.erase_run(run.id)
        for it in [it for it in self.artifacts.values() if it.conversation_id == conversation_id]:
            del self.artifacts[it.id]
        for it in [it for it in self.answers.values() if it.conversation_id == conversation_id]:
            del self.answers[it.id]


def detached(run: Run) -> Run:
    """Copy a run's JSON, so that nobody changes what is stored from outside."""
    return replace(run, trace=copy_json(run.trace), events=tuple(copy_json(run.events)))
