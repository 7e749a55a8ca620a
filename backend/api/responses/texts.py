"""Show answer text and reasoning as OpenAI's output items. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import orjson

from backend.agent.markers import markers
from backend.agent.run import Run
from backend.ports.values import Citation, JsonObject, ToolCall


def message_item(
    item_id: str, content: Sequence[JsonObject], *, status: str = "completed"
) -> JsonObject:
    """Render a message of the assistant."""
    return {
        "id": item_id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": list(content),
    }


def text_part(
    text: str, annotations: Sequence[JsonObject] = (), logprobs: Sequence[JsonObject] = ()
) -> JsonObject:
    """Render the text of a message."""
    return {
        "type": "output_text",
        "text": text,
        "annotations": list(annotations),
        "logprobs": list(logprobs),
    }


def weighed(token: JsonObject) -> JsonObject:
    """Render the probability of a token; its bytes are there, if they are not known as none."""
    others: Sequence[JsonObject] = token.get("top_logprobs") or ()
    bare: JsonObject = {**token, "bytes": token.get("bytes") or []}
    return {**bare, "top_logprobs": [{**one, "bytes": one.get("bytes") or []} for one in others]}


def thought_part(text: str, *, summarised: bool) -> JsonObject:
    """Render reasoning: as a summary when the request wants one, else as it is."""
    return {"type": "summary_text" if summarised else "reasoning_text", "text": text}


def reasoning_item(item_id: str, part: JsonObject, *, status: str) -> JsonObject:
    """Render an item of reasoning."""
    item: JsonObject = {"id": item_id, "type": "reasoning", "summary": [], "status": status}
    where = "summary" if part["type"] == "summary_text" else "content"
    return {**item, where: [part]}


def annotations_of(run: Run, text: str) -> list[JsonObject]:
    """Give an annotation for each citation marker in a text: of a file, or of an address.

    Indices are characters into the text; a file's is where its marker begins.
    """
    cited = run.citations
    if not cited:
        return []
    return [
        _annotation(cited[at - 1], start, end, run.parts.options.public_url)
        for start, end, at in markers(text)
        if 1 <= at <= len(cited)
    ]


def _annotation(citation: Citation, start: int, end: int, public_url: str) -> JsonObject:
    if citation.file_id and not citation.url:
        filename = citation.filename or citation.title
        return {
            "type": "file_citation",
            "file_id": citation.file_id,
            "filename": filename,
            "index": start,
        }
    return {
        "type": "url_citation",
        "url": citation.url or f"{public_url}/api/citations/{citation.id}",
        "title": citation.title,
        "start_index": start,
        "end_index": end,
    }


def call_item(call: ToolCall, item_id: str, *, custom: bool, status: str) -> JsonObject:
    """Render a call of a tool that the caller carries out."""
    function = call["function"]
    item: JsonObject = {"id": item_id, "call_id": call["id"], "name": function["name"]}
    if custom:
        return {**item, "type": "custom_tool_call", "input": plain_input(call)}
    arguments = function["arguments"] or "{}"
    return {**item, "type": "function_call", "arguments": arguments, "status": status}


def plain_input(call: ToolCall) -> str:
    """Give the text that a tool of plain text is called with; what cannot be read is passed on."""
    arguments = call["function"]["arguments"]
    try:
        given: object = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    named = cast("JsonObject", given) if isinstance(given, dict) else {}
    return str(named["input"]) if "input" in named else arguments
