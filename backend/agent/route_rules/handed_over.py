"""Counts what a request hands over to be worked on: code to run, queries, tables, pages; it weighs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backend.agent.route_rules.material import brings_material
from backend.kit.extraction.given_code import take_code, to_run, wish, writes_code
from backend.kit.extraction.pages import addresses
from backend.kit.extraction.table_asks import per_file, table_ask

HEAD_CHARS: Final = 1_600
TAIL_CHARS: Final = 400
_MAX_TABLE_CHARS: Final = 600
# A text without any of these holds no code.
_MAYBE_CODE: Final = re.compile(
    r"`|\bselect\s|\bas\s*\(|\w\(|>>> |\bfor \w+ in\b|^\s*(?:import|from|def|class) \w|\bin python\b",
    re.IGNORECASE | re.MULTILINE,
)
_MAYBE_TABLE: Final = re.compile(
    r"\.\w{2,7}\b|csv|excel|sheet|table|data|file|upload|export|records|datei|daten|tabelle",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Hold the counts, and what kind of thing came.

    `talked_about` says that code came which is not to be run, `to_be_written` that code is asked for,
    `material` that a conversation or passages came to be worked on, whose words ask for nothing.
    """

    programs: int = 0
    tables: int = 0
    pages: int = 0
    talked_about: bool = False
    to_be_written: bool = False
    material: bool = False


def find_handed_over(text: str) -> HandedOver:
    """Look at the head and the tail of a request, so that the work is bounded whatever its length."""
    if brings_material(text):
        return HandedOver(material=True)
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n```\n{text[-TAIL_CHARS:]}" if _opens_fence(text) else f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"  # fmt: skip
    code, ask = take_code(text) if _MAYBE_CODE.search(text) else ([], text)
    runs = len(to_run(ask, code))
    pages = len(addresses(ask)) if "." in ask else 0
    tables = 0 if code or pages else _tables(ask)
    talked = bool(code) and runs == 0 and (wish(ask, code) == "talk" or bool(ask.strip()))
    return HandedOver(
        programs=runs,
        tables=tables,
        pages=pages,
        talked_about=talked,
        to_be_written=not code and writes_code(ask[:HEAD_CHARS]),
    )


def _opens_fence(text: str) -> bool:
    return text[:HEAD_CHARS].count("```") % 2 == 1 and "```" not in text[-TAIL_CHARS:]


def _tables(ask: str) -> int:
    bare = ask.strip()
    if len(bare) > _MAX_TABLE_CHARS or not _MAYBE_TABLE.search(bare):
        return 0
    return sum(table_ask(part) is not None for part in per_file(bare))
