"""What a chart shows, and the program that draws it; where that runs is not decided here.

Names and values are data in that program, never code, and no text is read as a formula.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from backend.kit.table_answers import Question
from backend.kit.tables import TableError

ChartKind = Literal["bar", "line", "scatter", "hist", "box", "pie"]
DATA_NAME = "chart_data.csv"
PICTURE_NAME = "chart.png"
MOST_POINTS = 20_000
_MOST_BARS = 60
_MOST_SLICES = 12
_TOLD_ROWS = 20
_GROUPED = frozenset({"bar", "pie"})
_PROGRAM = """
import csv, json
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.rcParams["text.parse_math"] = False
spec = json.loads(SPEC)
csv.field_size_limit(10_000_000)
with open(spec["data"], newline="", encoding="utf-8") as file:
    head, *rows = list(csv.reader(file))
def number(text):
    try:
        return float(text)
    except ValueError:
        return float("nan")
def known(values):
    return [one for one in values if one == one]
kind, names = spec["kind"], head[1:]
labels = [row[0][:40] for row in rows]
series = [[number(row[n + 1]) for row in rows] for n in range(len(names))]
figure, axes = plt.subplots(figsize=(9, 5.5))
if kind == "bar":
    width = 0.8 / max(1, len(series))
    for n, values in enumerate(series):
        axes.bar([at + n * width for at in range(len(labels))], values, width, label=names[n])
    middle = width * (len(series) - 1) / 2
    axes.set_xticks([at + middle for at in range(len(labels))], labels)
elif kind == "pie":
    parts = [(label, value) for label, value in zip(labels, series[0]) if value > 0]
    axes.pie([value for _, value in parts], labels=[label for label, _ in parts], autopct="%1.1f%%")
elif kind == "hist":
    for n, values in enumerate(series):
        axes.hist(known(values), bins="auto" if len(known(values)) < 2000 else 50, alpha=0.7, label=names[n])
elif kind == "box":
    axes.boxplot([known(values) for values in series])
    axes.set_xticks(range(1, len(names) + 1), [name[:40] for name in names])
else:
    at = [number(label) for label in labels]
    along = at if known(at) and len(known(at)) * 2 > len(at) else list(range(len(labels)))
    for n, values in enumerate(series):
        if kind == "line":
            axes.plot(along, values, marker="o" if len(values) < 60 else None, label=names[n])
        else:
            axes.scatter(along, values, s=14, label=names[n])
    if along is not at:
        step = max(1, len(labels) // 20)
        axes.set_xticks(list(range(0, len(labels), step)), labels[::step])
if kind in ("bar", "line") and max(map(len, labels), default=0) * len(axes.get_xticklabels()) > 80:
    axes.tick_params(axis="x", rotation=60)
if kind != "pie":
    axes.set_xlabel(spec["x"])
    if len(names) == 1 and kind != "hist":
        axes.set_ylabel(names[0])
    if len(names) > 1 and kind != "box":
        axes.legend()
    axes.grid(alpha=0.3)
axes.set_title(spec["title"])
figure.savefig(spec["picture"], dpi=110, bbox_inches="tight")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart ready to be drawn: the first column is x, the others are series."""

    kind: ChartKind
    x: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""

    def data(self) -> bytes:
        """Write its figures as CSV."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow(self.columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in self.rows])
        return written.getvalue().encode("utf-8", "replace")

    def told(self) -> str:
        """Say in words what it shows."""
        series = ", ".join(self.columns[1:])
        along = f" by {self.x}" if self.x else ""
        note = f" Note: {self.note}." if self.note else ""
        some = "; ".join(
            f"{row[0]}: {', '.join(str(cell) for cell in row[1:])}"
            for row in self.rows[:_TOLD_ROWS]
        )
        figures = f" Figures: {some}." if len(self.rows) <= _TOLD_ROWS else ""
        return f"A {self.kind} chart of {series}{along} was drawn: {len(self.rows)} points.{figures}{note}"

    def summary(self) -> dict[str, Any]:
        """Say in JSON what it shows."""
        return {
            "chart": self.kind,
            "x": self.x,
            "y": list(self.columns[1:]),
            "points": len(self.rows),
            "notes": [self.note] if self.note else [],
        }

    def program(self) -> str:
        """Write the Python that draws it with matplotlib, from DATA_NAME into PICTURE_NAME."""
        series = ", ".join(self.columns[1:])[:120]
        title = f"{series} by {self.x}" if self.x and self.kind not in {"hist", "box"} else series
        spec = {
            "kind": self.kind,
            "x": self.x or (series if self.kind == "hist" else ""),
            "title": title,
            "data": DATA_NAME,
            "picture": PICTURE_NAME,
        }
        return f"SPEC = {json.dumps(spec)!r}\n{_PROGRAM}"


def chart_question(kind: ChartKind, x: str, y: Sequence[str], question: Question) -> Question:
    """Say what to ask of the table for a chart; equal x of bars and pies are summed up.

    Raises:
        TableError: when what to draw is not said.
    """
    if question.group_by:
        return replace(question, correlate=())
    if kind in _GROUPED:
        if not x:
            msg = f'A {kind} chart needs x, such as {{"chart": "{kind}", "x": "city", "y": ["sales"]}}.'
            raise TableError(msg)
        figures = [one if "(" in one or one == "count" else f"sum({one})" for one in y]
        aggregates = [*figures, *question.aggregates] or ["count"]
        return replace(question, group_by=[x], aggregates=aggregates, correlate=(), columns=())
    columns = [*([x] if x else []), *y] or list(question.columns)
    needed = 2 if kind in {"scatter", "line"} and not (kind == "line" and y) else 1
    if len(columns) < needed:
        msg = f'A {kind} chart needs columns, such as {{"chart": "{kind}", "x": "age", "y": ["height"]}}.'
        raise TableError(msg)
    order = question.sort_by or (x if kind == "line" else "")
    top = question.top or MOST_POINTS
    return replace(question, columns=columns, sort_by=order, top=top, aggregates=(), correlate=())


def chart_of(kind: ChartKind, x: str, asked: Question, data: dict[str, Any]) -> Chart:
    """Take a chart out of the answer to its question.

    Raises:
        TableError: when there is nothing to draw.
    """
    entries: list[dict[str, Any]] = data.get("groups") or data.get("rows") or []
    if not entries:
        raise TableError("There are no rows to draw.")
    names = list(entries[0])
    note = ""
    if asked.group_by:
        most = _MOST_SLICES if kind == "pie" else _MOST_BARS if kind == "bar" else MOST_POINTS
        total = int(data.get("groups_total", len(entries)))
        if total > most:
            note = f"the first {most} of {total} groups are drawn; sort or filter to choose others"
        entries = entries[:most]
        keys = len(asked.group_by)
        labels = [", ".join(_label(row[name]) for name in names[:keys]) for row in entries]
        series, first = names[keys:], ", ".join(names[:keys])
    else:
        if int(data.get("rows_matched", 0)) > len(entries):
            note = f"the first {len(entries)} of {data['rows_matched']} rows are drawn"
        own_x = bool(x) and len(names) > 1
        labels = [_label(row[names[0]]) if own_x else str(n) for n, row in enumerate(entries, 1)]
        series, first = names[1:] if own_x else names, names[0] if own_x else ""
    rows = tuple(
        (label, *(row[name] for name in series)) for label, row in zip(labels, entries, strict=True)
    )
    if not any(_is_number(cell) for row in rows for cell in row[1:]):
        msg = f"Nothing to draw: {', '.join(series)} holds no numbers. Give numeric columns as y."
        raise TableError(msg)
    return Chart(kind=kind, x=first, columns=(first or "row", *series), rows=rows, note=note)


def _label(value: object) -> str:
    return "(missing)" if value is None else str(value)


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
