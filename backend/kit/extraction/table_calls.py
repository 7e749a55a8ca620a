"""Makes the calls that a question about an uploaded table needs: first its columns, then what is asked.

What was assumed on the way goes with the call, so that the answer can say it. Not for: telling results.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from backend.kit.extraction.chart_questions import chart_kind, chart_wanted, is_time
from backend.kit.extraction.column_words import Reading, in_columns
from backend.kit.extraction.data_questions import arguments_for, named_columns
from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.lookups import documents_step
from backend.kit.extraction.observed import Observation, plain_reason
from backend.kit.extraction.pasted_tables import Column
from backend.kit.extraction.period_queries import period_query
from backend.kit.extraction.schema_read import TableShape, cells_of, tables_of
from backend.kit.extraction.schemas import properties
from backend.kit.extraction.steps import Call, Step
from backend.kit.extraction.table_asks import FILE, TableAsk, table_ask
from backend.kit.extraction.tool_fit import Toolbox, ToolShape
from backend.kit.extraction.words import STOPWORDS, stem, word_set, words
from backend.kit.meant_files import fitting

Seen = Callable[[Call], Observation | None]

SCHEMA: Final = "schema"
_THEIR_FILES = re.compile(r"\btheir files:\s*(.{1,2000})", re.IGNORECASE | re.DOTALL)
_VALUE = re.compile(
    r"\b(?P<lead>in|for|from|at|für|aus)\s+(?:[\"“'](?P<quoted>[^\"”'\n]{1,60})[\"”']|(?P<name>[A-ZÄÖÜ][\w-]{1,40}(?:\s[A-ZÄÖÜ][\w-]{1,40}){0,3}))"
)
_YEAR = re.compile(r"\b(?:in|for|during|of|from|im jahr)\s+((?:19|20)\d\d)\b", re.IGNORECASE)
_PERIODS: Final = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
}
_PERIODIC = re.compile(
    rf"\b(?P<period>{'|'.join(_PERIODS)})\s+(?P<thing>[\w-]{{2,40}})", re.IGNORECASE
)
_OF_YEAR = re.compile(r"I did not filter by \d{4},")
_PLACES: Final = word_set("city town country region state area location place store shop branch market stadt ort land filiale")  # fmt: skip
_WHOLE_TABLE: Final = "I could not work out what you asked, so this describes the whole table."
_DRAWN: Final = frozenset({"chart", "x", "y"})
_MAX_REASON_CHARS: Final = 200
_AGGREGATED = re.compile(r"(?:sum|mean|median|min|max|std)\((.+)\)")


def serves(toolbox: Toolbox, asked: TableAsk) -> bool:
    """Tell whether the tools on offer can work on an uploaded table."""
    if toolbox.taking("data", "file"):
        return True
    return asked.want == "columns" and toolbox.taking("sql", "action") is not None


def served(step: Step, toolbox: Toolbox) -> Step:
    """Search the documents for what is asked of a table, where no tool on offer works on tables."""
    asked = table_ask(step.text) if step.kind == "table" and toolbox.shapes else None
    if asked is None or serves(toolbox, asked):
        return step
    search = documents_step(step.id, step.text)
    return search if toolbox.candidates(search) else step


def table_calls(step: Step, toolbox: Toolbox, seen: Seen) -> Iterator[Call]:
    """Yield the calls for a step one after another; each next one reads what the one before brought."""
    asked = table_ask(step.text)
    if asked is None or not serves(toolbox, asked):
        return
    data, sql = toolbox.taking("data", "file"), toolbox.taking("sql", "action")
    plain = _plain(asked)
    if asked.exact and data and plain is not None:
        yield Call(data.name, known_arguments(data, {"file": asked.file, **plain}))
        return
    wants_columns = asked.want == "columns"
    for look in looks(asked, data, sql, seen):
        yield look if not wants_columns else Call(look.tool, look.arguments)
        brought = seen(look)
        if brought is None or wants_columns or data is None:
            continue
        tables = [] if brought.failed else tables_of(brought.text)
        if tables:
            yield from _of_period(asked, tables, data, sql, seen)
            yield from _asked_of(asked, tables, data, look, seen)
            return


def _of_period(
    asked: TableAsk,
    tables: Sequence[TableShape],
    data: ToolShape,
    sql: ToolShape | None,
    seen: Seen,
) -> Iterator[Call]:
    """Ask by months or years with SQL where the table has only dates, and draw what that brings."""
    table = _best(asked, tables)[0]
    spoken = _spoken(asked, table)
    kept = arguments_for(f"count {spoken}", table.columns).get("where", [])
    values, told = _values(asked.ask, table.columns, {"where": kept})
    query = period_query(spoken, table, where=[*kept, *values]) if sql is not None else None
    if sql is None or query is None:
        return
    file = asked.file if asked.exact else table.file or asked.file
    given = known_arguments(sql, {"sql": query, "files": [file]} if file else {"sql": query})
    about = _file_note(asked, file, several=len(tables) > 1 and not asked.exact)
    note = " ".join([*about, *(one for one in told if not _OF_YEAR.match(one))])
    if not chart_wanted(asked.ask):
        yield Call(sql.name, given, note=note)
        return
    look = Call(sql.name, given, look=True)
    yield look
    brought = seen(look)
    rows = (
        []
        if brought is None or brought.failed
        else [cells for line in brought.text.splitlines() if (cells := cells_of(line))]
    )
    if len(rows) > 2:
        drawn = {"chart": chart_kind(asked.ask) or "line", "x": rows[0][0], "y": rows[0][1:]}
        yield Call(data.name, known_arguments(data, {"data": _as_csv(rows), **drawn}), note=note)
        yield Call(sql.name, given, note="The chart could not be drawn.")


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([rows[0], *rows[2:]])
    return written.getvalue()


def _spoken(asked: TableAsk, table: TableShape) -> str:
    others = [one for one in table.columns if not one.is_date]
    return in_columns(_PERIODIC.sub(_by_period, asked.ask), others).ask


def _best(asked: TableAsk, tables: Sequence[TableShape]) -> tuple[TableShape, Reading]:
    """Choose the table whose columns the question speaks of most."""
    ask = _PERIODIC.sub(_by_period, asked.ask)
    readings = [in_columns(ask, table.columns) for table in tables]
    at = max(range(len(tables)), key=lambda one: (readings[one].hits, -one))
    return tables[at], readings[at]


def looks(
    asked: TableAsk, data: ToolShape | None, sql: ToolShape | None, seen: Seen
) -> Iterator[Call]:
    """Yield the calls that tell a table's columns, and where its name fits no file, those of the file that it means."""
    first = _look(asked.file, data, sql)
    if first is None:
        return
    yield first
    brought = seen(first)
    if brought is None:
        return
    meant = meant_file(asked, brought.text) if brought.failed else ""
    other = _look(meant, data, sql) if meant else None
    if other is not None:
        yield other
    elif sql is not None and data is not None and asked.file and not _names_files(brought):
        yield Call(data.name, {"file": asked.file}, look=True)


def _look(file: str, data: ToolShape | None, sql: ToolShape | None) -> Call | None:
    if sql is not None:
        named: dict[str, Any] = {"files": [file]} if file else {}
        return Call(sql.name, known_arguments(sql, {"action": SCHEMA, **named}), look=True)
    return Call(data.name, {"file": file or "table"}, look=True) if data else None


def _names_files(brought: Observation) -> bool:
    return brought.failed and _THEIR_FILES.search(brought.text) is not None


def meant_file(asked: TableAsk, text: str) -> str:
    """Choose among the files a tool lists instead: the one that fits the words, or the only table."""
    listed = _THEIR_FILES.search(text)
    if listed is None:
        return ""
    files = [one.strip(" .\n") for one in listed[1].splitlines()[0].split(";")]
    tables = [one for one in files if FILE.fullmatch(f'"{one}"')]
    fits = fitting(asked.file, tables) if asked.file else []
    chosen = fits or ([] if asked.exact else tables)
    return chosen[0] if len(chosen) == 1 else ""


def _plain(asked: TableAsk) -> dict[str, Any] | None:
    """Give the arguments of what needs no columns; None for what does."""
    kinds: dict[str, dict[str, Any]] = {
        "rows": {"aggregates": ["count"]},
        "preview": {"top": asked.rows},
        "describe": {},
    }
    return kinds.get(asked.want)


def known_arguments(shape: ToolShape, arguments: dict[str, Any]) -> dict[str, Any]:
    """Keep the arguments that a tool's schema has."""
    known = properties(shape.schema)
    return {name: value for name, value in arguments.items() if name in known}


def _asked_of(
    asked: TableAsk, tables: Sequence[TableShape], data: ToolShape, look: Call, seen: Seen
) -> Iterator[Call]:
    arguments, notes = asked_of(asked, tables, _looked_at(look))
    call = Call(data.name, known_arguments(data, arguments), note=" ".join(notes))
    yield call
    brought = seen(call)
    if brought is not None and brought.failed and "chart" in call.arguments:
        plain = {name: call.arguments[name] for name in call.arguments if name not in _DRAWN}
        why = f"The chart could not be drawn: {_such(plain_reason(brought.text))}"
        call = Call(data.name, plain, only=True, note=" ".join([*notes, why]))
        yield call
        brought = seen(call)
    if brought is not None and brought.failed and not brought.final and len(call.arguments) > 1:
        yield Call(data.name, {"file": arguments["file"]}, only=True, note=_WHOLE_TABLE)


def _such(reason: str) -> str:
    """Leave out of a reason the example that is meant for a model."""
    return re.sub(r",? such as \{.*", ".", reason)[:_MAX_REASON_CHARS]


def _looked_at(look: Call) -> str:
    named = [*look.arguments.get("files", []), look.arguments.get("file", "")]
    return str(named[0])


def asked_of(
    asked: TableAsk, tables: Sequence[TableShape], looked_at: str
) -> tuple[dict[str, Any], list[str]]:
    """Word a question about the table that fits it best, as arguments and what was assumed."""
    table, reading = _best(asked, tables)
    file = (
        asked.file
        if asked.exact and looked_at == asked.file
        else table.file or looked_at or table.name
    )
    notes = _file_note(asked, file, several=len(tables) > 1 and not asked.exact)
    plain = _plain(asked)
    if plain is not None:
        return {"file": file, **plain}, notes
    arguments = arguments_for(reading.ask, table.columns)
    values, told = _values(asked.ask, table.columns, arguments)
    if values and arguments:
        arguments["where"] = [*arguments.get("where", []), *values]
    unclear = [] if arguments else [_WHOLE_TABLE]
    measured = _measure_note(arguments, reading, table)
    drawn = _along_note(arguments, reading)
    return {"file": file, **arguments}, [*notes, *unclear, *reading.notes, *measured, *drawn, *told]


def _by_period(match: re.Match[str]) -> str:
    """Say "monthly sales" as "sales by month"."""
    return f"{match['thing']} by {_PERIODS[match['period'].casefold()]}"


def _file_note(asked: TableAsk, file: str, *, several: bool) -> list[str]:
    if asked.exact and file == asked.file:
        return []
    among = ", the one of your tables that fits the question best" if several else ""
    return [f"This is from {file}{among}."]


def _measure_note(arguments: dict[str, Any], reading: Reading, table: TableShape) -> list[str]:
    """Say which columns were added up where the question names none of them."""
    found = [
        match[1] for one in arguments.get("aggregates", []) if (match := _AGGREGATED.fullmatch(one))
    ]
    limits = [one for one in arguments.get("where", []) if re.search(r" [<>]=? ", one)]
    found += [re.split(r" [<>]=? ", one, maxsplit=1)[0] for one in limits]
    named = named_columns(reading.ask, table.columns)
    unnamed = [name for name in found if name not in named]
    if not found or len(unnamed) < len(found):
        return []
    told = ", ".join(dict.fromkeys(found))
    return [
        f"No column is called as you say, so I took {told}; there are: {', '.join(one.name for one in table.columns[:20])}."
    ]


def _along_note(arguments: dict[str, Any], reading: Reading) -> list[str]:
    along = str(arguments.get("x", ""))
    said = {stem(word) for word in words(reading.ask)}
    named = any(stem(word) in said for word in name_words(along))
    return [] if not along or named else [f"I put {along} along the chart."]


def _values(
    ask: str, columns: Sequence[Column], arguments: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Find the rows that are meant by a name ("in Oslo") or a year, and say what was assumed of it."""
    where = " ".join(arguments.get("where", []))
    known = {word for one in columns for word in name_words(one.name)}
    conditions: list[str] = []
    notes: list[str] = []
    for match in _VALUE.finditer(ask):
        value = match["quoted"] or match["name"]
        if value in where or value.casefold() in known | STOPWORDS or '"' in value:
            continue
        column = _column_for(match["lead"], columns, arguments.get("group_by", []))
        if column:
            conditions.append(f'{column} == "{value}"')
            notes.append(f"I took “{value}” as a value of {column}.")
        else:
            notes.append(f"I did not filter by “{value}”, as no column for it is plain.")
    year = _YEAR.search(ask)
    if year and year[1] not in where:
        of_years = next(
            (
                one.name
                for one in columns
                if one.numeric and set(name_words(one.name)) & {"year", "jahr"}
            ),
            "",
        )
        conditions += [f"{of_years} == {year[1]}"] if of_years else []
        notes += (
            []
            if of_years
            else [f"I did not filter by {year[1]}, as no column holds the year alone."]
        )
    return conditions, notes


def _column_for(lead: str, columns: Sequence[Column], groups: Sequence[str]) -> str:
    texts = [
        one for one in columns if not one.numeric and not is_time(one) and one.name not in groups
    ]
    places = [one.name for one in texts if set(name_words(one.name)) & _PLACES]
    if lead != "for" and lead != "für" and len(places) == 1:
        return places[0]
    return texts[0].name if len(texts) == 1 else ""
