"""Who may use every route: one line each. A route without a line here fails the build.

Not for: ids that stand in bodies and queries (`belongings`), or what a route does for its owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.belongings import PIXEL
from tests.fakes.completions import CHAT, HI, MODEL

ANYONE, ACCOUNT, LOG_IN, SIGNED = "anyone", "account", "log-in", "signed"
CHATTING, FILES, ADMIN, SUMS = "chat", "files", "admin", "tools:math_calc"
SCOPES = frozenset({CHATTING, FILES, ADMIN, SUMS, "tools:weather"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What opens a route, how its owner asks, and what comes of it.

    `needs` is a scope, or: `anyone`, any `account`, a `log-in` (no key), `signed` (the address itself).
    `@name` in `body` and `query` is a belonging. `other` is what another user gets for the owner's ids:
    404 as for ids that nobody has, or a success where everybody sees their own.
    """

    needs: str
    owner: int = 200
    other: int = 404
    body: Any = None
    files: Any = None
    form: Any = None
    query: str = ""


def _own(needs: str, owner: int = 200, **more: Any) -> Rule:
    """A route without ids: another user does the same with their own things."""
    return Rule(needs=needs, owner=owner, other=owner, **more)


def _admin(owner: int = 200, **more: Any) -> Rule:
    return Rule(needs=ADMIN, owner=owner, other=403, **more)


_SAID = {"model": MODEL, "input": "Hi"}
_CONVERSATION = "/v1/conversations/{conversation_id}"
_STORE = "/v1/vector_stores/{vector_store_id}"
_DOCUMENT = "/api/files/documents/{file_id}"
_PNG = {"file": ("a.png", PIXEL)}

# In the order in which the owner asks: what is erased comes last, the whole after its parts.
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/health"): _own(ANYONE),
    ("GET", "/ready"): _own(ANYONE),
    ("GET", "/docs"): _own(ANYONE),
    ("GET", "/docs/{name}"): _own(ANYONE),
    ("GET", "/openapi.json"): _own(ANYONE),
    ("POST", "/api/auth/login"): _own(ANYONE, body={"username": "@name", "password": "@password"}),
    ("POST", "/api/auth/refresh"): _own(ANYONE, owner=401),
    ("DELETE", "/api/auth/refresh"): _own(ANYONE, owner=204),
    ("GET", "/api/auth/me"): _own(ACCOUNT),
    ("GET", "/api/tools"): _own(ACCOUNT),
    ("GET", "/v1/models"): _own(CHATTING),
    ("GET", "/v1/models/{model_id:path}"): _own(CHATTING),
    ("DELETE", "/v1/models/{model_id:path}"): _own(CHATTING, owner=403),
    ("POST", CHAT): _own(CHATTING, body={"model": MODEL, "messages": HI}),
    ("GET", CHAT): _own(CHATTING),
    ("GET", CHAT + "/{completion_id}"): Rule(needs=CHATTING),
    ("POST", CHAT + "/{completion_id}"): Rule(needs=CHATTING, body={"metadata": {}}),
    ("GET", CHAT + "/{completion_id}/messages"): Rule(needs=CHATTING),
    ("POST", "/v1/completions"): _own(CHATTING, body={"model": "builtin", "prompt": "x"}),
    ("POST", "/v1/embeddings"): _own(
        CHATTING, owner=404, body={"model": "no-such-model", "input": "x"}
    ),
    ("POST", "/v1/messages"): _own(
        CHATTING, body={"model": MODEL, "messages": HI, "max_tokens": 9}
    ),
    ("POST", "/v1/messages/count_tokens"): _own(CHATTING, body={"model": MODEL, "messages": HI}),
    ("POST", "/v1/responses"): _own(CHATTING, body=_SAID),
    ("POST", "/v1/responses/compact"): _own(CHATTING, body=_SAID),
    ("POST", "/v1/responses/input_tokens"): _own(CHATTING, body=_SAID),
    ("GET", "/v1/responses/{response_id}"): Rule(needs=CHATTING),
    ("GET", "/v1/responses/{response_id}/input_items"): Rule(needs=CHATTING),
    ("POST", "/v1/responses/{response_id}/cancel"): Rule(needs=CHATTING, owner=400),
    ("POST", "/v1/conversations"): _own(CHATTING, body={}),
    ("GET", _CONVERSATION): Rule(needs=CHATTING),
    ("POST", _CONVERSATION): Rule(needs=CHATTING, body={"metadata": {}}),
    ("GET", _CONVERSATION + "/items"): Rule(needs=CHATTING),
    ("POST", _CONVERSATION + "/items"): Rule(needs=CHATTING, body={"items": []}),
    ("GET", _CONVERSATION + "/items/{item_id}"): Rule(needs=CHATTING),
    ("GET", "/api/conversations"): _own(CHATTING),
    ("GET", "/api/conversations/export"): _own(CHATTING),
    ("GET", "/api/conversations/{conversation_id}"): Rule(needs=CHATTING),
    ("PATCH", "/api/conversations/{conversation_id}"): Rule(needs=CHATTING, body={"title": "x"}),
    ("GET", "/api/conversations/{conversation_id}/export"): Rule(needs=CHATTING),
    ("GET", "/api/runs/{run_id}"): Rule(needs=CHATTING),
    ("GET", "/api/runs/{run_id}/events"): Rule(needs=CHATTING, query="live=false"),
    ("GET", "/api/runs/{run_id}/approvals"): Rule(needs=CHATTING),
    ("GET", "/api/approvals"): _own(CHATTING),
    ("GET", "/api/approve/{token}"): _own(SIGNED),
    ("POST", "/api/runs/{run_id}/approvals/{call_id}"): Rule(
        needs=CHATTING, body={"decision": "deny"}
    ),
    # That has been decided by then.
    ("POST", "/api/approve/{token}"): _own(SIGNED, owner=409, form={"decision": "deny"}),
    ("POST", "/api/runs/{run_id}/cancel"): Rule(needs=CHATTING, owner=202),
    ("GET", "/api/citations/{citation_id}"): Rule(needs=CHATTING),
    ("GET", "/api/artifacts"): _own(CHATTING),
    ("GET", "/api/artifacts/{artifact_id}"): Rule(needs=CHATTING),
    ("DELETE", "/api/artifacts/{artifact_id}"): Rule(needs=CHATTING, owner=204),
    ("POST", "/api/tools/{name}"): _own(SUMS, body={"arguments": {"expression": "1+1"}}),
    ("GET", "/api/tools/usage"): _own(CHATTING),
    ("GET", "/api/tools/usage/totals"): _own(CHATTING),
    ("GET", "/api/usage"): _own(CHATTING),
    ("POST", "/api/files/upload"): _own(FILES, files=_PNG),
    ("GET", "/api/files/documents"): _own(FILES),
    ("POST", "/api/files/search"): _own(FILES, body={"query": "whales"}),
    ("GET", _DOCUMENT): Rule(needs=FILES),
    ("GET", _DOCUMENT + "/content"): Rule(needs=FILES),
    ("GET", _DOCUMENT + "/text"): Rule(needs=FILES),
    ("GET", _DOCUMENT + "/events"): Rule(needs=FILES),
    ("GET", _DOCUMENT + "/pages/{page}/image"): Rule(needs=FILES, owner=404),
    ("POST", _DOCUMENT + "/reindex"): Rule(needs=FILES, owner=202),
    ("GET", "/v1/files"): _own(FILES),
    ("POST", "/v1/files"): _own(FILES, files=_PNG, form={"purpose": "vision"}),
    ("GET", "/v1/files/{file_id}"): Rule(needs=FILES),
    ("GET", "/v1/files/{file_id}/content"): Rule(needs=FILES),
    ("POST", "/v1/uploads"): _own(
        FILES,
        body={"filename": "x", "purpose": "batch", "bytes": 1, "mime_type": "text/plain"},
    ),
    ("POST", "/v1/uploads/{upload_id}/parts"): Rule(
        needs=FILES,
        owner=400,
        files={"data": ("x", b"x")},  # all that was announced is there
    ),
    ("POST", "/v1/uploads/{upload_id}/complete"): Rule(needs=FILES, body={"part_ids": ["@part"]}),
    ("POST", "/v1/uploads/{upload_id}/cancel"): Rule(needs=FILES, owner=400),
    ("GET", "/v1/vector_stores"): _own(FILES),
    ("POST", "/v1/vector_stores"): _own(FILES, body={"name": "x"}),
    ("GET", _STORE): Rule(needs=FILES),
    ("POST", _STORE): Rule(needs=FILES, body={"name": "y"}),
    ("POST", _STORE + "/search"): Rule(needs=FILES, body={"query": "whales"}),
    ("GET", _STORE + "/files"): Rule(needs=FILES),
    ("POST", _STORE + "/files"): Rule(needs=FILES, body={"file_id": "@file"}),
    ("GET", _STORE + "/files/{file_id}"): Rule(needs=FILES),
    ("POST", _STORE + "/files/{file_id}"): Rule(needs=FILES, body={"attributes": {}}),
    ("GET", _STORE + "/files/{file_id}/content"): Rule(needs=FILES),
    ("POST", _STORE + "/file_batches"): Rule(needs=FILES, body={"file_ids": ["@file"]}),
    ("GET", _STORE + "/file_batches/{batch_id}"): Rule(needs=FILES),
    ("GET", _STORE + "/file_batches/{batch_id}/files"): Rule(needs=FILES),
    ("POST", _STORE + "/file_batches/{batch_id}/cancel"): Rule(needs=FILES),
    ("GET", "/api/queue"): _own(CHATTING),
    # It is not interrupted.
    ("POST", "/api/runs/{run_id}/resume"): Rule(needs=CHATTING, owner=409),
    ("GET", "/metrics"): _admin(),
    ("GET", "/api/admin/logs"): _admin(),
    ("GET", "/api/admin/logs/export"): _admin(),
    ("GET", "/api/admin/performance"): _admin(),
    ("GET", "/api/admin/credentials"): _admin(),
    ("PUT", "/api/admin/credentials/{name}"): _admin(body={"value": "a-secret"}),
    ("DELETE", "/api/admin/credentials/{name}"): _admin(owner=204),
    ("GET", "/api/admin/budgets"): _admin(),
    ("PUT", "/api/admin/budgets"): _admin(
        body={
            "scope": "user",
            "subject": "@user",
            "resource": "requests",
            "period": "day",
            "limit": 9,
        }
    ),
    ("GET", "/api/admin/budgets/{budget_id}"): _admin(),
    ("DELETE", "/api/admin/budgets/{budget_id}"): _admin(owner=204),
    ("GET", "/api/usage/users"): _admin(),
    ("GET", "/api/users"): _admin(),
    ("POST", "/api/users"): _admin(owner=201, body={"username": "@new", "password": "@password"}),
    ("PATCH", "/api/users/{user_id}"): _admin(body={"disabled": True}),
    ("DELETE", "/api/users/{user_id}"): _admin(owner=204),
    ("GET", "/api/auth/keys"): _own(LOG_IN),
    ("POST", "/api/auth/keys"): _own(LOG_IN, owner=201, body={"name": "x"}),
    ("DELETE", "/api/auth/keys/{key_id}"): Rule(needs=LOG_IN, owner=204),
    ("DELETE", CHAT + "/{completion_id}"): Rule(needs=CHATTING),
    ("DELETE", "/v1/responses/{response_id}"): Rule(needs=CHATTING),
    ("DELETE", _CONVERSATION + "/items/{item_id}"): Rule(needs=CHATTING),
    ("DELETE", _CONVERSATION): Rule(needs=CHATTING),
    ("DELETE", "/api/conversations/{conversation_id}"): Rule(needs=CHATTING, owner=204),
    ("DELETE", _STORE + "/files/{file_id}"): Rule(needs=FILES),
    ("DELETE", _STORE): Rule(needs=FILES),
    ("DELETE", "/v1/files/{file_id}"): Rule(needs=FILES),
    ("DELETE", _DOCUMENT): Rule(needs=FILES, owner=204),
    # These end the log-in that asks.
    ("DELETE", "/api/auth/sessions"): _own(LOG_IN, owner=204),
    ("POST", "/api/auth/password"): _own(
        LOG_IN, owner=204, body={"old_password": "@password", "new_password": "another secret"}
    ),
}
