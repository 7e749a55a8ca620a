"""Requests whose answers must fit OpenAI's document, one entry each; another endpoint adds entries.

Every ASK is sent plainly and, where `streams`, as a stream too; every FAULT must answer its status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.fakes.completions import CHAT, HI, weather_tool
from tests.fakes.ollama_double import Call, Fault, Reply

OSLO = Call(name="get_weather", arguments={"city": "Oslo"})
ROME = Call(name="get_weather", arguments={"city": "Rome"})
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
    "DwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that is answered; `body` is None for one without a body.

    `form` sends it as a form with `files`; `made` gives what stands in the path's braces, and may make it.
    """

    name: str
    body: dict[str, Any] | None = None
    replies: tuple[Reply, ...] = ()
    method: str = "POST"
    path: str = CHAT
    status: int = 200
    streams: bool = True
    form: bool = False
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])
    made: Callable[[httpx.Client], dict[str, str]] = lambda _: {}


@dataclass(frozen=True, slots=True)
class Bad:
    """A request that is refused or fails; `raw` is sent as it stands."""

    name: str
    status: int
    body: Any = None
    raw: bytes | None = None
    method: str = "POST"
    path: str = CHAT
    token: str | None = None
    replies: tuple[Reply, ...] = ()
    headers: dict[str, str] = field(default_factory=dict[str, str])


def chat(name: str, *replies: Reply, **body: Any) -> Ask:
    """Ask for a chat completion."""
    return Ask(name, {"model": "llama3.2", "messages": HI, **body}, replies)


def bad_chat(name: str, status: int, *replies: Reply, **body: Any) -> Bad:
    """Ask for a chat completion that cannot be given."""
    return Bad(name, status, {"model": "llama3.2", "messages": HI, **body}, replies=replies)


def user(content: Any) -> list[dict[str, Any]]:
    """Say one thing."""
    return [{"role": "user", "content": content}]


def called(*calls: tuple[str, str]) -> list[dict[str, Any]]:
    """Give a conversation in which a tool was called and answered."""
    made = [
        {"id": key, "type": "function", "function": {"name": "get_weather", "arguments": given}}
        for key, given in calls
    ]
    results = [{"role": "tool", "tool_call_id": key, "content": "mild"} for key, _ in calls]
    return [*HI, {"role": "assistant", "content": None, "tool_calls": made}, *results]


TOOLS = [weather_tool()]
SCHEMA = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
STRICT = {
    "type": "json_schema",
    "json_schema": {"name": "person", "schema": PERSON, "strict": True},
}
ADA = Reply(content='{"name": "Ada", "age": 36}')

ASKS = [
    chat("text", Reply(content="I am well.")),
    chat("one token", Reply(content=["Yes"])),
    chat("an empty answer", Reply(content="")),
    chat("unicode", Reply(content="Grüße, 世界 🎉 e\u0301")),
    chat("control characters", Reply(content='a\tb\n"c"\\d\u2028e')),
    chat("a long answer", Reply(content=[f"w{n} " for n in range(200)])),
    chat("cut by length", Reply(content="Half a", done_reason="length"), max_tokens=3),
    chat("both limits", max_tokens=9, max_completion_tokens=5),
    chat("usage", Reply(content="x", prompt_tokens=7, output_tokens=3)),
    chat("no counters", Reply(content="x", prompt_tokens=0, output_tokens=0)),
    chat("thinking", Reply(thinking="Hm.", content="Yes."), model="qwen3:8b@chat"),
    chat("thinking alone", Reply(thinking="Hm."), model="qwen3:8b@chat"),
    chat("effort", Reply(content="Yes."), model="qwen3:8b@chat", reasoning_effort="low"),
    chat("a tool call", Reply(calls=[OSLO]), tools=TOOLS),
    chat("a call without arguments", Reply(calls=[Call(name="get_weather")]), tools=TOOLS),
    chat("parallel calls", Reply(calls=[OSLO, ROME]), tools=TOOLS),
    chat("calls in the last line", Reply(calls=[OSLO, ROME], calls_in_done_line=True), tools=TOOLS),
    chat("calls without ids", Reply(calls=[OSLO, ROME], call_ids=False), tools=TOOLS),
    chat("text before a call", Reply(content="Let me see.", calls=[OSLO]), tools=TOOLS),
    chat("one call at most", Reply(calls=[OSLO, ROME]), tools=TOOLS, parallel_tool_calls=False),
    chat("tools unused", Reply(content="No need."), tools=TOOLS),
    chat("tools forbidden", Reply(content="No need."), tools=TOOLS, tool_choice="none"),
    chat("tools required", tools=TOOLS, tool_choice="required"),
    chat(
        "a named tool",
        tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
    ),
    chat("a tool's result", messages=called(("c1", '{"city": "Oslo"}')), tools=TOOLS),
    chat("two results", messages=called(("c1", "{}"), ("c2", "{}")), tools=TOOLS),
    chat("json object", ADA, response_format={"type": "json_object"}),
    chat("json schema", ADA, response_format=SCHEMA),
    chat("strict json schema", ADA, response_format=STRICT),
    chat("text format", response_format={"type": "text"}),
    chat("stop", stop=["END"]),
    chat("one stop", stop="END"),
    chat("sampling", temperature=0, top_p=0.5, seed=7, presence_penalty=1, frequency_penalty=-1),
    chat("parts", messages=user([{"type": "text", "text": "Hello"}])),
    chat(
        "an image",
        model="llava",
        messages=user([
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": PIXEL}},
        ]),
    ),
    chat(
        "every role",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind.", "name": "dev"},
            *user("Hello"),
            {"role": "assistant", "content": "Hi.", "refusal": None, "reasoning_content": "Hm."},
            *user("How are you?"),
        ],
    ),
    chat("react", Reply(content="Done."), model="llama3.2@react"),
    chat("plan", model="llama3.2@plan", messages=user("Compare two cities and tell the better")),
    chat("null everywhere", temperature=None, stop=None, tools=None, response_format=None),
    chat("metadata", metadata={"a": "b"}, user="u", store=False),
    chat("unknown fields", top_k=3, chat_template_kwargs={"a": 1}),
    Ask("models", method="GET", path="/v1/models", streams=False),
    Ask("a model", method="GET", path="/v1/models/llama3.2:latest", streams=False),
    Ask("a model without its tag", method="GET", path="/v1/models/qwen3:8b", streams=False),
]

FAULTS = [
    Bad("nobody", 401, {"model": "llama3.2", "messages": HI}, token=""),
    Bad("a wrong key", 401, {"model": "llama3.2", "messages": HI}, token="sk-wrong"),
    Bad("nobody's models", 401, method="GET", path="/v1/models", token=""),
    Bad("no such path", 404, {}, path="/v1/nothing"),
    Bad("no such method", 405, {}, method="PUT"),
    Bad("no such model's card", 404, method="GET", path="/v1/models/none"),
    Bad("not JSON", 400, raw=b"{"),
    Bad("not an object", 400, raw=b"[]"),
    Bad("nothing", 400, raw=b""),
    Bad("not a number", 400, raw=b'{"model": "m", "messages": [], "temperature": NaN}'),
    Bad("20,000 brackets", 400, raw=b"[" * 20_000),
    Bad("no model", 400, {"messages": HI}),
    Bad("no messages", 400, {"model": "llama3.2"}),
    bad_chat("an empty conversation", 400, messages=[]),
    bad_chat("an unknown role", 400, messages=[{"role": "robot", "content": "x"}]),
    bad_chat("an unknown model", 404, model="none"),
    bad_chat("an embedding model", 400, model="all-minilm"),
    bad_chat("too hot", 400, temperature=2.1),
    bad_chat("hot as a word", 400, temperature="hot"),
    bad_chat("no tokens", 400, max_tokens=0),
    bad_chat("five stops", 400, stop=list("abcde")),
    bad_chat("an unknown format", 400, response_format={"type": "xml"}),
    bad_chat("a schema that is none", 400, response_format={"type": "json_schema"}),
    bad_chat("an unknown choice", 400, tools=TOOLS, tool_choice="maybe"),
    bad_chat("a choice without tools", 400, tool_choice="required"),
    bad_chat("options of no stream", 400, stream_options={"include_usage": True}, stream=False),
    bad_chat("top_logprobs alone", 400, top_logprobs=3),
    bad_chat("an unknown effort", 400, reasoning_effort="utmost"),
    bad_chat("a nameless tool", 400, tools=[{"type": "function", "function": {}}]),
    bad_chat("a model server that fails", 502, Reply(status=500, error="boom")),
    bad_chat("a busy model server", 503, Reply(status=503, error="server busy")),
    bad_chat("an answer that never starts", 503, Reply(content="x", fault=Fault(kind="cut"))),
    bad_chat("an answer that just ends", 502, Reply(content="x", fault=Fault(kind="end"))),
    bad_chat("an answer that is a page", 502, Reply(raw=b"<html>", content_type="text/html")),
]
