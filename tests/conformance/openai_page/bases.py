"""For each endpoint of docs/openai.md, a request that is answered as it stands, and what it needs to be there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from tests.fakes.completions import CHAT, HI, MODEL

NOTE = ("note.txt", b"The harbour opens at seven.")
SAID = {"type": "message", "role": "user", "content": "Hello"}
Found = dict[str, str]


@dataclass(frozen=True, slots=True)
class Base:
    """An example's members are added to `members`.

    `made` gives what stands in braces, in the path and in members, and makes it first.
    """

    members: dict[str, Any] = field(default_factory=dict[str, Any])
    kind: Literal["json", "query", "form"] = "json"
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])
    made: Callable[[httpx.Client], Found] = lambda _: {}


def filled(value: Any, found: Found) -> Any:
    """Put what was made in the place of its name in braces."""
    if isinstance(value, dict):
        return {name: filled(one, found) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, found) for one in value]
    if isinstance(value, str) and value.startswith("{") and value[1:-1] in found:
        return found[value[1:-1]]
    return value


def _id(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def a_response(http: httpx.Client) -> Found:
    """Make a response that is kept, of two items, and a conversation beside it."""
    asked = {"model": MODEL, "input": [SAID, {**SAID, "content": "Hello again"}]}
    made = _id(http.post("/v1/responses", json=asked))
    items = http.get(f"/v1/responses/{made}/input_items?order=asc").json()["data"]
    return {**a_conversation(http), "response_id": made, "item_id": items[0]["id"]}


def in_the_background(http: httpx.Client) -> Found:
    """Begin a response that may be cancelled."""
    asked = {"model": MODEL, "input": "Hello", "background": True}
    return {"response_id": _id(http.post("/v1/responses", json=asked))}


def a_conversation(http: httpx.Client) -> Found:
    """Make a conversation of two items."""
    made = _id(http.post("/v1/conversations", json={"items": [SAID, SAID]}))
    items = http.get(f"/v1/conversations/{made}/items?order=asc").json()["data"]
    return {"conversation_id": made, "item_id": items[0]["id"]}


def a_completion(http: httpx.Client) -> Found:
    """Store two completions; give the first, and a message of it."""
    asked = {"model": MODEL, "store": True, "metadata": {"a": "b"}, "messages": [*HI, *HI]}
    made, _ = (_id(http.post(CHAT, json=asked)) for _ in range(2))
    messages = http.get(f"{CHAT}/{made}/messages").json()["data"]
    return {"completion_id": made, "message_id": messages[0]["id"]}


def a_file(http: httpx.Client) -> Found:
    """Upload a note, and another after it."""
    first, _ = (
        _id(http.post("/v1/files", data={"purpose": "assistants"}, files={"file": one}))
        for one in (NOTE, ("other.txt", b"The museum is shut on Mondays."))
    )
    return {"file_id": first}


def begun(http: httpx.Client, size: int = 100) -> Found:
    """Begin an upload."""
    return {"upload_id": _id(http.post("/v1/uploads", json={**UPLOAD, "bytes": size}))}


def an_upload(http: httpx.Client) -> Found:
    """Begin an upload and send its one part."""
    data = b"one part"
    made = begun(http, len(data))["upload_id"]
    part = _id(http.post(f"/v1/uploads/{made}/parts", files={"data": ("p", data)}))
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return {"upload_id": made, "part_id": part, "md5": md5}


def a_store(http: httpx.Client) -> Found:
    """Make a vector store with the note in it."""
    file = a_file(http)
    store = _id(http.post("/v1/vector_stores", json={"name": "s", "file_ids": [file["file_id"]]}))
    _id(http.post("/v1/vector_stores", json={"name": "a later one"}))
    _wait(http, f"/v1/vector_stores/{store}/files/{file['file_id']}")
    return {"vector_store_id": store, **file}


def a_batch(http: httpx.Client) -> Found:
    """Put the note into a store by a batch."""
    found = a_store(http)
    path = f"/v1/vector_stores/{found['vector_store_id']}/file_batches"
    return {"batch_id": _id(http.post(path, json={"file_ids": [found["file_id"]]})), **found}


def _wait(http: httpx.Client, path: str) -> None:
    """Poll as clients do; reading a note takes a moment."""
    while http.get(path).json()["status"] == "in_progress":
        pass


def _of_store(**members: Any) -> Base:
    return Base(members, made=a_store)


QUESTION = {"model": MODEL, "input": "Hello, how are you?"}
STORE = "/v1/vector_stores/{vector_store_id}"
BATCH = STORE + "/file_batches/{batch_id}"
CONVERSATION = "/v1/conversations/{conversation_id}"
UPLOAD = {"purpose": "assistants", "filename": "n.txt", "bytes": 9, "mime_type": "text/plain"}
LISTED = {
    "/v1/chat/completions": a_completion,
    "/v1/chat/completions/{completion_id}": a_completion,
    "/v1/chat/completions/{completion_id}/messages": a_completion,
    "/v1/responses/{response_id}": a_response,
    "/v1/responses/{response_id}/input_items": a_response,
    CONVERSATION: a_conversation,
    CONVERSATION + "/items": a_conversation,
    CONVERSATION + "/items/{item_id}": a_conversation,
    "/v1/files": a_file,
    "/v1/files/{file_id}": a_file,
    "/v1/files/{file_id}/content": a_file,
    "/v1/vector_stores": a_store,
    STORE: a_store,
    STORE + "/files": a_store,
    STORE + "/files/{file_id}": a_store,
    STORE + "/files/{file_id}/content": a_store,
    BATCH: a_batch,
    BATCH + "/files": a_batch,
    "/v1/models": lambda _: {},
    "/v1/models/{model_id}": lambda _: {"model_id": "qwen3:8b"},
}
DELETED = [CHAT + "/{completion_id}", "/v1/responses/{response_id}", CONVERSATION]
DELETED += [CONVERSATION + "/items/{item_id}", "/v1/files/{file_id}", STORE]
DELETED += [STORE + "/files/{file_id}"]

BASES = {
    "POST /v1/chat/completions": Base({"model": MODEL, "messages": HI}),
    "POST /v1/chat/completions/{completion_id}": Base({"metadata": {}}, made=a_completion),
    "POST /v1/responses": Base(QUESTION, made=a_response),
    "POST /v1/responses/input_tokens": Base(QUESTION, made=a_response),
    "POST /v1/responses/compact": Base(QUESTION, made=a_response),
    "POST /v1/responses/{response_id}/cancel": Base(made=in_the_background),
    "POST /v1/conversations": Base({}),
    "POST /v1/conversations/{conversation_id}": Base({"metadata": {}}, made=a_conversation),
    "POST /v1/conversations/{conversation_id}/items": Base({"items": [SAID]}, made=a_conversation),
    "POST /v1/completions": Base({"model": MODEL, "prompt": "Once upon a time"}),
    "POST /v1/embeddings": Base({"model": "all-minilm", "input": "Hello"}),
    "POST /v1/files": Base({"purpose": "assistants"}, "form", {"file": NOTE}),
    "POST /v1/uploads": Base(UPLOAD),
    "POST /v1/uploads/{upload_id}/parts": Base({}, "form", {"data": NOTE}, begun),
    "POST /v1/uploads/{upload_id}/complete": Base({"part_ids": ["{part_id}"]}, made=an_upload),
    "POST /v1/uploads/{upload_id}/cancel": Base(made=an_upload),
    "POST /v1/vector_stores": _of_store(),
    "POST " + STORE: _of_store(),
    "POST " + STORE + "/search": _of_store(query="harbour"),
    "POST " + STORE + "/files": _of_store(file_id="{file_id}"),
    "POST " + STORE + "/files/{file_id}": _of_store(attributes={}),
    "POST " + STORE + "/file_batches": _of_store(file_ids=["{file_id}"]),
    "POST " + BATCH + "/cancel": Base(made=a_batch),
    "POST /v1/messages": Base({"model": MODEL, "messages": HI, "max_tokens": 50}),
    "POST /v1/messages/count_tokens": Base({"model": MODEL, "messages": HI}),
    **{f"GET {path}": Base(kind="query", made=made) for path, made in LISTED.items()},
    **{f"DELETE {path}": Base(kind="query", made=LISTED[path]) for path in DELETED},
}
