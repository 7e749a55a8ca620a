"""Tells the figures in a data tool's Markdown table as a sentence, as far as they were asked for.

Not for: computing, or tables of another kind, which stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.words import stem, words

_FIGURE = re.compile(r"(sum|mean|median|min|max|std|q1|q3|distinct)\((.+)\)|count")
_SPOKEN: Final = {
    "sum": "sum", "mean": "mean", "median": "median", "min": "minimum", "max": "maximum",
    "std": "standard deviation", "q1": "first quartile", "q3": "third quartile",
    "distinct": "number of different values", "count": "count",
}  # fmt: skip
_ASKED: Final = tuple(
    (name, re.compile(rf"\b(?:{said})\b", re.IGNORECASE))
    for name, said in (
        ("count", "how many|count"), ("sum", "sum|total"), ("mean", "mean|average|avg"),
        ("median", "median"), ("min", "min|minimum|lowest|smallest"),
        ("max", "max|maximum|highest|largest"), ("std", "std|standard deviation"),
    )
)  # fmt: skip
_PLAIN_COLUMN: Final = "value"
_MAX_GROUPS_TOLD: Final = 12


def figures_told(question: str, text: str) -> str | None:
    """Tell the first table of a result; None where it holds no figures that were asked for."""
    tables = _tables(text)
    return _told(question, *tables[0]) if tables else None


def _told(question: str, head: list[str], *rows: list[str]) -> str | None:
    if head[0] == "column" and "mean" in head:
        return _described(question, head, rows)
    figures = [at for at, name in enumerate(head) if _FIGURE.fullmatch(name)]
    if len(figures) == len(head) and len(rows) == 1:
        return _one_row(head, rows[0])
    if figures and rows and len(rows) <= _MAX_GROUPS_TOLD:
        return _grouped(head, rows, figures)
    if not figures and len(rows) == 1 and len(head) <= 10:
        return ", ".join(f"{name}: {cell}" for name, cell in zip(head, rows[0], strict=False))
    return None


def _tables(text: str) -> list[list[list[str]]]:
    found: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        row = line.strip()
        if not (row.startswith("|") and row.endswith("|")):
            inside = False
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row[1:-1])]
        if not inside:
            found.append([])
            inside = True
        if not all(re.fullmatch(r":?-{3,}:?", cell) for cell in cells):
            found[-1].append(cells)
        elif len(found[-1]) > 1:
            found.append([found[-1].pop()])
    return found


def _figure_name(label: str) -> str:
    match = _FIGURE.fullmatch(label)
    name = match[1] if match and match[1] else "count"
    column = match[2] if match and match[2] else ""
    return _SPOKEN[name] if column in {"", _PLAIN_COLUMN} else f"{_SPOKEN[name]} of {column}"


def _one_row(head: list[str], row: list[str]) -> str:
    told = [
        f"the {_figure_name(name)} is {cell}" for name, cell in zip(head, row, strict=False) if cell
    ]
    return _sentence(told)


def _grouped(head: list[str], rows: Sequence[list[str]], figures: list[int]) -> str:
    by = [at for at in range(len(head)) if at not in figures]
    lines: list[str] = []
    for at in figures:
        name = _figure_name(head[at])
        cells = [f"{' '.join(row[key] for key in by)} {row[at] or 'none'}" for row in rows]
        lead = f"{name[0].upper()}{name[1:]} per {' and '.join(head[key] for key in by)}"
        lines.append(f"{lead}: {', '.join(cells)}.")
    return "\n".join(lines)


def _described(question: str, head: list[str], rows: Sequence[list[str]]) -> str | None:
    asked = [
        (match.start(), name) for name, pattern in _ASKED if (match := pattern.search(question))
    ]
    wanted = [name for _, name in sorted(asked) if name in head]
    said = {stem(word) for word in words(question)}
    named = [row for row in rows if all(stem(word) in said for word in name_words(row[0]))]
    told = [
        f"the {_figure_name(f'{name}({row[0]})' if name != 'count' else name)} is {row[head.index(name)]}"
        for row in (named or rows)[:4]
        for name in wanted
    ]
    return _sentence(told) if told else None


def _sentence(told: list[str]) -> str:
    whole = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"{whole[0].upper()}{whole[1:]}." if whole else ""
