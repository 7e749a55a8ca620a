"""What a streamed answer costs: CPU per token and request, delay of the first token, throughput.

Protocol: one server process, one model double at 50 tokens/s, 50 streams of 64 tokens; CPU is that
of the server's whole process tree. Cost per token is the slope between 64-token and 1-token runs,
cost per request the rest. The delay of the first token is the median over all streams, less what
the same streams see when they go to the double directly. 500 streams run at 20 tokens/s.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import Server, free_port, serve

HERE = Path(__file__).resolve().parent
MODEL = "llama3.2"
PASSWORD = "benchmark-password"
CALL = 'math_calc:{"expression": "12*(3+4)"}'
MANY_STREAMS, MANY_TOKENS, MANY_RATE = 500, 200, 20
FEW_STREAMS, FEW_TOKENS, FEW_RATE = 50, 64, 50
CHUNK_MARK = '"delta":{"content":"'
DOUBLE_MARK = '"content":"'


@dataclass(frozen=True, slots=True)
class Row:
    """One server's figures; None where a figure does not apply."""

    name: str
    cpu_us_per_token: float | None
    cpu_ms_per_request: float | None
    first_token_p50_ms: float | None
    first_token_p99_ms: float | None
    cold_start_s: float | None
    idle_mib: float | None
    many_tokens_per_s: int | None = None
    many_errors: int | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Where a server takes chats, with what key and model, and what marks a token in its answers."""

    url: str
    key: str = ""
    model: str = MODEL
    mark: str = CHUNK_MARK
    expected: bool = False
    within_s: float = 300

    @classmethod
    def of(cls, server: Server, key: str, *, mode: str = "") -> Door:
        """Give ours; a mode is what is said after the model's name."""
        return cls(server.url + "/v1/chat/completions", key=key, model=MODEL + mode)

    @classmethod
    def behind(cls, upstream: Server) -> Door:
        """Give the double's own."""
        return cls(upstream.url + "/api/chat", mark=DOUBLE_MARK)


@contextmanager
def double(*, rate: float, tokens: int = 0, call: str = "") -> Iterator[Server]:
    """Run the Ollama double at a pace, with a tool call before each answer if one is given."""
    port = free_port()
    command = ["-m", "tests.fakes.ollama_double", "--port", str(port)]
    command += ["--tokens-per-second", str(rate), "--tokens", str(tokens)]
    if call:
        command += ["--call", call]
    server = serve(command, port=port, env={}, probe="/")
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def steward(upstream: str, **more: str) -> Iterator[tuple[Server, str]]:
    """Run Steward over a fresh data folder; give it with an API key."""
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        env = {
            "DATA_DIR": data,
            "OLLAMA_HOST": upstream,
            "SERVER_PORT": str(port),
            "ADMIN_PASSWORD": PASSWORD,
            "LOG_LEVEL": "WARNING",
            "MODELS__MAX_CONCURRENT": "1000",
            **more,
        }
        serve(["run_backend.py"], port=port, env=env).stop()
        server = serve(["run_backend.py"], port=port, env=env)
        try:
            yield server, api_key(server.url)
        finally:
            server.stop()


@contextmanager
def row_server(app: str, upstream: str) -> Iterator[tuple[Server, str]]:
    """Run one of the yardsticks with uvicorn."""
    port = free_port()
    command = ["-m", "uvicorn", app, "--port", str(port), "--log-level", "warning"]
    command += ["--loop", "uvloop", "--http", "httptools"]
    server = serve(command, port=port, env={"UPSTREAM": upstream})
    try:
        yield server, ""
    finally:
        server.stop()


def load(door: Door, *, streams: int, tokens: int, spread_s: float) -> dict[str, Any]:
    """Run the load in a process of its own."""
    body: dict[str, Any] = {
        "model": door.model,
        "stream": True,
        "max_tokens": tokens,
        "messages": [{"role": "user", "content": "Tell me about the history of lighthouses."}],
    }
    if door.url.endswith("/api/chat"):
        body = {
            "model": door.model,
            "messages": body["messages"],
            "options": {"num_predict": tokens},
        }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(body, file)
        file.flush()
        done = subprocess.run(
            [
                *(sys.executable, str(HERE / "load.py"), door.url, "--body", file.name),
                *("--mark", door.mark, "--streams", str(streams), "--spread", str(spread_s)),
                *("--key", door.key, "--within", str(door.within_s)),
                *("--expected", str(tokens if door.expected else 0)),
            ],
            capture_output=True,
            check=True,
            text=True,
        )
    return json.loads(done.stdout)


def measure(name: str, server: Server, door: Door, base: Door) -> Row:
    """Measure one server with few streams; `base` is the double's own door."""
    time.sleep(2)
    idle_mib = server.rss_mib()
    load(door, streams=8, tokens=8, spread_s=0.2)
    costs: dict[int, list[float]] = {1: [], FEW_TOKENS: []}
    firsts: list[tuple[float, float]] = []
    for _ in range(3):
        for tokens, found in costs.items():
            before_s = server.cpu_s()
            seen = load(door, streams=FEW_STREAMS, tokens=tokens, spread_s=1.0)
            if seen["errors"]:
                msg = f"{name}: {seen['first_error']}"
                raise RuntimeError(msg)
            found.append((server.cpu_s() - before_s) / FEW_STREAMS)
            if tokens > 1:
                firsts.append((seen["first_p50_ms"], seen["first_p99_ms"]))
    directly = load(base, streams=FEW_STREAMS, tokens=FEW_TOKENS, spread_s=1.0)
    short_s, long_s = (sorted(found)[1] for found in costs.values())
    per_token_s = (long_s - short_s) / (FEW_TOKENS - 1)
    p50, p99 = sorted(firsts)[1]
    return Row(
        name=name,
        cpu_us_per_token=round(per_token_s * 1e6, 1),
        cpu_ms_per_request=round((short_s - per_token_s) * 1e3, 2),
        first_token_p50_ms=round(p50 - directly["first_p50_ms"], 1),
        first_token_p99_ms=round(p99 - directly["first_p50_ms"], 1),
        cold_start_s=round(server.started_s, 2),
        idle_mib=round(idle_mib),
    )


def many(door: Door) -> dict[str, Any]:
    """Carry 500 streams at once."""
    return load(door, streams=MANY_STREAMS, tokens=MANY_TOKENS, spread_s=2.0)


def rows() -> Iterator[Row]:
    """Measure the yardsticks and Steward."""
    with double(rate=FEW_RATE) as upstream:
        base = Door.behind(upstream)
        for name, app in {
            "raw ASGI + aiohttp transcode": "benchmarks.rows.raw_asgi:app",
            "bare LangGraph node + stream writer": "benchmarks.rows.langgraph_node:app",
        }.items():
            with row_server(app, upstream.url) as (server, key):
                yield measure(name, server, Door.of(server, key), base)
        with steward(upstream.url) as (server, key):
            yield measure("Steward, chat (routed)", server, Door.of(server, key), base)
            react = Door.of(server, key, mode="@react")
            yield measure("Steward, ReAct, no call", server, react, base)
    with (
        double(rate=FEW_RATE, call=CALL) as upstream,
        steward(upstream.url) as (server, key),
    ):
        react = Door.of(server, key, mode="@react")
        yield measure("Steward, ReAct, one call", server, react, Door.behind(upstream))
    with double(rate=MANY_RATE) as upstream, steward(upstream.url) as (server, key):
        seen = many(Door.of(server, key, mode="@chat"))
        row = Row("Steward, 500 streams", None, None, None, None, None, None)
        figures = {**asdict(row), "many_tokens_per_s": seen["tokens_per_s"]}
        figures |= {"many_errors": seen["errors"], "first_token_p50_ms": seen["first_p50_ms"]}
        figures |= {"first_token_p99_ms": seen["first_p99_ms"]}
        yield Row(**figures)


def api_key(url: str) -> str:
    """Log in and make a key."""
    login = {"username": "admin", "password": PASSWORD}
    token = post(url + "/api/auth/login", login)["access_token"]
    return post(url + "/api/auth/keys", {"name": "benchmark"}, token)["key"]


def post(url: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    """Send JSON and read JSON."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read())


def main() -> None:
    """Print the rows."""
    for row in rows():
        sys.stdout.write(json.dumps(asdict(row)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
