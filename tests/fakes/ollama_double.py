"""Run the Ollama double as a program, and import its parts from one place.

`python -m tests.fakes.ollama_double --port N [--script FILE] [--tokens-per-second X]` prints its URL
and serves until it is stopped. FILE is a JSON list of replies: objects with the fields of `Reply`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

import orjson

from tests.fakes.ollama.catalogue import usual_models
from tests.fakes.ollama.checks import FakeModel
from tests.fakes.ollama.server import OllamaDouble
from tests.fakes.ollama.wire import echo
from tests.fakes.recording import Received
from tests.fakes.replies import Call, Fault, Reply, failing, words_of

__all__ = [
    "Call",
    "FakeModel",
    "Fault",
    "OllamaDouble",
    "Received",
    "Reply",
    "failing",
    "reply_from",
    "usual_models",
]


def reply_from(fields: dict[str, Any]) -> Reply:
    """Read a Reply from JSON; `calls` and `fault` are objects with the fields of theirs."""
    made = dict(fields)
    made["calls"] = [Call(**call) for call in fields.get("calls", ())]
    if fault := fields.get("fault"):
        made["fault"] = Fault(**{**fault, "text": fault.get("text", "").encode()})
    return Reply(**made)


def calling_first(call: Call, answer: Any) -> Any:
    """Call a tool whenever tools are offered and no result is there yet, then answer."""

    def reply(body: dict[str, Any]) -> Reply:
        has_result = any(message["role"] == "tool" for message in body["messages"])
        return answer(body) if has_result or not body.get("tools") else Reply(calls=[call])

    return reply


def paced(per_second: float, tokens: int) -> Any:
    """Answer every chat with `tokens` tokens at that pace; 0 is what was asked for, else an echo's."""

    def answer(body: dict[str, Any]) -> Reply:
        asked = (body.get("options") or {}).get("num_predict", 0)
        count = tokens or max(asked, 0) or len(words_of(echo(body).content))
        return Reply(count=count, tokens_per_second=per_second)

    return answer


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    pace = options.tokens_per_second
    default = paced(pace, options.tokens) if pace or options.tokens else None
    if options.call:
        name, _, arguments = options.call.partition(":")
        made = Call(name=name, arguments=orjson.loads(arguments or "{}"))
        default = calling_first(made, default or echo)
    double = OllamaDouble(default=default)
    if options.script:
        replies = orjson.loads(await asyncio.to_thread(Path(options.script).read_bytes))
        double.queue(*[reply_from(fields) for fields in replies])
    await double.start(options.port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(double.url, flush=True)  # noqa: T201 - the caller reads the address from here
    await stop.wait()
    await double.stop()


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", help="JSON list of replies, used in order")
    parser.add_argument("--tokens-per-second", type=float, default=0.0)
    parser.add_argument("--tokens", type=int, default=0, help="tokens per answer")
    parser.add_argument("--call", help='NAME:{"argument": 1}, a tool call before each answer')
    options = parser.parse_args(arguments)
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: PLC0415 - only the program needs it

        return uvloop.run(serve(options))
    return asyncio.run(serve(options))


if __name__ == "__main__":
    main()
