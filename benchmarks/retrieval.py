"""Measure what search finds and how long it takes, over the reader, chunker, stores, indexes and search as shipped.

    python benchmarks/retrieval.py [--only quality,relevance,latency] [--database sqlite,postgresql] [--chunks 10000,100000] [--top-k 10]

Quality is measured on the published sets in BENCH_DATA_DIR when that is given, and always on two sets written
for this project (exact spellings among lookalikes, twelve languages); each table says which. Every document is
taken in as `title.txt`. Latency is that of whole searches without embedding the question, over
made-up vectors and words as frequent as those of a text.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from backend.documents.embedding.minilm import MiniLm, MiniLmOptions  # noqa: E402
from backend.documents.search import Searcher  # noqa: E402
from backend.kit.clocks import SystemClock  # noqa: E402
from backend.ports.document_stores import Chunk, ReadDocument  # noqa: E402
from backend.ports.documents import SearchAnswer, SearchQuery, TextPage  # noqa: E402
from backend.ports.lexical_rows import LexicalRow  # noqa: E402
from benchmarks.retrieval_library import READER, Shelf, databases, open_shelf  # noqa: E402
from benchmarks.retrieval_rankers import RANKERS  # noqa: E402
from benchmarks.retrieval_scores import METRICS, Shown, scores  # noqa: E402
from benchmarks.retrieval_sets import (  # noqa: E402
    BenchSet,
    Paper,
    exact_set,
    language_set,
    published_sets,
)
from tests.fakes.fake_embedder import FakeEmbedder  # noqa: E402

SEED = 7
LACKING = 4
"""Every so many-th document is kept out of a library to see what is said of questions to it."""
SEARCHES, WARM = 200, 10
CHUNKS_PER_DOCUMENT, WORDS_PER_CHUNK, WORDS_PER_QUESTION = 250, 50, 10
VOCABULARY = 50_000


@asynccontextmanager
async def minilm() -> AsyncIterator[MiniLm]:
    """Build and load the embedded model."""
    with tempfile.TemporaryDirectory() as folder:
        embedder = MiniLm(MiniLmOptions(folder=Path(folder), threads=2), clock=SystemClock())
        try:
            yield embedder
        finally:
            await embedder.aclose()


async def filled(shelf: Shelf, papers: Sequence[Paper]) -> dict[str, str]:
    """Take papers in; give the paper of each document."""
    return {await shelf.take(f"{paper.title}.txt", paper.text): paper.id for paper in papers}


async def ask(searcher: Searcher, text: str, *, top_k: int) -> SearchAnswer:
    """Ask as the one reader."""
    return await searcher.search(READER.id, SearchQuery(text=text, top_k=top_k))


async def quality(bench: BenchSet, embedder: MiniLm, server: str, *, top_k: int) -> str:
    """Score every ranker on a set; the last columns are nDCG@10 on either half of the questions."""
    lines = [_heading(bench, top_k), _row("", [*METRICS, "odd half", "even half"])]
    async with open_shelf(embedder, server) as shelf:
        papers = await filled(shelf, bench.papers)
        for name, ranker in RANKERS.items():
            searcher = shelf.searcher(ranker=ranker)
            results = [
                scores(asked, _shown(await ask(searcher, asked.text, top_k=top_k), papers))
                for asked in bench.questions
            ]
            halves = [_mean(results[start::2], "nDCG@10") for start in (0, 1)]
            means = [_mean(results, metric) for metric in METRICS]
            lines.append(_row(name, [_figure(one) for one in (*means, *halves)]))
    return "\n".join(lines)


async def relevance(bench: BenchSet, embedder: MiniLm, server: str) -> str:
    """Tell how often a library says that it has an answer, with and without the document that holds it."""
    counts = {True: [0, 0], False: [0, 0]}
    for lacking in range(LACKING):
        kept = [paper for number, paper in enumerate(bench.papers) if number % LACKING != lacking]
        inside = {paper.id for paper in kept}
        async with open_shelf(embedder, server) as shelf:
            await filled(shelf, kept)
            searcher = shelf.searcher()
            for asked in bench.questions[:: LACKING if len(bench.questions) > 200 else 1]:
                has = asked.spans[0].document in inside
                counts[has][0] += (await ask(searcher, asked.text, top_k=8)).relevant
                counts[has][1] += 1
    has, lacks = counts[True], counts[False]
    return (
        f"{bench.name}: relevant for {has[0] / has[1]:.3f} of {has[1]} questions whose document is there, "
        f"for {lacks[0] / lacks[1]:.3f} of {lacks[1]} whose document is not"
    )


async def latency(chunks: int, server: str) -> str:
    """Time whole searches over a library of so many chunks."""
    rng = random.Random(SEED)
    embedder = FakeEmbedder(dimensions=384)
    async with open_shelf(embedder, server) as shelf:
        for number in range(-(-chunks // CHUNKS_PER_DOCUMENT)):
            size = min(CHUNKS_PER_DOCUMENT, chunks - number * CHUNKS_PER_DOCUMENT)
            read, vectors = _made_up(rng, number, size)
            await shelf.keep(f"{number}.txt", read, vectors)
        searcher = shelf.searcher()
        started = time.perf_counter()
        await ask(searcher, "warm", top_k=8)
        await shelf.settled()
        built = time.perf_counter() - started
        wall: list[float] = []
        busy: list[float] = []
        for _ in range(WARM + SEARCHES):
            text = " ".join(_words(rng, WORDS_PER_QUESTION))
            at, used = time.perf_counter(), time.process_time()
            await ask(searcher, text, top_k=8)
            wall.append(1000 * (time.perf_counter() - at))
            busy.append(1000 * (time.process_time() - used))
    p50, p95 = _centiles(wall[WARM:])
    cpu_p50, cpu_p95 = _centiles(busy[WARM:])
    figures = [f"{one:.0f} ms" for one in (p50, p95, cpu_p50, cpu_p95)]
    return _row(f"{chunks:,} chunks", [*figures, f"{built:.1f} s"])


def _centiles(times: Sequence[float]) -> tuple[float, float]:
    centiles = statistics.quantiles(times, n=100)
    return centiles[49], centiles[94]


def _made_up(rng: random.Random, number: int, size: int) -> tuple[ReadDocument, list[bytes]]:
    """Make a document of `size` chunks, with its vectors."""
    texts = [" ".join(_words(rng, WORDS_PER_CHUNK)) for _ in range(size)]
    starts = [0, *itertools.accumulate(len(text) + 1 for text in texts)]
    chunks = [
        Chunk(
            start=start,
            end=start + len(text),
            lexemes=LexicalRow(
                language="en", body=tuple(text.split()), context=("title",)
            ).written(),
        )
        for start, text in zip(starts, texts, strict=False)
    ]
    whole = " ".join(texts)
    step = 20_000
    pages = [
        TextPage(
            number=1 + at // step,
            page=None,
            start=at,
            end=min(at + step, len(whole)),
            text=whole[at : at + step],
        )
        for at in range(0, len(whole), step)
    ]
    vectors = np.random.default_rng(number).normal(size=(size, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    read = ReadDocument(kind="text", title="title", language="en", pages=pages, chunks=chunks)
    return read, [vector.tobytes() for vector in vectors]


def _words(rng: random.Random, count: int) -> list[str]:
    """Draw words by Zipf's law: the n-th is n times rarer than the first."""
    return [f"w{int(VOCABULARY ** rng.random())}" for _ in range(count)]


def _shown(answer: SearchAnswer, papers: Mapping[str, str]) -> list[Shown]:
    return [Shown(papers[one.document_id], one.start, one.end) for one in answer.passages]


def _mean(results: Sequence[Mapping[str, float]], metric: str) -> float:
    values = [result[metric] for result in results if metric in result]
    return statistics.fmean(values) if values else float("nan")


def _figure(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _heading(bench: BenchSet, top_k: int) -> str:
    note = (
        "OWN FIXTURE: written for this project, NOT a published set"
        if bench.own
        else "published set"
    )
    size = f"{len(bench.papers)} documents, {len(bench.questions)} questions, top {top_k}"
    return f"{bench.name} ({size}; {note})"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:26}" + "".join(f"{cell:>11}" for cell in cells)


async def report(only: Sequence[str], server: str, *, sizes: Sequence[int], top_k: int) -> None:
    """Measure and print, part by part."""
    published = published_sets()
    if not published:
        _print("BENCH_DATA_DIR holds no published set: OWN FIXTURES ALONE\n")
    async with minilm() as embedder:
        for bench in [*published, exact_set(), language_set()] if "quality" in only else ():
            _print(await quality(bench, embedder, server, top_k=top_k) + "\n")
        for bench in published or [language_set()] if "relevance" in only else ():
            if bench.questions[0].spans:
                _print(await relevance(bench, embedder, server) + "\n")
    if "latency" in only:
        _print(_row("search without embedding", ["p50", "p95", "CPU p50", "CPU p95", "built"]))
        for size in sizes:
            _print(await latency(size, server))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="quality,relevance,latency")
    parser.add_argument("--chunks", default="10000,100000")
    parser.add_argument("--database", default="sqlite,postgresql")
    parser.add_argument("--top-k", type=int, default=10)
    options = parser.parse_args()
    sizes = [int(one) for one in options.chunks.split(",")]
    for kind in options.database.split(","):
        _print(f"\nDATABASE: {kind}\n")
        with databases(kind) as server:
            asyncio.run(report(options.only.split(","), server, sizes=sizes, top_k=options.top_k))


if __name__ == "__main__":
    main()
