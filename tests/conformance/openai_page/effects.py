"""What shows that a field of docs/openai.md is honoured: in what a model server is told, or in the answer.

Not for: fields whose effect other suites show at length; a field here is one line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of an example: the answer, what stands in braces, and what the model server was told."""

    answer: httpx.Response
    found: dict[str, str]
    told: list[dict[str, Any]]

    @property
    def body(self) -> Any:
        """The answer."""
        return self.answer.json()

    @property
    def last(self) -> dict[str, Any]:
        """What the model server was told last."""
        return self.told[-1]

    @property
    def ids(self) -> list[str]:
        """The ids of a list."""
        return [one["id"] for one in self.body["data"]]

    def text(self) -> str:
        """Everything that the model was told, as text."""
        return str(self.last.get("messages") or self.last.get("prompt"))


Effect = Callable[[Seen], bool]


def option(name: str, value: Any) -> Effect:
    """Tell whether an option reached the model."""
    return lambda seen: seen.last["options"].get(name) == value


def echoed(name: str, value: Any) -> Effect:
    """Tell whether the answer says it."""
    return lambda seen: seen.body[name] == value


def streamed(seen: Seen) -> bool:
    """Tell whether the answer is a stream."""
    return seen.answer.headers["content-type"].startswith("text/event-stream")


def offered(seen: Seen) -> bool:
    """Tell whether the model may call the tool."""
    return [one["function"]["name"] for one in seen.last["tools"]] == ["f"]


def said(text: str) -> Effect:
    """Tell whether the model was told so."""
    return lambda seen: text in seen.text()


def thought(seen: Seen) -> bool:
    """Tell whether the model was asked to think."""
    return bool(seen.last.get("think"))


SAMPLING = {
    "temperature": option("temperature", 0.2),
    "top_p": option("top_p", 0.5),
    "presence_penalty": option("presence_penalty", 0.5),
    "frequency_penalty": option("frequency_penalty", 0.5),
    "top_k": option("top_k", 20),
    "min_p": option("min_p", 0.1),
    "keep_alive": lambda seen: seen.last["keep_alive"] == "5m",
    "stream": streamed,
}
LISTING = {
    "limit": lambda seen: len(seen.body["data"]) == 1,
    "after": lambda seen: (
        seen.answer.status_code == 200 and not set(seen.found.values()) & set(seen.ids)
    ),
    "before": lambda seen: (
        not {seen.found["vector_store_id"], seen.found["file_id"]} & set(seen.ids)
    ),
}
CHAT: dict[str, Effect] = SAMPLING | {
    "messages": said("Be brief."),
    "stream_options": lambda seen: '"usage":{' in seen.answer.text,
    "max_completion_tokens": option("num_predict", 5),
    "max_tokens": option("num_predict", 5),
    "stop": option("stop", ["END", "\n\n"]),
    "seed": option("seed", 42),
    "n": lambda seen: [one["index"] for one in seen.body["choices"]] == [0, 1],
    "logprobs": lambda seen: bool(seen.body["choices"][0]["logprobs"]["content"]),
    "top_logprobs": lambda seen: (
        len(seen.body["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 2
    ),
    "tools": offered,
    "functions": offered,
    "tool_choice": lambda seen: seen.body["choices"][0]["finish_reason"] == "tool_calls",
    "function_call": lambda seen: (
        seen.body["choices"][0]["message"]["function_call"]["name"] == "f"
    ),
    "response_format": lambda seen: "b" in seen.last["format"]["properties"],
    "store": lambda seen: "x_session_id" in seen.body,
}
RESPONSES: dict[str, Effect] = SAMPLING | {
    "input": said("Good day"),
    "instructions": said("Be brief."),
    "previous_response_id": said("Hello again"),
    "conversation": lambda seen: seen.body["conversation"]["id"] == seen.found["conversation_id"],
    "background": lambda seen: seen.body["status"] in {"queued", "in_progress"},
    "store": lambda seen: seen.body["store"] is False,
    "metadata": echoed("metadata", {"a": "b"}),
    "include": lambda seen: "logprobs" in seen.body["output"][-1]["content"][0],
    "top_logprobs": lambda seen: (
        len(seen.body["output"][-1]["content"][0]["logprobs"][0]["top_logprobs"]) == 2
    ),
    "max_output_tokens": option("num_predict", 16),
    "max_tool_calls": echoed("max_tool_calls", 1),
    "reasoning": thought,
    "text": lambda seen: "b" in seen.last["format"]["properties"],
    "tools": offered,
    "tool_choice": lambda seen: seen.body["output"][-1]["type"] == "function_call",
}
COMPLETIONS: dict[str, Effect] = SAMPLING | {
    "prompt": lambda seen: len(seen.body["choices"]) == 2,
    "suffix": lambda seen: seen.last["suffix"] == "the end",
    "max_tokens": option("num_predict", 5),
    "stop": option("stop", ["END"]),
    "seed": option("seed", 42),
    "n": lambda seen: len(seen.body["choices"]) == 2,
    "best_of": lambda seen: (len(seen.body["choices"]), len(seen.told)) == (1, 2),
    "echo": lambda seen: seen.body["choices"][0]["text"].startswith("Once upon a time"),
    "logprobs": lambda seen: bool(seen.body["choices"][0]["logprobs"]["tokens"]),
    "stream_options": lambda seen: '"usage":{' in seen.answer.text,
}
MESSAGES: dict[str, Effect] = SAMPLING | {
    "messages": said("Good day"),
    "system": said("Be brief."),
    "max_tokens": option("num_predict", 5),
    "stop_sequences": option("stop", ["END"]),
    "tools": offered,
    "tool_choice": lambda seen: seen.body["stop_reason"] == "tool_use",
    "thinking": thought,
    "output_config": lambda seen: seen.last["format"]["type"] == "object",
    "output_format": lambda seen: seen.last["format"]["type"] == "object",
}
EFFECTS: dict[str, dict[str, Effect]] = {
    "POST /v1/chat/completions": CHAT,
    "POST /v1/responses": RESPONSES,
    "POST /v1/completions": COMPLETIONS,
    "POST /v1/messages": MESSAGES,
    "POST /v1/embeddings": {
        "input": lambda seen: len(seen.body["data"]) == 2,
        "encoding_format": lambda seen: isinstance(seen.body["data"][0]["embedding"], str),
        "dimensions": lambda seen: len(seen.body["data"][0]["embedding"]) == 256,
    },
    "POST /v1/files": {
        "purpose": echoed("purpose", "vision"),
        "expires_after": lambda seen: seen.body["expires_at"] - seen.body["created_at"] >= 3600,
    },
    "POST /v1/uploads": {
        "filename": echoed("filename", "other.txt"),
        "purpose": echoed("purpose", "user_data"),
        "bytes": echoed("bytes", 5),
    },
    "POST /v1/vector_stores": {
        "name": echoed("name", "other"),
        "metadata": echoed("metadata", {"a": "c"}),
        "description": echoed("description", "what is in it"),
        "expires_after": lambda seen: seen.body["expires_after"]["days"] == 3,
        "file_ids": lambda seen: seen.body["file_counts"]["total"] == 1,
    },
    "POST /v1/vector_stores/{vector_store_id}": {
        "name": echoed("name", "other"),
        "metadata": echoed("metadata", {"a": "c"}),
        "expires_after": lambda seen: seen.body["expires_after"]["days"] == 3,
    },
    "POST /v1/vector_stores/{vector_store_id}/search": {
        "query": lambda seen: seen.body["search_query"] == ["harbour", "seven"],
        "max_num_results": lambda seen: len(seen.body["data"]) == 1,
        "filters": echoed("data", []),
        "ranking_options": echoed("data", []),
    },
    "POST /v1/vector_stores/{vector_store_id}/files": {
        "attributes": echoed("attributes", {"year": 2026}),
    },
    "POST /v1/vector_stores/{vector_store_id}/files/{file_id}": {
        "attributes": echoed("attributes", {"year": 1900}),
    },
    "POST /v1/vector_stores/{vector_store_id}/file_batches": {
        "file_ids": lambda seen: seen.body["file_counts"]["total"] == 1,
        "files": lambda seen: seen.body["file_counts"]["total"] == 1,
    },
    "POST /v1/conversations": {"metadata": echoed("metadata", {"a": "b"})},
    "POST /v1/conversations/{conversation_id}": {"metadata": echoed("metadata", {"a": "c"})},
    "POST /v1/conversations/{conversation_id}/items": {
        "items": lambda seen: seen.body["data"][0]["content"][0]["text"] == "Good day",
    },
    "POST /v1/chat/completions/{completion_id}": {"metadata": echoed("metadata", {"a": "c"})},
    "GET /v1/responses/{response_id}": {
        "stream": streamed,
        "starting_after": lambda seen: (
            '"sequence_number":3' in seen.answer.text
            and '"sequence_number":2,' not in seen.answer.text
        ),
    },
    "GET /v1/files": {
        "purpose": lambda seen: {one["purpose"] for one in seen.body["data"]} <= {"user_data"},
    },
    "GET /v1/chat/completions": {
        "metadata": lambda seen: all(one["metadata"]["a"] == "b" for one in seen.body["data"]),
    },
    "GET /v1/vector_stores/{vector_store_id}/files": {"filter": echoed("data", [])},
    "GET /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files": {
        "filter": echoed("data", []),
    },
}


def effect_of(endpoint: str, field: str) -> Effect | None:
    """Give what shows a field; None where nothing is looked at."""
    found = EFFECTS.get(endpoint, {}).get(field)
    return found or (LISTING.get(field) if endpoint.startswith("GET ") else None)
