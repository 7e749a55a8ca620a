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

SHAPES: dict[str, Shape] = {
    "ErrorResponse": ERROR,
    "CreateChatCompletionStreamResponse": CHUNK,
    "post /chat/completions application/json": COMPLETION,
    "post /chat/completions text/event-stream": CHUNK,
    "get /models application/json": thing(object=one_of("list"), data=many(MODEL)),
    "get /models/{model} application/json": MODEL,
}
