"""Open N streams at once against an OpenAI-style or Ollama-style address and time their tokens.

Run as a process of its own, so that its CPU is not the server's. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(slots=True)
class Outcome:
    """What one stream saw; times in seconds since it was opened."""

    tokens: int = 0
    first_s: float | None = None
    total_s: float = 0.0
    error: str = ""


class Stream(asyncio.Protocol):
    """One request over one connection; tokens are counted by a marker in the raw bytes."""

    def __init__(self, request: bytes, *, mark: bytes, done: asyncio.Future[Outcome]) -> None:
        self._request = request
        self._mark = mark
        self._done = done
        self._tail = b""
        self._head = b""
        self.outcome = Outcome()
        self._started_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._started_s = time.perf_counter()
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count tokens, also those cut between two reads."""
        if len(self._head) < 16:
            self._head += data[:16]
        text = self._tail + data
        found = text.count(self._mark)
        if found:
            if self.outcome.first_s is None:
                self.outcome.first_s = time.perf_counter() - self._started_s
            self.outcome.tokens += found
            text = text[text.rfind(self._mark) + len(self._mark) :]
        self._tail = text[-(len(self._mark) - 1) :]
        if b'"error"' in data:
            self.outcome.error = data[:300].decode("utf-8", "replace")

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand over the outcome."""
        self.outcome.total_s = time.perf_counter() - self._started_s
        if not self._head.startswith(b"HTTP/1.1 200"):
            self.outcome.error = self.outcome.error or f"{self._head!r} {exc!r}"
        if not self._done.done():
            self._done.set_result(self.outcome)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, how often, and what to count."""

    url: str
    body: bytes
    mark: bytes
    streams: int
    spread_s: float
    within_s: float = 300
    headers: dict[str, str] = field(default_factory=dict)


async def run(plan: Plan) -> list[Outcome]:
    """Open all streams, spread evenly over a short time, and wait for all of them."""
    parts = urlsplit(plan.url)
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(plan.body)),
        "Connection": "close",
        **plan.headers,
    }
    head = f"POST {parts.path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    request = head.encode() + b"\r\n" + plan.body
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.Future[Outcome]] = []
    opened: list[Stream] = []
    begun_s = loop.time()
    for number in range(plan.streams):
        due_s = begun_s + plan.spread_s * number / plan.streams
        pause: asyncio.Future[None] = loop.create_future()
        loop.call_at(due_s, pause.set_result, None)
        await pause
        done: asyncio.Future[Outcome] = loop.create_future()
        waiting.append(done)
        stream = Stream(request, mark=plan.mark, done=done)
        opened.append(stream)
        await loop.create_connection(lambda one=stream: one, parts.hostname, parts.port)
    unfinished = (await asyncio.wait(waiting, timeout=plan.within_s))[1]
    for done, stream in zip(waiting, opened, strict=True):
        if done in unfinished:
            stream.outcome.error = f"not finished within {plan.within_s:g} s"
    return [stream.outcome for stream in opened]


def percentile(values: list[float], share: float) -> float:
    """Give a percentile by the nearest rank; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def summary(outcomes: list[Outcome], *, took_s: float, expected: int) -> dict[str, Any]:
    """Sum the streams up; one that brought fewer or more tokens than expected counts as an error.

    0 expects nothing.
    """
    firsts = [one.first_s * 1000 for one in outcomes if one.first_s is not None]
    for one in outcomes:
        if expected and one.tokens != expected:
            one.error = one.error or f"{one.tokens} tokens of {expected}"
    errors = [one.error for one in outcomes if one.error]
    tokens = sum(one.tokens for one in outcomes)
    return {
        "streams": len(outcomes),
        "tokens": tokens,
        "errors": len(errors),
        "first_error": errors[0] if errors else "",
        "first_p50_ms": round(percentile(firsts, 0.50), 1),
        "first_p95_ms": round(percentile(firsts, 0.95), 2),
        "first_p99_ms": round(percentile(firsts, 0.99), 1),
        "took_s": round(took_s, 3),
        "tokens_per_s": round(tokens / took_s),
    }


def main() -> None:
    """Read the plan from the command line and print what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--body", required=True, type=Path)
    parser.add_argument("--mark", required=True)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--spread", type=float, default=1.0)
    parser.add_argument("--key", default="")
    parser.add_argument("--within", type=float, default=300.0, help="seconds for all streams")
    parser.add_argument("--expected", type=int, default=0, help="tokens of each stream")
    args = parser.parse_args()
    headers = {"Authorization": f"Bearer {args.key}"} if args.key else {}
    plan = Plan(
        url=args.url,
        body=args.body.read_bytes(),
        mark=args.mark.encode(),
        streams=args.streams,
        spread_s=args.spread,
        within_s=args.within,
        headers=headers,
    )
    begun_s = time.perf_counter()
    outcomes = asyncio.run(run(plan))
    took_s = time.perf_counter() - begun_s
    told = summary(outcomes, took_s=took_s, expected=args.expected)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
