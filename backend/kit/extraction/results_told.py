"""Tells what code, a query, a table tool or a page brought, in words and blocks that a person can read.

None means that the tool itself failed. Not for: searches (`observed`) or figures (`figures_told`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from backend.kit.extraction.from_documents import marked
from backend.kit.extraction.passages import Sentence, sentences
from backend.kit.extraction.schema_read import TableShape, tables_of
from backend.kit.extraction.words import terms

_TOOL_FAILED = re.compile(r"\s*Error: ", re.IGNORECASE)
_FILES_SHOWN = re.compile(r"^Files made, shown to the user with your answer:.*$\n?", re.MULTILINE)
_ENDED = re.compile(
    r"^(?:Error|Stopped|Killed|Exit|Reason) ?\((?P<why>[\w ,.-]{1,80})\):?[ \t]*", re.MULTILINE
)
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):", re.MULTILINE)
_VALUE = re.compile(r"^Value:[ \t]*", re.MULTILINE)
_PRINTED = re.compile(r"\A(?:stdout|output|printed):[ \t]*\n?", re.IGNORECASE)
_NOTHING = re.compile(
    r"\W*(?:no output|nothing (?:was )?printed|\(?none\)?|it printed nothing|(?:the code|it) ran\b.{0,100})?\W*",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"Note: |Every call starts anew;|Packages at hand:|There is no network in here|Files in the working folder:|Nothing was kept"
)
_FOR_MODELS = re.compile(r"^Every call starts anew;|^Nothing was kept")
_PASSAGE = re.compile(r"^\[(\d{1,3})\] (?=\S)", re.MULTILINE)
_LEFT_OUT = re.compile(r"^\(characters \d+ to \d+(?: of|,).*\)[ \t]*$", re.MULTILINE)
_READ_ON = re.compile(r"call again with start (\d{1,8})")
_HEADER_URL = re.compile(
    r"^([ \t]*\[\d{1,3}\] .{1,200}?) [-\u2013|] (?:https?://|www\.)\S+[ \t]*$", re.MULTILINE
)
_ONLY_URL = re.compile(r"(?:https?://|www\.)\S+")
_COUNTED = re.compile(r"^\|\s*count\s*\|\s*\n\|[-: ]+\|\s*\n\|\s*([\d,._]+)\s*\|\s*$", re.MULTILINE)
_PAGE_ASKED: Final = frozenset(terms(
    "read open fetch visit summarise summarize summary compare say tell page site website article link this about here look check content contents"
    " explain describe browse get load what short brief key point main gist overview fasse zusammen lies seite"
))  # fmt: skip
MAX_OUTPUT_CHARS: Final = 6_000
_MAX_QUIET_CHARS: Final = 200
_MAX_COLUMNS_TOLD: Final = 60


def without_files(text: str) -> str:
    """Leave out what a tool tells a model of the files it made: the server shows them itself."""
    return _FILES_SHOWN.sub("", text).strip("\n")


def told_of_code(text: str) -> str | None:
    """Show what a program printed, its value, and how it ended."""
    if _TOOL_FAILED.match(text) and not _TRACEBACK.search(text):
        return None
    rest, hints = _without_hints(without_files(text))
    rest, ending = _ending(rest)
    values = list(_VALUE.finditer(rest))
    value = rest[values[-1].end() :].strip("\n").rstrip() if values else ""
    printed = rest[: values[-1].start()] if values else rest
    printed, _, warned = _PRINTED.sub("", printed).partition("stderr:\n")
    printed = printed.strip("\n").rstrip()
    shown = [] if _says_nothing(printed) else [block(printed)]
    shown += [f"It also wrote as warnings:\n\n{block(warned.strip())}"] if warned.strip() else []
    if value:
        lead = "The value of the last line is" if shown else "The value is"
        shown.append(f"{lead} `{value}`." if _is_short(value) else f"{lead}:\n\n{block(value)}")
    quiet = [] if shown or ending else [_quiet(printed)]
    return "\n\n".join([*shown, *ending, *quiet, *hints])


def _without_hints(text: str) -> tuple[str, list[str]]:
    """Take off the end what the tool says beside the program, and keep of it what helps a person."""
    lines = text.splitlines()
    found: list[str] = []
    while lines and (not lines[-1].strip() or _HINT.match(lines[-1])):
        found.insert(0, lines.pop().strip())
    kept = [one.removeprefix("Note: ") for one in found if one and not _FOR_MODELS.search(one)]
    return "\n".join(lines), kept


def _ending(text: str) -> tuple[str, list[str]]:
    """Take off how the program ended, where it did not end by itself."""
    ended = next(reversed([*_ENDED.finditer(text)]), None)
    trace = None if ended else next(reversed([*_TRACEBACK.finditer(text)]), None)
    start = ended or trace
    if start is None:
        return text, []
    why = ended["why"] if ended else "exception"
    error = text[ended.end() if ended else start.start() :].strip()
    lead = (
        "The code raised an exception"
        if why == "exception"
        else f"The code did not end by itself ({why})"
    )
    return text[: start.start()], [f"{lead}:\n\n{block(error)}" if error else f"{lead}."]


def _says_nothing(printed: str) -> bool:
    return len(printed) <= _MAX_QUIET_CHARS and _NOTHING.fullmatch(printed) is not None


def _quiet(printed: str) -> str:
    made = " It made files." if "made files" in printed else ""
    return f"The code ran and printed nothing.{made}"


def block(text: str) -> str:
    """Set a text as a code block, whatever it holds itself."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", text)), default=0))
    cut = text[:MAX_OUTPUT_CHARS]
    more = (
        "" if len(cut) == len(text) else f"\n[... {len(text) - len(cut)} characters left out ...]"
    )
    return f"{ticks}\n{cut}{more}\n{ticks}"


def _is_short(value: str) -> bool:
    return len(value) <= 120 and "\n" not in value and "`" not in value


def told_of_query(text: str) -> str | None:
    """Show the table a query gave, cut at the end of a row."""
    if _TOOL_FAILED.match(text):
        return None
    rest = without_files(text).strip()
    if len(rest) <= MAX_OUTPUT_CHARS:
        return rest or "The query gave no rows."
    kept, _, _ = rest[:MAX_OUTPUT_CHARS].rpartition("\n")
    count = rest.rsplit("\n", 1)[-1]
    tail = count if not count.startswith("|") and len(count) < 300 else ""
    return f"{kept}\n\n(shortened) {tail}".rstrip()


def told_of_rows(text: str, file: str) -> str | None:
    """Say how many rows a file has, where a tool counted them."""
    counted = _COUNTED.search(text)
    return (
        f"{file or 'The table'} has {counted[1]} row{'' if counted[1] == '1' else 's'}."
        if counted
        else None
    )


def told_of_columns(text: str) -> str | None:
    """List the columns of the tables that a tool described; None where it describes none."""
    tables = tables_of(text)
    files = [one.file for one in tables]
    named = [one if files.count(one.file) == 1 else replace(one, file="") for one in tables]
    return "\n".join(_columns(one) for one in named[:20]) or None


def _columns(table: TableShape) -> str:
    name = table.file or table.name or "The table"
    rows = f"{table.rows} row{'' if table.rows == '1' else 's'} and " if table.rows else ""
    told = ", ".join(
        f"{one.name} (number)" if one.numeric else one.name
        for one in table.columns[:_MAX_COLUMNS_TOLD]
    )
    more = len(table.columns) - _MAX_COLUMNS_TOLD
    rest = f" and {more} more" if more > 0 else ""
    plural = "" if len(table.columns) == 1 else "s"
    return f"{name} has {rows}{len(table.columns)} column{plural}: {told}{rest}."


def page_text(text: str) -> str:
    """Keep the passages of a page: no headline, no address that would be taken for a sentence."""
    first = _PASSAGE.search(text)
    body = _LEFT_OUT.sub("", text[first.start() :] if first else text)
    return (
        _PASSAGE.sub(r"[\1]\n", _HEADER_URL.sub(r"\1", body))
        if _is_head(text, first)
        else _HEADER_URL.sub(r"\1", body)
    )


def _is_head(text: str, first: re.Match[str] | None) -> bool:
    """Tell whether a page's title and address stand in front of its passages."""
    return first is not None and _ONLY_URL.search(text[: first.start()]) is not None


def next_part(text: str) -> int | None:
    """Tell where the rest of a long page begins, as the tool says it."""
    found = _READ_ON.search(text[-400:])
    return int(found[1]) if found else None


def asks_whole_page(question: str) -> bool:
    """Tell whether nothing in particular is asked of a page."""
    return not asked_of_page(question)


def asked_of_page(question: str) -> set[str]:
    """List what a question asks of a page, without the words of asking."""
    return set(terms(_ONLY_URL.sub(" ", question))) - _PAGE_ASKED


def opening(text: str) -> str | None:
    """Give the first sentences of a page with their markers."""
    known = [one for one in sentences(text) if not _ONLY_URL.fullmatch(one.text)]
    said = [one for one in known if not one.is_heading and len(one.text.split()) > 2] or known
    return _together(said[:5]) or None


def _together(kept: Sequence[Sentence]) -> str:
    return " ".join(marked(one.text, one.marker) for one in kept)
