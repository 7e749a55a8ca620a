"""Measures the router against labelled requests; it fits nothing, so the folds show spread, not generalisation.

Run `python benchmarks/router.py [--data FILE] [--json]` in the project root.
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backend.agent.routing import STRATEGIES, RouteDecision, RoutingInput, best_tool_route  # noqa: E402

OWN_FIXTURE = ROOT / "tests" / "fixtures" / "router_own.jsonl"
ROUTES = ("chat", "react", "plan")
FOLDS = 5
SEED = 7
LONG_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one labelled request."""

    query: str
    label: str
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a strategy said about a row and how long it took."""

    row: Row
    route: str
    tool_route: str
    confidence: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold the measures of one strategy; times are processor time in milliseconds, so that neighbours do not count."""

    rows: int
    accuracy: float
    macro_f1: float
    tool_accuracy: float
    tool_accuracy_forced: float
    calibration_error: float
    p50_ms: float
    p99_ms: float
    long_text_ms: float
    folds_mean: float
    folds_spread: float
    sources_mean: float
    sources_spread: float


def load(path: Path) -> list[Row]:
    """Read rows of query, label and source."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    return [Row(record["query"], record["label"], record.get("source", "-")) for record in records]


def default_data() -> Path:
    """Name the published set if BENCH_DATA_DIR holds it, else the fixture in the repository."""
    folder = os.environ.get("BENCH_DATA_DIR")
    published = Path(folder) / "router" / "router-train.jsonl" if folder else None
    return published if published is not None and published.is_file() else OWN_FIXTURE


def answer(rows: Sequence[Row], strategy: Callable[[RoutingInput], RouteDecision]) -> list[Answer]:
    """Route every row once, timed; the forced two-way answer is asked outside the clock."""
    answers: list[Answer] = []
    for row in rows:
        request = RoutingInput(row.query)
        start = time.thread_time()
        decision = strategy(request)
        seconds = time.thread_time() - start
        forced = decision.route if decision.route != "chat" else best_tool_route(request)
        answers.append(Answer(row, decision.route, forced, decision.confidence, seconds))
    return answers


def accuracy(answers: Sequence[Answer]) -> float:
    """Return the share of right routes, not a number for no rows."""
    return statistics.fmean(a.route == a.row.label for a in answers) if answers else math.nan


def macro_f1(answers: Sequence[Answer]) -> float:
    """Average F1 over the routes that occur as labels."""
    scores: list[float] = []
    for route in ROUTES:
        hits = sum(a.route == route == a.row.label for a in answers)
        said = sum(a.route == route for a in answers)
        meant = sum(a.row.label == route for a in answers)
        if meant:
            scores.append(2 * hits / (said + meant))
    return statistics.fmean(scores)


def calibration_error(answers: Sequence[Answer]) -> float:
    """Return the expected calibration error over ten bins of confidence."""
    bins: defaultdict[int, list[Answer]] = defaultdict(list)
    for a in answers:
        bins[min(int(a.confidence * 10), 9)].append(a)
    gaps = (
        abs(sum(a.confidence for a in group) - sum(a.route == a.row.label for a in group))
        for group in bins.values()
    )
    return sum(gaps) / len(answers)


def by_source(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    """Group answers by the source of their rows."""
    groups: defaultdict[str, list[Answer]] = defaultdict(list)
    for a in answers:
        groups[a.row.source].append(a)
    return dict(sorted(groups.items()))


def figures(
    answers: Sequence[Answer], strategy: Callable[[RoutingInput], RouteDecision]
) -> Figures:
    """Compute all measures of one strategy."""
    tools = [a for a in answers if a.row.label != "chat"]
    times = sorted(a.seconds for a in answers)
    shuffled = random.Random(SEED).sample(list(answers), len(answers))
    folds = [accuracy(shuffled[fold::FOLDS]) for fold in range(min(FOLDS, len(shuffled)))]
    sources = [accuracy(group) for group in by_source(answers).values()]
    return Figures(
        rows=len(answers),
        accuracy=accuracy(answers),
        macro_f1=macro_f1(answers),
        tool_accuracy=accuracy(tools),
        tool_accuracy_forced=statistics.fmean(a.tool_route == a.row.label for a in tools)
        if tools
        else math.nan,
        calibration_error=calibration_error(answers),
        p50_ms=1000 * times[len(times) // 2],
        p99_ms=1000 * times[min(len(times) - 1, math.ceil(0.99 * len(times)) - 1)],
        long_text_ms=1000 * long_text_seconds(answers, strategy),
        folds_mean=statistics.fmean(folds),
        folds_spread=statistics.pstdev(folds),
        sources_mean=statistics.fmean(sources),
        sources_spread=statistics.pstdev(sources),
    )


def long_text_seconds(
    answers: Sequence[Answer], strategy: Callable[[RoutingInput], RouteDecision]
) -> float:
    """Return the p99 time of one strategy on a text of LONG_CHARS."""
    text = " ".join(a.row.query for a in answers)
    text = (text * (1 + LONG_CHARS // len(text)))[:LONG_CHARS]
    times: list[float] = []
    for _ in range(200):
        start = time.thread_time()
        strategy(RoutingInput(text))
        times.append(time.thread_time() - start)
    return sorted(times)[197]


def report(results: dict[str, tuple[list[Answer], Figures]], path: Path) -> str:
    """Write the tables for people."""
    note = (
        "  (OWN FIXTURE: examples written for this project, NOT a published set)"
        if path == OWN_FIXTURE
        else ""
    )
    lines = [
        f"data: {path.name}{note}",
        "",
    ]
    names = list(results)
    lines.append(f"{'':38}" + "".join(f"{name:>12}" for name in names))
    for field in Figures.__dataclass_fields__:
        values = [getattr(results[name][1], field) for name in names]
        lines.append(
            f"{field:38}"
            + "".join(
                f"{value:>12.3f}" if isinstance(value, float) else f"{value:>12}"
                for value in values
            )
        )
    lines += ["", "accuracy by source (rows, label):"]
    grouped = {name: by_source(results[name][0]) for name in names}
    for source, rows in grouped[names[0]].items():
        labels = "/".join(sorted({a.row.label for a in rows}))
        lines.append(
            f"{f'{source} ({len(rows)}, {labels})':38}"
            + "".join(f"{accuracy(grouped[name][source]):>12.3f}" for name in names)
        )
    lines += [
        "",
        "The rules are set by hand and nothing is fitted here: folds_* is the mean and standard deviation over",
    ]
    lines += [
        f"{FOLDS} random folds, sources_* over whole sources left out one by one; both only show spread."
    ]
    lines += [
        "tool_accuracy: among react/plan rows, a chat answer counts as wrong; _forced: chat was not allowed."
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description="measure the router")
    parser.add_argument(
        "--data", type=Path, default=None, help="JSON lines with query, label, source"
    )
    parser.add_argument("--json", action="store_true", help="print machine-readable figures")
    options = parser.parse_args()
    path: Path = options.data or default_data()
    rows = load(path)
    results: dict[str, tuple[list[Answer], Figures]] = {}
    for name, strategy in STRATEGIES.items():
        answers = answer(rows, strategy)
        results[name] = (answers, figures(answers, strategy))
    if options.json:
        document = {
            "data": str(path),
            "own_fixture": path == OWN_FIXTURE,
            "strategies": {
                name: {
                    **asdict(numbers),
                    "by_source": {
                        source: accuracy(group) for source, group in by_source(answers).items()
                    },
                }
                for name, (answers, numbers) in results.items()
            },
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(report(results, path) + "\n")


if __name__ == "__main__":
    main()
