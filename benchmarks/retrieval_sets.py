"""The sets that retrieval is measured on: published ones from a folder, and small ones written for this project."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.retrieval_scores import Asked, Shown  # noqa: E402
from tests.fakes.lookalikes import lookalikes  # noqa: E402

OWN = ROOT / "tests" / "fixtures" / "retrieval"
PUBLISHED = ("squad", "cranfield")
_LOOKALIKE_DOCUMENTS = 8


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of a set; its title becomes the name of its file."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class BenchSet:
    """Documents and questions; `own` tells that they were written for this project."""

    name: str
    papers: Sequence[Paper]
    questions: Sequence[Asked]
    own: bool = False


def published_sets() -> list[BenchSet]:
    """Read the published sets that BENCH_DATA_DIR holds."""
    folder = os.environ.get("BENCH_DATA_DIR")
    if not folder:
        return []
    within = Path(folder) / "retrieval"
    return [
        _published(within, name) for name in PUBLISHED if (within / f"{name}.docs.jsonl").is_file()
    ]


def exact_set() -> BenchSet:
    """Facts that are looked up by an id, an amount or a name, among others that differ in a character."""
    facts = _json(OWN / "exact.json")
    papers = [_paper("facts", [fact["text"] for fact in facts])]
    papers += [
        _paper(f"notes {number}", lookalikes(facts, seed=number))
        for number in range(_LOOKALIKE_DOCUMENTS)
    ]
    return BenchSet("exact", papers, _questions(papers[0], facts), own=True)


def language_set() -> BenchSet:
    """Passages in twelve languages, one document each, asked for in other words of the same language."""
    papers: list[Paper] = []
    questions: list[Asked] = []
    for language, facts in _json(OWN / "languages.json").items():
        own = [_paper(f"{language} {number}", [fact["text"]]) for number, fact in enumerate(facts)]
        papers += own
        for paper, fact in zip(own, facts, strict=True):
            questions += _questions(paper, [fact])
    return BenchSet("languages", papers, questions, own=True)


def _published(folder: Path, name: str) -> BenchSet:
    papers = [
        Paper(one["id"], one["title"] or one["id"], one["text"])
        for one in _lines(folder / f"{name}.docs.jsonl")
        if one["text"].strip()
    ]
    questions = [
        Asked(
            one["query"],
            tuple(Shown(span["doc"], span["start"], span["end"]) for span in one.get("spans", ())),
            frozenset(one.get("relevant", ())),
        )
        for one in _lines(folder / f"{name}.queries.jsonl")
    ]
    return BenchSet(name, papers, questions)


def _paper(name: str, paragraphs: Sequence[str]) -> Paper:
    return Paper(name, name, "\n\n".join(paragraphs))


def _questions(paper: Paper, facts: Sequence[Mapping[str, str]]) -> list[Asked]:
    asked: list[Asked] = []
    for fact in facts:
        start = paper.text.index(fact["text"])
        span = Shown(paper.id, start, start + len(fact["text"]))
        asked.append(Asked(fact["query"], (span,)))
    return asked


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
