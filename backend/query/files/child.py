"""What runs inside the child process: one call about files, answered as JSON, then gone.

Each call works in a fork that first gives up every right but to read its files and to write into
its folder. Not for: importing in the server.
"""

from __future__ import annotations

import encodings
import importlib
import pkgutil
import signal
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from backend.kit import landlock
from backend.kit.forked import CAN_FORK, ForkDied, ForkFailed, in_fork
from backend.ports.query import QueryFailed, QueryRefused
from backend.query.files.asking import analyse
from backend.query.files.connection import Bounds, lock, opened
from backend.query.files.guard import one_select
from backend.query.files.running import bounded, explained, run
from backend.query.files.sources import Given, Workshop
from backend.query.files.tables import Tables, make, prepare

_LATER = ("charset_normalizer", "openpyxl", "sqlite3", "numpy", "_strptime", "pytz")
# DuckDB reads how much memory its container has when it opens, and ends the process if it cannot.
_OF_THE_MACHINE = (Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))


def serve(call: dict[str, Any]) -> dict[str, Any]:
    """Answer one call; see `engine.FileTables` for what it holds.

    Raises:
        QueryRefused: the statement cannot be run, in words for a model.
        QueryFailed: a limit, or a file that cannot be read.
    """
    work = partial(_work, call)
    try:
        return in_fork(work, cpu_s=call["cpu_s"], answer_bytes=call["answer_bytes"])
    except ForkFailed as exc:
        if exc.kind == QueryRefused.__name__:
            raise QueryRefused(str(exc)) from exc
        if exc.kind in {MemoryError.__name__, "TooLarge"}:
            msg = "The query needs more memory than allowed. Ask for less, or filter first."
            raise QueryFailed(msg) from exc
        known = exc.kind == QueryFailed.__name__
        raise QueryFailed(str(exc) if known else f"The query failed ({exc.kind}).") from exc
    except ForkDied as exc:
        late = exc.signal == getattr(signal, "SIGPROF", -1)
        why = "took too long" if late else "needs more memory than allowed"
        msg = f"The query {why} and was stopped. Ask for less, or filter first."
        raise QueryFailed(msg) from exc


def _work(call: dict[str, Any]) -> dict[str, Any]:
    folder = Path(call["folder"])
    files = [
        Given(name=one["name"], path=Path(one["path"]), kind=one["kind"], plan=one["plan"])
        for one in call["files"]
    ]
    if CAN_FORK:  # here rights are given up for this call alone
        machine = [path for path in _OF_THE_MACHINE if path.exists()]
        landlock.restrict(read=[*(one.path for one in files), *machine], work=[folder])
    bounds = Bounds(
        memory_bytes=call["memory_bytes"], threads=call["threads"], temp_bytes=call["temp_bytes"]
    )
    shop = Workshop(folder=folder, left_bytes=call["temp_bytes"])
    hidden = {str(one.path): one.name for one in files} | {str(folder): "the temporary folder"}
    with closing(opened(bounds, folder)) as connection:
        columns: dict[str, list[str]] = {}
        try:
            with bounded(connection, call["seconds"]):
                tables = prepare(connection, files, shop)
            for one in tables.prepared:
                columns[one.name] = [column["name"] for column in one.plan["columns"]]
            answer = _answered(call, connection, tables, files=files, shop=shop)
        except duckdb.Error as exc:
            raise explained(exc, columns, hidden) from exc
        except QueryFailed as exc:
            raise QueryFailed(_without(str(exc), hidden)) from exc
    return {**answer, "plans": list(tables.plans)}


def _answered(
    call: dict[str, Any],
    connection: DuckDBPyConnection,
    tables: Tables,
    *,
    files: Sequence[Given],
    shop: Workshop,
) -> dict[str, Any]:
    if call["what"] == "schema":
        return {}
    with bounded(connection, call["seconds"]):
        names, viewed = make(connection, tables, view_bytes=call["view_bytes"])
    readable = [*(one.path for one in files), *shop.reads] if viewed else []
    lock(connection, readable=readable)
    if call["what"] == "analyse":
        with bounded(connection, call["seconds"]):
            return analyse(connection, tables, call)
    statement = one_select(connection, call["sql"], tables=names)
    answer = run(
        connection,
        statement,
        max_rows=call["max_rows"],
        max_bytes=call["max_bytes"],
        seconds=call["seconds"],
    )
    notes = [f"{one.name}: {note}" for one in tables.prepared for note in one.plan["notes"]]
    return {**answer, "notes": notes}


def _without(message: str, hidden: dict[str, str]) -> str:
    for secret, shown in hidden.items():
        message = message.replace(secret, shown)
    return message


def _load_everything() -> None:
    """Import what is otherwise imported on first use: a fork can no longer read modules."""
    for name in _LATER:
        try:
            importlib.import_module(name)
        except ImportError:  # not all of them are installed everywhere
            continue
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in {"mbcs", "oem"}:  # of Windows alone
            importlib.import_module(f"{encodings.__name__}.{module.name}")


_load_everything()
