"""The shapes our answers must have, in our own words, for where OpenAI's document is not at hand.

Keys: `method path content-type`, or the name that OpenAI's document gives a schema.
"""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]
TEXT: Shape = {"type": "string"}
WHOLE: Shape = {"type": "integer", "minimum": 0}


def either(*kinds: Shape) -> Shape:
    """Allow any of some shapes."""
    return {"anyOf": list(kinds)}


def maybe(kind: Shape) -> Shape:
    """Allow null too."""
    return either(kind, {"type": "null"})


def one_of(*values: str) -> Shape:
    """Allow some words."""
    return {"enum": list(values)}


def many(kind: Shape, **more: Any) -> Shape:
    """Allow a list."""
    return {"type": "array", "items": kind, **more}


def thing(optional: dict[str, Shape] | None = None, /, **needed: Shape) -> Shape:
    """Describe an object: what it must have, and what it may have."""
    properties = {**needed, **(optional or {})}
    return {"type": "object", "required": list(needed), "properties": properties}


ERROR = thing(error=thing(message=TEXT, type=TEXT, param=maybe(TEXT), code=maybe(TEXT)))

ENDS = one_of("stop", "length", "tool_calls", "content_filter", "function_call")
FUNCTION = thing(name=TEXT, arguments=TEXT)
CALL = either(
    thing(id=TEXT, type=one_of("function"), function=FUNCTION),
    thing(id=TEXT, type=one_of("custom"), custom=thing(name=TEXT, input=TEXT)),
)
CITED = thing(
    type=one_of("url_citation"),
    url_citation=thing(url=TEXT, title=TEXT, start_index=WHOLE, end_index=WHOLE),
)
MESSAGE = thing(
    {"tool_calls": many(CALL), "annotations": many(CITED), "function_call": FUNCTION},
    role=one_of("assistant"),
    content=maybe(TEXT),
    refusal=maybe(TEXT),
)
TOKEN = thing(token=TEXT, logprob={"type": "number"}, bytes=maybe(many(WHOLE)))
LOGPROBS = maybe(thing(content=maybe(many(TOKEN)), refusal=maybe(many(TOKEN))))
USAGE = thing(
    {
        "completion_tokens_details": {"type": "object", "additionalProperties": WHOLE},
        "prompt_tokens_details": {"type": "object", "additionalProperties": WHOLE},
    },
    prompt_tokens=WHOLE,
    completion_tokens=WHOLE,
    total_tokens=WHOLE,
)
COMPLETION = thing(
    {"usage": USAGE, "system_fingerprint": maybe(TEXT), "service_tier": maybe(TEXT)},
    id=TEXT,
    object=one_of("chat.completion"),
    created=WHOLE,
    model=TEXT,
    choices=many(thing(index=WHOLE, message=MESSAGE, finish_reason=ENDS, logprobs=LOGPROBS)),
)
CALL_DELTA = thing(
    {
        "id": TEXT,
        "type": one_of("function", "custom"),
        "function": thing({"name": TEXT, "arguments": TEXT}),
    },
    index=WHOLE,
)
DELTA = thing({
    "role": one_of("assistant"),
    "content": maybe(TEXT),
    "refusal": maybe(TEXT),
    "tool_calls": many(CALL_DELTA),
})
CHUNK = thing(
    {"usage": maybe(USAGE), "system_fingerprint": maybe(TEXT), "service_tier": maybe(TEXT)},
    id=TEXT,
    object=one_of("chat.completion.chunk"),
    created=WHOLE,
    model=TEXT,
    choices=many(
        thing({"logprobs": LOGPROBS}, index=WHOLE, delta=DELTA, finish_reason=maybe(ENDS))
    ),
)
MODEL = thing(id=TEXT, object=one_of("model"), created=WHOLE, owned_by=TEXT)
YES: Shape = {"type": "boolean"}
NUMBER: Shape = {"type": "number"}


def page(kind: Shape) -> Shape:
    """Describe a page of a list."""
    return thing(object=one_of("list"), data=many(kind), has_more=YES)


ITEM = thing(type=TEXT)
RESPONSE = thing(
    id=TEXT,
    object=one_of("response"),
    created_at=NUMBER,
    status=one_of("completed", "failed", "in_progress", "cancelled", "queued", "incomplete"),
    error=maybe({"type": "object"}),
    incomplete_details=maybe({"type": "object"}),
    instructions=maybe(either(TEXT, many(ITEM))),
    metadata=maybe({"type": "object"}),
    model=TEXT,
    output=many(ITEM),
    parallel_tool_calls=YES,
    temperature=maybe(NUMBER),
    tool_choice=either(TEXT, ITEM),
    tools=many(ITEM),
    top_p=maybe(NUMBER),
)
EVENT = thing({"response": RESPONSE}, type=TEXT, sequence_number=WHOLE)
LEGACY = thing(
    {"usage": USAGE},
    id=TEXT,
    object=one_of("text_completion"),
    created=WHOLE,
    model=TEXT,
    choices=many(
        thing(index=WHOLE, text=TEXT, finish_reason=ENDS, logprobs=maybe({"type": "object"}))
    ),
)
VECTORS = thing(
    object=one_of("list"),
    model=TEXT,
    data=many(thing(index=WHOLE, object=one_of("embedding"), embedding=either(many(NUMBER), TEXT))),
    usage=thing(prompt_tokens=WHOLE, total_tokens=WHOLE),
)
FILE = thing(
    id=TEXT,
    object=one_of("file"),
    bytes=WHOLE,
    created_at=WHOLE,
    filename=TEXT,
    purpose=TEXT,
    status=one_of("uploaded", "processed", "error"),
)
STORE = thing(
    id=TEXT,
    object=one_of("vector_store"),
    created_at=WHOLE,
    name=maybe(TEXT),
    usage_bytes=WHOLE,
    file_counts={"type": "object", "additionalProperties": WHOLE},
    status=one_of("expired", "in_progress", "completed"),
    last_active_at=maybe(WHOLE),
    metadata=maybe({"type": "object"}),
)
STORE_FILE = thing(id=TEXT, object=one_of("vector_store.file"), vector_store_id=TEXT, status=TEXT)
HIT = thing(
    file_id=TEXT,
    filename=TEXT,
    score=NUMBER,
    attributes=maybe({"type": "object"}),
    content=many(thing(type=one_of("text"), text=TEXT)),
)
FOUND = thing(
    object=one_of("vector_store.search_results.page"),
    search_query=many(TEXT),
    data=many(HIT),
    has_more=YES,
    next_page=maybe(TEXT),
)
TALK = thing(id=TEXT, object=one_of("conversation"), created_at=WHOLE, metadata={})
DELETED = thing(id=TEXT, object=TEXT, deleted=YES)

SHAPES: dict[str, Shape] = {
    "ErrorResponse": ERROR,
    "CreateChatCompletionStreamResponse": CHUNK,
    "post /chat/completions application/json": COMPLETION,
    "post /chat/completions text/event-stream": CHUNK,
    "get /models application/json": thing(object=one_of("list"), data=many(MODEL)),
    "get /models/{model} application/json": MODEL,
    "post /responses application/json": RESPONSE,
    "post /responses text/event-stream": EVENT,
    "get /responses/{response_id} application/json": RESPONSE,
    "get /responses/{response_id}/input_items application/json": page(ITEM),
    "post /embeddings application/json": VECTORS,
    "post /completions application/json": LEGACY,
    "post /files application/json": FILE,
    "get /files application/json": page(FILE),
    "get /files/{file_id} application/json": FILE,
    "delete /files/{file_id} application/json": DELETED,
    "post /vector_stores application/json": STORE,
    "get /vector_stores application/json": page(STORE),
    "get /vector_stores/{vector_store_id} application/json": STORE,
    "post /vector_stores/{vector_store_id} application/json": STORE,
    "delete /vector_stores/{vector_store_id} application/json": DELETED,
    "get /vector_stores/{vector_store_id}/files application/json": page(STORE_FILE),
    "post /vector_stores/{vector_store_id}/search application/json": FOUND,
    "post /conversations application/json": TALK,
    "get /conversations/{conversation_id} application/json": TALK,
    "delete /conversations/{conversation_id} application/json": DELETED,
    "get /conversations/{conversation_id}/items application/json": page(ITEM),
}
