"""Accounts, keys, and what each scope opens."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from tests.fakes.live_server import LiveServer

SECRET = "a longer secret"
LOGIN = "/api/auth/login"
NAMES = (f"user{n}" for n in itertools.count())
ADDRESSES = (f"203.0.113.{n}" for n in itertools.count(1))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: str
    name: str
    token: str


async def someone(server: LiveServer, http: AsyncClient, role: str = "user") -> Person:
    """Make an account and log in."""
    name = next(NAMES)
    body = {"username": name, "password": SECRET, "role": role}
    made = await http.post("/api/users", json=body)
    assert made.status_code == 201, made.text
    return Person(made.json()["id"], name, await server.log_in(name, SECRET))


def bearer(token: str) -> dict[str, str]:
    """Make the header."""
    return {"authorization": f"Bearer {token}"}


def code(answer: Response) -> tuple[int, Any]:
    """Give status and error code."""
    return answer.status_code, (answer.json() or {}).get("error", {}).get("code")


async def a_key(http: AsyncClient, *scopes: str, **more: Any) -> str:
    """Make a key and give its secret."""
    body = {"name": "k", "scopes": scopes, **more}
    made = await http.post("/api/auth/keys", json=body)
    if made.status_code == 409:  # an account has so many; those of earlier tests are not needed
        for old in (await http.get("/api/auth/keys")).json():
            if old["name"] == "k":
                await http.delete(f"/api/auth/keys/{old['id']}")
        made = await http.post("/api/auth/keys", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


CHAT_BODY = {"model": "builtin", "messages": [{"role": "user", "content": "hi"}]}
MATRIX: list[tuple[str, str, str, Any]] = [
    ("chat", "POST", "/v1/chat/completions", CHAT_BODY),
    ("chat", "POST", "/v1/completions", {"model": "builtin", "prompt": "x"}),
    ("chat", "POST", "/v1/embeddings", {"model": "all-minilm-l6-v2", "input": "x"}),
    ("chat", "GET", "/v1/models", None),
    ("chat", "GET", "/v1/models/builtin", None),
    ("chat", "GET", "/api/conversations", None),
    ("chat", "GET", "/api/conversations/conv_x", None),
    ("chat", "PATCH", "/api/conversations/conv_x", {"title": "x"}),
    ("chat", "DELETE", "/api/conversations/conv_x", None),
    ("chat", "POST", "/v1/conversations", {}),
    ("chat", "GET", "/v1/conversations/conv_x", None),
    ("chat", "POST", "/v1/conversations/conv_x", {"metadata": {}}),
    ("chat", "DELETE", "/v1/conversations/conv_x", None),
    ("chat", "GET", "/v1/conversations/conv_x/items", None),
    ("chat", "POST", "/v1/conversations/conv_x/items", {"items": []}),
    ("chat", "GET", "/v1/conversations/conv_x/items/msg_x", None),
    ("chat", "DELETE", "/v1/conversations/conv_x/items/msg_x", None),
    ("chat", "GET", "/v1/chat/completions", None),
    ("chat", "GET", "/v1/chat/completions/chatcmpl-x", None),
    ("chat", "POST", "/v1/chat/completions/chatcmpl-x", {"metadata": {}}),
    ("chat", "DELETE", "/v1/chat/completions/chatcmpl-x", None),
    ("chat", "GET", "/v1/chat/completions/chatcmpl-x/messages", None),
    ("chat", "GET", "/api/citations/cit_x", None),
    ("chat", "GET", "/api/usage", None),
    ("chat", "GET", "/api/runs/run_x", None),
    ("chat", "GET", "/api/runs/run_x/events", None),
    ("chat", "POST", "/api/runs/run_x/cancel", None),
    ("files", "POST", "/api/files/upload", {}),
    ("files", "GET", "/api/files/documents", None),
    ("files", "GET", "/api/files/documents/file-x", None),
    ("files", "DELETE", "/api/files/documents/file-x", None),
    ("files", "GET", "/api/files/documents/file-x/content", None),
    ("files", "GET", "/api/files/documents/file-x/text", None),
    ("files", "GET", "/api/files/documents/file-x/events", None),
    ("files", "POST", "/api/files/documents/file-x/reindex", None),
    ("files", "POST", "/api/files/search", {"query": "x"}),
    ("files", "GET", "/v1/files", None),
    ("files", "GET", "/v1/vector_stores", None),
    ("files", "GET", "/v1/vector_stores/vs_x/files", None),
    ("tools:math_calc", "POST", "/api/tools/math_calc", {"arguments": {"expression": "1+1"}}),
    ("admin", "GET", "/api/users", None),
    ("admin", "POST", "/api/users", {"username": "x", "password": "x"}),
    ("admin", "PATCH", "/api/users/user_x", {}),
    ("admin", "DELETE", "/api/users/user_x", None),
    ("admin", "GET", "/api/tools/usage?everyone=true", None),
    ("admin", "GET", "/api/usage/users", None),
    ("admin", "GET", "/api/admin/budgets", None),
    ("admin", "PUT", "/api/admin/budgets", {"scope": "x"}),
    ("admin", "GET", "/api/admin/budgets/budget_x", None),
    ("admin", "DELETE", "/api/admin/budgets/budget_x", None),
]
