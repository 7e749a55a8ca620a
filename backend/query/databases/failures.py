"""What a database's errors mean, in words that a model can act on; never an address or a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.exc import DBAPIError

from backend.ports.query import QueryFailed, QueryRefused
from backend.query.databases.order import Order, Unreachable
from backend.query.near_names import told_names

Names = Callable[[], dict[str, list[str]]]

_TEXT_CHARS = 400
_STOPPED = frozenset({"57014", "25P03", "25P04", 3024, 1969, 2013, "SQLITE_INTERRUPT"})
_TOO_LARGE = frozenset({"SQLITE_TOOBIG", "SQLITE_NOMEM", 1153, 1038, 1041, 3170})
_LOG_IN = frozenset({"28P01", "28000", 1045, 1044, 1698})
_NO_DATABASE = frozenset({"3D000", 1049})
_NOT_A_DATABASE = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT"})
_DENIED = frozenset({"SQLITE_AUTH"})
_NO_COLUMN = re.compile(
    r"""column\ "?(?:[^"\s]+\.)?(?P<pg>[^"\s]+)"?\ (?:of\ relation\ "[^"]*"\ )?does\ not\ exist
    | no\ such\ column:\ (?:[^\s.]+\.)*(?P<lite>\S+)
    | Unknown\ column\ '(?:[^'.]+\.)*(?P<my>[^']+)'""",
    re.VERBOSE,
)
_NO_TABLE = re.compile(
    r"""relation\ "(?:[^".]+\.)?(?P<pg>[^"]+)"\ does\ not\ exist
    | missing\ FROM-clause\ entry\ for\ table\ "(?P<clause>[^"]+)"
    | no\ such\ table:\ (?:[^\s.]+\.)*(?P<lite>\S+)
    | Table\ '(?:[^'.]+\.)*(?P<my>[^']+)'\ doesn't\ exist""",
    re.VERBOSE,
)


def failure_of(
    exc: DBAPIError, order: Order, *, tables: Iterable[str], names: Names
) -> QueryRefused | QueryFailed:
    """Turn what the engine said about a statement into a refusal that can be mended, or a failure.

    `tables` are those the statement reads; `names` looks up all tables with their columns.
    """
    code = _code(exc.orig)
    if code in _STOPPED:
        msg = (
            f"The query took longer than {order.timeout_s:g} s and was stopped;"
            " ask for less: filter more, join less, or aggregate."
        )
        return QueryFailed(msg)
    if code in _TOO_LARGE or str(code)[:2] in {"53", "54"} or "out of memory" in str(exc.orig):
        return QueryFailed("The query needs a value or memory larger than allowed; ask for less.")
    if code in _DENIED:
        return QueryRefused("That is not allowed: tables can only be read. Write one plain SELECT.")
    if exc.connection_invalidated:  # libpq gives up the connection when a value finds no memory
        msg = "The connection broke, or a value was larger than allowed; ask for less or try again."
        return QueryFailed(msg)
    said = _said(exc.orig)
    hint = _hint(said, [one.lower() for one in tables], names)
    return QueryRefused(hint or f"The database says: {said}")


def unreachable(exc: Exception) -> Unreachable:
    """Say why a connection did not come about, without its address."""
    code = _code(getattr(exc, "orig", exc))
    text = str(getattr(exc, "orig", exc))
    if code in _LOG_IN or "password" in text or "authentication" in text or "role" in text:
        return Unreachable("the log-in was refused")
    if code in _NO_DATABASE or ("database" in text and "does not exist" in text):
        return Unreachable("there is no database of that name at its address")
    if code in _NOT_A_DATABASE:
        return Unreachable("the file is not an SQLite database")
    if str(code).startswith("SQLITE"):
        return Unreachable("the file cannot be opened for reading")
    return Unreachable("no such database answers at its address")


def _code(cause: object) -> Any:  # noqa: ANN401 - a text or a number
    """Give the SQLSTATE, MySQL's number or SQLite's name of an error."""
    named = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    if named:
        return str(named)
    arguments: tuple[Any, ...] = getattr(cause, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else ""


def _said(cause: object) -> str:
    described = getattr(cause, "diag", None)
    text = getattr(described, "message_primary", None)
    arguments: tuple[Any, ...] = getattr(cause, "args", ())
    if not text and len(arguments) > 1 and isinstance(arguments[0], int):
        text = str(arguments[1])
    return str(text or cause).strip()[:_TEXT_CHARS]


def _hint(said: str, tables: list[str], names: Names) -> str:
    column, table = _NO_COLUMN.search(said), _NO_TABLE.search(said)
    if column is None and table is None:
        return ""
    known = names()
    if table is not None:
        return told_names("table", _found(table), known)
    if column is None:
        return ""
    asked = {name: known[name] for name in known if name.lower().rpartition(".")[2] in tables}
    columns = [one for name in asked for one in asked[name]]
    where = f"column in {', '.join(asked)} named" if asked else "column"
    return told_names(where, _found(column), dict.fromkeys(columns))


def _found(match: re.Match[str]) -> str:
    return next(part for part in match.groups() if part).strip('"')[:100]
