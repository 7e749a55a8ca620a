"""Works out the figures of pasted data where no tool is on offer.

Not for: large data; the bounds are small because this runs where the answer is made.
"""

from __future__ import annotations

from typing import Final

from backend.kit.extraction.data_questions import data_arguments
from backend.kit.extraction.figures_told import figures_told
from backend.kit.table_answers import Question, Shown, answer
from backend.kit.table_questions import MemoryTable
from backend.kit.table_text import read_table
from backend.kit.tables import TableCaps, TableError

_CAPS: Final = TableCaps(max_rows=2_000, max_cells=20_000, max_depth=20)
_MAX_CHARS: Final = 50_000


def own_figures(ask: str, data: str) -> str | None:
    """Tell the figures asked for; None where the question or the data is not understood."""
    asked = data_arguments(ask, data) if len(data) <= _MAX_CHARS else {}
    if not asked:
        return None
    try:
        question = Question(**asked)
        table = read_table(data, wanted=question.names(), caps=_CAPS)
        text, _ = answer(MemoryTable(table), question, shown=Shown())
    except TableError:
        return None
    return figures_told(ask, text) or text
