"""What an upload costs, and what others notice of it.

Protocol: one server on a fresh data folder, one model double. A PDF of 300 pages is uploaded twice: once alone
(CPU seconds of the whole process tree per chunk, beside what the embedder alone takes for the same texts), once
while chats stream and /health is asked 50 times a second, each beside the same load without an upload. Then 100
documents are uploaded, and the memory of the tree, the worker having ended, is held against where it was.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.documents.embedding.minilm import MiniLm, MiniLmOptions
from backend.documents.preparing import embedded_text
from backend.documents.reading_child import read_document
from backend.kit.clocks import SystemClock
from benchmarks.load import percentile
from benchmarks.processes import Server
from benchmarks.prose import paragraphs, write_pdf
from benchmarks.serving import Door, double, load, steward

PAGES = 300
HEALTH_PER_S = 50
STREAMS = 40
IDLE_S = 3


@dataclass(slots=True)
class Client:
    """A caller of one server."""

    server: Server
    key: str

    def call(
        self, method: str, path: str, body: Any = None, *, raw: bytes = b"", kind: str = ""
    ) -> Any:
        """Send one request and read its JSON."""
        data = raw or (json.dumps(body).encode() if body is not None else None)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": kind or "application/json",
        }
        request = urllib.request.Request(self.server.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def upload(self, path: Path, *, wait_s: float = 0) -> str:
        """Upload one file; give its id."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
        raw = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return str(
            self.call("POST", f"/api/files/upload?wait={wait_s}", raw=raw, kind=kind)["file_id"]
        )

    def document(self, file_id: str) -> dict[str, Any]:
        """Look at one document."""
        return dict(self.call("GET", f"/api/files/documents/{file_id}"))

    def until_ready(self, file_id: str) -> dict[str, Any]:
        """Wait for the end; fail when it failed."""
        while True:
            found = self.document(file_id)
            if found["state"] == "ready":
                return found
            if found["state"] == "failed":
                raise RuntimeError(found["reason"])
            time.sleep(0.2)

    def search(self, query: str) -> float:
        """Search; give the milliseconds."""
        begun_s = time.perf_counter()
        self.call("POST", "/api/files/search", {"query": query})
        return (time.perf_counter() - begun_s) * 1000


class Probe(threading.Thread):
    """Asks /health at a steady pace until stopped."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.took_ms: list[float] = []
        self._url = url + "/health"
        self._ended = threading.Event()

    def run(self) -> None:
        """Ask until stopped."""
        while not self._ended.wait(1 / HEALTH_PER_S):
            begun_s = time.perf_counter()
            with urllib.request.urlopen(self._url, timeout=10) as answer:
                answer.read()
            self.took_ms.append((time.perf_counter() - begun_s) * 1000)

    def stop(self) -> list[float]:
        """Stop and give what was seen."""
        self._ended.set()
        self.join()
        return self.took_ms


def chats(client: Client) -> float:
    """Stream a few chats; give the 95th percentile of the first token in ms."""
    seen = load(
        Door.of(client.server, client.key, mode="@chat"), streams=STREAMS, tokens=20, spread_s=2.0
    )
    if seen["errors"]:
        raise RuntimeError(seen["first_error"])
    return float(seen["first_p95_ms"])


def alone(client: Client, path: Path) -> dict[str, float]:
    """Ingest with nothing else going on."""
    before_s, begun_s = client.server.cpu_s(), time.perf_counter()
    found = client.until_ready(client.upload(path))
    took_s = time.perf_counter() - begun_s
    cpu_s = client.server.cpu_s() - before_s
    return {
        "chunks": found["chunks"],
        "wall_s": took_s,
        "cpu_s": cpu_s,
        "chunks_per_cpu_s": found["chunks"] / cpu_s,
    }


def embedder_alone(path: Path, models: Path) -> float:
    """Embed the same chunks in a process that does nothing else; give chunks per CPU second."""
    command = [sys.executable, __file__, "--embed", str(path), str(models)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def embed(path: Path, models: Path) -> float:
    """Be that process: read the file, then count only what embedding costs."""
    read = read_document({
        "path": str(path),
        "filename": path.name,
        "max_pages": 10_000,
        "max_chars": 10_000_000,
        "max_unpacked_bytes": 500_000_000,
        "chunk_chars": 400,
        "ocr": False,
    })
    text = "".join(page[4] for page in read["pages"])
    texts = [
        embedded_text(read["title"], heading, text[start:end])
        for start, end, _, _, heading, _ in read["chunks"]
    ]
    embedder = MiniLm(MiniLmOptions(folder=models, precision="int8", threads=1), SystemClock())
    asyncio.run(embedder.embed_texts(texts[:8]))
    began_s = time.process_time()
    for at in range(0, len(texts), 128):
        asyncio.run(embedder.embed_texts(texts[at : at + 128]))
    return len(texts) / (time.process_time() - began_s)


def beside_chats(client: Client, path: Path) -> dict[str, float]:
    """Ingest while chats stream and /health is asked; the same load without it comes first."""
    quiet_probe = Probe(client.server.url)
    quiet_probe.start()
    quiet = sorted(chats(client) for _ in range(5))
    quiet_ms = quiet_probe.stop()
    file_id = client.upload(path)
    probe = Probe(client.server.url)
    probe.start()
    busy: list[float] = []
    while client.document(file_id)["state"] not in {"ready", "failed"}:
        busy.append(chats(client))
    seen_ms = probe.stop()
    quiet += [chats(client) for _ in range(5)]
    middle = sorted(quiet)[len(quiet) // 2]
    return {
        "health_p99_ms": percentile(seen_ms, 0.99),
        "health_p99_quiet_ms": percentile(quiet_ms, 0.99),
        "first_p95_ms": sorted(busy)[len(busy) // 2],
        "first_p95_quiet_ms": middle,
        "rounds": len(busy),
    }


def memory(client: Client, folder: Path) -> dict[str, float]:
    """Upload 100 documents; give the tree's memory before and after, the worker having ended."""
    client.search("anything at all")
    _until_worker_ends(client.server)
    before = client.server.rss_mib()
    ids: list[str] = []
    for number in range(100):
        path = folder / f"note {number}.txt"
        path.write_text("\n\n".join(paragraphs(12_000, seed=50_000 + number)))
        ids.append(client.upload(path))
    for file_id in ids:
        client.until_ready(file_id)
    client.search("anything at all")
    _until_worker_ends(client.server)
    return {"before_mib": before, "after_mib": client.server.rss_mib()}


def _until_worker_ends(server: Server) -> None:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    until_s = time.perf_counter() + 60
    while children.read_text().split() and time.perf_counter() < until_s:
        time.sleep(0.5)
    time.sleep(1)


def main() -> None:
    """Print the figures."""
    if sys.argv[1:2] == ["--embed"]:
        sys.stdout.write(f"{embed(Path(sys.argv[2]), Path(sys.argv[3]))}\n")
        return
    with tempfile.TemporaryDirectory() as name, double(rate=50) as upstream:
        folder = Path(name)
        models = folder / "models"
        settings = {
            "DOCUMENTS__WORKER_IDLE_S": str(IDLE_S),
            "DOCUMENTS__MODEL_DIR": str(models),
        }
        with steward(upstream.url, **settings) as (server, key):
            client = Client(server, key)
            small = folder / "first.txt"
            small.write_text("The lighthouse was built in 1854.")
            client.until_ready(client.upload(small))
            for number in (1, 2):
                write_pdf(folder / f"report {number}.pdf", pages=PAGES, seed=number)
            for number in (3,):
                write_pdf(folder / f"report {number}.pdf", pages=PAGES, seed=number)
            _until_worker_ends(server)
            figures: dict[str, Any] = {
                "alone, worker started for it": alone(client, folder / "report 3.pdf"),
                "alone": alone(client, folder / "report 1.pdf"),
            }
            figures["embedder_alone"] = embedder_alone(folder / "report 1.pdf", models)
            figures["beside chats"] = beside_chats(client, folder / "report 2.pdf")
            figures["memory"] = memory(client, folder)
    sys.stdout.write(report(figures) + "\n")


def report(figures: dict[str, Any]) -> str:
    """Write the table for people."""
    started, warm = figures["alone, worker started for it"], figures["alone"]
    beside, memory_mib = figures["beside chats"], figures["memory"]
    bare = figures["embedder_alone"]
    rise = beside["first_p95_ms"] / beside["first_p95_quiet_ms"] - 1
    grown = memory_mib["after_mib"] / memory_mib["before_mib"] - 1
    rows = {
        f"a PDF of {PAGES} pages, {warm['chunks']:.0f} chunks": f"{warm['wall_s']:.1f} s",
        "chunks per CPU second, everything included": f"{warm['chunks_per_cpu_s']:.0f}",
        "the same with the worker's start": f"{started['chunks_per_cpu_s']:.0f}",
        "the embedder alone, one thread": f"{bare:.0f}",
        "`/health` p99 during an upload, and without": (
            f"{beside['health_p99_ms']:.1f} and {beside['health_p99_quiet_ms']:.1f} ms"
        ),
        f"first token p95 of {STREAMS} chats during an upload, and without": (
            f"{beside['first_p95_ms']:.2f} and {beside['first_p95_quiet_ms']:.2f} ms ({rise:+.0%})"
        ),
        "memory with the embedder loaded, idle": f"{memory_mib['before_mib']:.0f} MiB",
        "the same after 100 documents": f"{memory_mib['after_mib']:.0f} MiB ({grown:+.1%})",
    }
    lines = ["| what | measured |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows.items())])


if __name__ == "__main__":
    main()
