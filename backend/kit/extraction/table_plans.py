"""Plans what a question about an uploaded table needs: a look at its columns, then what is asked of it.

The second step's input is written once the columns are known. Not for: conversations (`table_calls`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backend.kit.extraction.asked import Block
from backend.kit.extraction.schema_read import tables_of
from backend.kit.extraction.schemas import Schema, properties
from backend.kit.extraction.steps import FIGURES, Step
from backend.kit.extraction.table_asks import table_ask
from backend.kit.extraction.table_calls import asked_of, known_arguments, meant_file, table_calls
from backend.kit.extraction.tool_fit import Toolbox, ToolShape

Piece = tuple[Step, ToolShape, dict[str, Any]]


def table_pieces(step: Step, toolbox: Toolbox) -> list[Piece]:
    """Give the steps of a plan that one step about a table becomes, each with its tool and input."""
    first = next(table_calls(step, toolbox, lambda _: None), None)
    shape = toolbox.named(first.tool) if first else None
    if first is None or shape is None:
        return []
    data = toolbox.taking("data", "file")
    if not first.look or data is None:
        return [(step, shape, first.arguments)]
    look = replace(step, id=f"{step.id}c", kind="columns")
    waiting = {"file": step.value, "group_by": [f"{{{look.id}}}"]}
    figures = replace(step, after=(*step.after, look.id))
    return [(look, shape, first.arguments), (figures, data, known_arguments(data, waiting))]


def table_input(schema: Schema, purpose: str, blocks: Sequence[Block]) -> dict[str, Any] | None:
    """Write the input of a step about a table from what the look at its columns brought."""
    lead, mark, told = purpose.partition(": ")
    asked = table_ask(told) if mark and lead == FIGURES and "file" in properties(schema) else None
    if asked is None:
        return None
    brought = "\n".join(block.text for block in blocks)
    tables = tables_of(brought)
    if not tables:
        return {"file": meant_file(asked, brought) or asked.file or "table"}
    arguments, _ = asked_of(asked, tables, asked.file)
    return known_arguments(ToolShape("", "", schema), arguments)
