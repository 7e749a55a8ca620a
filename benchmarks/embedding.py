"""Measure the embedded model: chunks per CPU-second, questions, loading and memory.

    python benchmarks/embedding.py [--data TEXTS.jsonl] [--json]

Texts are those of the published set in BENCH_DATA_DIR when that is given, otherwise the pages of
this project, and it says which. Each precision is measured in a process of its own, with the model
built beforehand; rates are the best of several rounds, against processor time, so that neighbours count little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from backend.documents.embedding.minilm import MiniLm, MiniLmOptions  # noqa: E402
from backend.kit.clocks import SystemClock  # noqa: E402

Precision = Literal["int8", "fp32"]
PRECISIONS: tuple[Precision, ...] = ("int8", "fp32")
SIZES = {400: 160, 1000: 64}
"""Characters of a chunk, and how many of them are embedded in a round."""
ROUNDS = 3
QUESTIONS = 100
SEED = 7
PAGE_BYTES = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold the measures of one precision; `start_mib` is the process before anything was loaded."""

    precision: str
    build_s: float
    load_s: float
    question_p50_ms: float
    question_cpu_ms: float
    start_mib: float
    question_mib: float
    bulk_mib: float
    chunks_400_per_cpu_s: float
    chunks_1000_per_cpu_s: float
    chunks_400_per_s_1_thread: float
    chunks_400_per_s_2_threads: float


def texts_of(path: Path | None) -> list[str]:
    """Read the texts of a set, or the pages of this project."""
    if path is not None:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line)["text"] for line in lines if line.strip()]
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page.read_text(encoding="utf-8") for page in pages]


def default_data() -> Path | None:
    """Name the published set if BENCH_DATA_DIR holds it."""
    folder = os.environ.get("BENCH_DATA_DIR")
    published = Path(folder) / "retrieval" / "squad.docs.jsonl" if folder else None
    return published if published is not None and published.is_file() else None


def chunks(texts: Sequence[str], size: int) -> list[str]:
    """Cut texts into pieces of a size, shuffled; what is shorter than half of it is left out."""
    pieces = [
        text[at : at + size] for text in texts for at in range(0, len(text) - size // 2, size)
    ]
    random.Random(SEED).shuffle(pieces)
    return pieces


async def measure(precision: Precision, folder: Path, data: Path | None) -> Figures:
    """Measure one precision in this process, which must not have embedded anything yet."""
    build_s = await _built(precision, folder)
    embedder = _minilm(precision, folder, threads=1)
    start_mib = _rss_mib()
    begun_s = time.perf_counter()
    await embedder.embed_query("What is kept when a document is deleted?")
    load_s = time.perf_counter() - begun_s
    wall_ms, cpu_ms = await _questions(embedder)
    question_mib = _rss_mib()
    texts = texts_of(data)
    cut = {size: chunks(texts, size)[:count] for size, count in SIZES.items()}
    per_cpu = {size: (await _rates(embedder, pieces))[0] for size, pieces in cut.items()}
    bulk_mib = _rss_mib()
    wall_1 = (await _rates(embedder, cut[400]))[1]
    wall_2 = (await _rates(_minilm(precision, folder, threads=2), cut[400]))[1]
    return Figures(
        precision=precision,
        build_s=build_s,
        load_s=load_s,
        question_p50_ms=wall_ms,
        question_cpu_ms=cpu_ms,
        start_mib=start_mib,
        question_mib=question_mib,
        bulk_mib=bulk_mib,
        chunks_400_per_cpu_s=per_cpu[400],
        chunks_1000_per_cpu_s=per_cpu[1000],
        chunks_400_per_s_1_thread=wall_1,
        chunks_400_per_s_2_threads=wall_2,
    )


async def _built(precision: Precision, folder: Path) -> float:
    """Build the model; give the seconds that took."""
    begun_s = time.perf_counter()
    await _minilm(precision, folder, threads=1).prepare()
    return time.perf_counter() - begun_s


async def _questions(embedder: MiniLm) -> tuple[float, float]:
    """Ask questions that differ; give the median wall time and the mean CPU time in milliseconds."""
    walls: list[float] = []
    cpu_s = time.process_time()
    for at in range(QUESTIONS):
        begun_s = time.perf_counter()
        await embedder.embed_query(f"How many pages does report number {at} of the company have?")
        walls.append(time.perf_counter() - begun_s)
    cpu_ms = 1000 * (time.process_time() - cpu_s) / QUESTIONS
    return 1000 * statistics.median(walls), cpu_ms


async def _rates(embedder: MiniLm, pieces: Sequence[str]) -> tuple[float, float]:
    """Embed the pieces several times; give the best rates per CPU-second and per second."""
    per_cpu_s, per_s = 0.0, 0.0
    for _ in range(ROUNDS):
        cpu_s, begun_s = time.process_time(), time.perf_counter()
        await embedder.embed_texts(pieces)
        per_cpu_s = max(per_cpu_s, len(pieces) / (time.process_time() - cpu_s))
        per_s = max(per_s, len(pieces) / (time.perf_counter() - begun_s))
    return per_cpu_s, per_s


def _minilm(precision: Precision, folder: Path, *, threads: int) -> MiniLm:
    options = MiniLmOptions(folder=folder, precision=precision, threads=threads)
    return MiniLm(options, SystemClock())


def _rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 2**20


def in_a_process(precision: Precision, folder: Path, data: Path | None) -> Figures:
    """Measure one precision in a fresh process."""
    command = [sys.executable, __file__, "--measure", precision, "--folder", str(folder)]
    if data is not None:
        command += ["--data", str(data)]
    done = subprocess.run(command, capture_output=True, check=True)
    return Figures(**json.loads(done.stdout))


def report(rows: Sequence[Figures], data: Path | None) -> str:
    """Write the table for people."""
    named = data.name if data is not None else "pages of this project, NOT a published set"
    lines = [f"texts: {named}", "", f"{'':30}" + "".join(f"{row.precision:>10}" for row in rows)]
    for name in Figures.__dataclass_fields__:
        if name != "precision":
            values = "".join(f"{getattr(row, name):>10.2f}" for row in rows)
            lines.append(f"{name:30}{values}")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description="measure the embedded model")
    parser.add_argument("--data", type=Path, default=None, help="JSON lines with text")
    parser.add_argument("--json", action="store_true", help="print machine-readable figures")
    parser.add_argument("--measure", choices=PRECISIONS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    data: Path | None = options.data or default_data()
    if options.measure:
        figures = asyncio.run(measure(options.measure, options.folder, data))
        sys.stdout.write(json.dumps(asdict(figures)))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [in_a_process(precision, Path(folder), data) for precision in PRECISIONS]
    if options.json:
        document = {
            "data": str(data) if data else "own pages",
            "rows": [asdict(row) for row in rows],
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(report(rows, data) + "\n")


if __name__ == "__main__":
    main()
