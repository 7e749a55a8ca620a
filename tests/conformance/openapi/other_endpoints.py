"""Requests to the endpoints beside chat, for as far as this server offers them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.conformance.openapi.corpus import ADA, OSLO, PERSON, PIXEL, ROME, Ask
from tests.fakes.endpoints import offered
from tests.fakes.ollama_double import Reply

RESPONSES = "/v1/responses"
NOTE = {"file": ("note.txt", b"The harbour opens at seven.")}
TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {}},
}


def respond(name: str, /, *replies: Reply, **body: Any) -> Ask:
    """Ask for a response."""
    given = {"model": "llama3.2", "input": "Hello, how are you?", **body}
    return Ask(f"responses: {name}", given, replies, path=RESPONSES)


def get(name: str, path: str, made: Any = lambda _: {}, method: str = "GET") -> Ask:
    """Ask without a body."""
    return Ask(name, method=method, path=path, made=made, streams=False)


def post(name: str, path: str, made: Any = lambda _: {}, /, **body: Any) -> Ask:
    """Ask with a JSON body for something that is not streamed."""
    return Ask(name, body, path=path, made=made, streams=False)


def a_response(http: httpx.Client) -> dict[str, str]:
    """Make a response that is kept."""
    made = http.post(RESPONSES, json={"model": "llama3.2", "input": "Hello"}).json()
    return {"response_id": made["id"]}


def a_file(http: httpx.Client) -> dict[str, str]:
    """Upload a note."""
    made = http.post("/v1/files", data={"purpose": "assistants"}, files=NOTE).json()
    return {"file_id": made["id"]}


def a_store(http: httpx.Client) -> dict[str, str]:
    """Make a vector store with the note in it."""
    given = {"name": "notes", "file_ids": list(a_file(http).values())}
    return {"vector_store_id": http.post("/v1/vector_stores", json=given).json()["id"]}


def a_conversation(http: httpx.Client) -> dict[str, str]:
    """Begin a conversation."""
    said = {"type": "message", "role": "user", "content": "Hello"}
    made = http.post("/v1/conversations", json={"items": [said]}).json()
    return {"conversation_id": made["id"]}


FORMAT = {"type": "json_schema", "name": "person", "schema": PERSON, "strict": True}
SEEN = [
    {"type": "input_text", "text": "What is it?"},
    {"type": "input_image", "image_url": PIXEL, "detail": "low"},
]
CALLED = [
    {"role": "user", "content": "Weather?"},
    {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "mild"},
]

BY_ENDPOINT = {
    RESPONSES: [
        respond("text", Reply(content="I am well.")),
        respond("an empty answer", Reply(content="")),
        respond("unicode", Reply(content="Grüße, 世界 🎉")),
        respond("cut by length", Reply(content="Half a", done_reason="length"), max_output_tokens=16),
        respond("instructions", instructions="Be brief."),
        respond("thinking", Reply(thinking="Hm.", content="Yes."), model="qwen3:8b", reasoning={"effort": "low"}),
        respond("a tool call", Reply(calls=[OSLO]), tools=[TOOL]),
        respond("parallel calls", Reply(calls=[OSLO, ROME]), tools=[TOOL]),
        respond("a tool's result", Reply(content="Mild."), tools=[TOOL], input=CALLED),
        respond("a format", ADA, text={"format": FORMAT}),
        respond("an image", model="llava", input=[{"role": "user", "content": SEEN}]),
        respond("not kept", store=False),
        respond("metadata", metadata={"a": "b"}, user="u"),
        get("a kept response", RESPONSES + "/{response_id}", a_response),
        get("its input", RESPONSES + "/{response_id}/input_items", a_response),
    ],
    "/v1/embeddings": [
        post("a vector", "/v1/embeddings", model="all-minilm", input="Hello"),
        post("vectors", "/v1/embeddings", model="all-minilm", input=["Hello", "Bye"]),
    ],
    "/v1/completions": [
        Ask("completions: text", {"model": "llama3.2", "prompt": "Once"}, path="/v1/completions", streams=False),
    ],
    "/v1/files": [
        Ask("an upload", {"purpose": "user_data"}, path="/v1/files", streams=False, form=True, files=NOTE),
        get("files", "/v1/files"),
        get("a file", "/v1/files/{file_id}", a_file),
        get("a file is deleted", "/v1/files/{file_id}", a_file, "DELETE"),
    ],
    "/v1/vector_stores": [
        post("a store", "/v1/vector_stores", name="notes", metadata={"a": "b"}),
        get("stores", "/v1/vector_stores"),
        get("one store", "/v1/vector_stores/{vector_store_id}", a_store),
        get("files of a store", "/v1/vector_stores/{vector_store_id}/files", a_store),
        post("a search", "/v1/vector_stores/{vector_store_id}/search", a_store, query="harbour"),
        post("a renamed store", "/v1/vector_stores/{vector_store_id}", a_store, name="other"),
        get("a store is deleted", "/v1/vector_stores/{vector_store_id}", a_store, "DELETE"),
    ],
    "/v1/conversations": [
        post("a conversation", "/v1/conversations", metadata={"a": "b"}),
        get("one conversation", "/v1/conversations/{conversation_id}", a_conversation),
        get("items", "/v1/conversations/{conversation_id}/items", a_conversation),
        get("a conversation is deleted", "/v1/conversations/{conversation_id}", a_conversation, "DELETE"),
    ],
}  # fmt: skip
OTHER_ASKS = [ask for path, asks in BY_ENDPOINT.items() if offered(path) for ask in asks]
