"""Small Markdown tables whose cells cannot break out of their row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backend.kit.plain_text import one_line


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, cell_chars: int
) -> str:
    """Write a table; None becomes an empty cell, text is cut to `cell_chars`."""
    lines = [[_cell(name, cell_chars) for name in head], ["---"] * len(head)]
    lines += [[_cell(value, cell_chars) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object, cell_chars: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return one_line(str(value), max_chars=cell_chars).replace("|", "\\|")
