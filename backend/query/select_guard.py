"""Lets one query through and nothing else: the wall of text before the engine's own.

What comes back is the checked statement without comments: the engine sees no character that was
not looked at. Not for: making an engine read-only, which each adapter does by itself.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.expressions.dml import DML
from sqlglot.tokenizer_core import Token, TokenType

from backend.ports.query import QueryRefused
from backend.query.denied_functions import is_denied, is_hidden

# sqlglot writes a line for each statement that it does not know.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

MAX_CHARS = 20_000
MAX_TOKENS = 3_000
MAX_NESTING = 30
_LABELS = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "sqlite": "SQLite",
    "tsql": "SQL Server",
    "oracle": "Oracle",
}
_OWN_SCHEMAS = {"postgres": "public", "sqlite": "main"}
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
# MySQL and MariaDB run what stands in such a comment; the parser passes over it.
_COMMENT_THAT_RUNS = re.compile(r"/\*M?!")
_NEVER: tuple[type[Any], ...] = (
    DML, exp.DDL, exp.Command, exp.Drop, exp.Alter, exp.TruncateTable, exp.Copy, exp.Set,
    exp.SetItem, exp.Use, exp.Pragma, exp.Attach, exp.Detach, exp.LoadData, exp.Kill, exp.Describe,
    exp.Show, exp.Transaction, exp.Commit, exp.Rollback, exp.Grant, exp.Into, exp.Lock,
    exp.Semicolon, exp.Parameter, exp.SessionParameter, exp.Placeholder,
    exp.PropertyEQ,
)  # fmt: skip
_SAYS: tuple[tuple[tuple[type[Any], ...], str], ...] = (
    ((exp.Into,), "INTO writes; leave it out."),
    ((exp.Lock,), "FOR UPDATE, FOR SHARE and other locks are not allowed; leave them out."),
    (
        (exp.Parameter, exp.SessionParameter, exp.Placeholder),
        "Variables are not allowed; write the values.",
    ),
    ((exp.PropertyEQ,), "Assignments are not allowed; leave them out."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableName:
    """A table as the statement names it; `schema` is empty when it does not say."""

    name: str
    schema: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A statement that is one query: its text without comments, and the tables it reads."""

    sql: str
    tables: tuple[TableName, ...]


def check(
    sql: str,
    *,
    dialect: str,
    schemas: frozenset[str] = frozenset(),
) -> Guarded:
    """Let one query through.

    `schemas` are those whose tables may be named, by default the dialect's own; a table without one
    may always be named unless it is the engine's.

    Raises:
        QueryRefused: for anything else; the message says how to mend it.
    """
    if len(sql) > MAX_CHARS:
        msg = f"The statement is longer than {MAX_CHARS} characters; write a shorter one."
        raise QueryRefused(msg)
    tokens = _tokens(sql, dialect)
    _check_shape(sql, tokens, dialect)
    _check_calls(tokens, dialect)
    tree = _one_query(sql, tokens, dialect)
    for node in tree.walk():
        _check_node(node)
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
            # PostgreSQL calls the function f for (x).f too.
            _check_function(node.expression.name, dialect)
    own = frozenset(filter(None, [_OWN_SCHEMAS.get(dialect)]))
    tables = _Tables(dialect, schemas or own).checked(tree)
    return Guarded(sql=_without_comments(sql, tokens), tables=tables)


@cache
def _speaking(dialect: str) -> Dialect:
    return Dialect.get_or_raise(dialect)


def _tokens(sql: str, dialect: str) -> list[Token]:
    try:
        return _speaking(dialect).tokenize(sql)
    except (SqlglotError, RecursionError, ValueError) as exc:
        msg = "The statement cannot be read: a quote or comment is not closed. Write one SELECT."
        raise QueryRefused(msg) from exc


def _check_shape(sql: str, tokens: Sequence[Token], dialect: str) -> None:
    """Refuse what would cost the parser its time or its stack, before it sees it."""
    if len(tokens) > MAX_TOKENS:
        msg = f"The statement has more than {MAX_TOKENS} words and marks; write a shorter one."
        raise QueryRefused(msg)
    depth = 0
    for number, token in enumerate(tokens):
        kind = token.token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth > MAX_NESTING:
            msg = f"The statement is nested deeper than {MAX_NESTING} levels; use WITH instead."
            raise QueryRefused(msg)
        if kind == TokenType.HINT:
            raise QueryRefused("Hints to the optimizer are not allowed; leave them out.")
        if _is_unicode_escape(sql, tokens, number) and dialect == "postgres":
            raise QueryRefused('U&"..." is not allowed; write the characters themselves.')


def _is_unicode_escape(sql: str, tokens: Sequence[Token], number: int) -> bool:
    """Tell PostgreSQL's U&"name", which the parser takes for three words."""
    token = tokens[number]
    if token.token_type == TokenType.UNICODE_STRING:
        return True
    return sql[token.start : token.start + 3].lower() == 'u&"' and token.text.lower() == "u"


def _check_calls(tokens: Sequence[Token], dialect: str) -> None:
    for token, after in pairwise(tokens):
        if after.token_type != TokenType.L_PAREN or token.token_type == TokenType.STRING:
            continue
        _check_function(token.text, dialect)


def _check_function(name: str, dialect: str) -> None:
    if is_denied(name, dialect):
        msg = f"The function {name[:60]} is not allowed here; write the query without it."
        raise QueryRefused(msg)


def _one_query(sql: str, tokens: list[Token], dialect: str) -> exp.Expr:
    label = _LABELS.get(dialect, dialect)
    try:
        trees = _speaking(dialect).parser().parse(tokens, sql)
    except RecursionError as exc:
        raise QueryRefused("The statement is nested too deeply; write a simpler one.") from exc
    except ParseError as exc:
        msg = f"This is not one valid {label} query{_place(exc)}. Write one SELECT statement."
        raise QueryRefused(msg) from exc
    except SqlglotError as exc:
        msg = f"This is not one valid {label} query. Write one SELECT statement."
        raise QueryRefused(msg) from exc
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(found) != 1:
        given = f"{len(found)} statements" if found else "nothing"
        msg = f"Give exactly one statement, a SELECT; this is {given}."
        raise QueryRefused(msg)
    (tree,) = found
    if not isinstance(tree, exp.Query | exp.Values):
        word = tokens[0].text.upper()[:30]
        msg = f"{word} is not allowed: the data can only be read. Write one SELECT statement."
        raise QueryRefused(msg)
    return tree


def _place(exc: ParseError) -> str:
    if not exc.errors:
        return ""
    first = exc.errors[0]
    near = str(first.get("highlight") or "").strip()[:60]
    return f": line {first.get('line')}, near '{near}'" if near else ""


def _check_node(node: exp.Expr) -> None:
    if not isinstance(node, _NEVER):
        return
    for kinds, says in _SAYS:
        if isinstance(node, kinds):
            if isinstance(node, exp.PropertyEQ) and not isinstance(node.parent, exp.Select):
                return  # a field of a struct, not an assignment
            raise QueryRefused(says)
    word = type(node).__name__.upper()
    msg = f"{word} is not allowed inside a query: the data can only be read. Leave it out."
    raise QueryRefused(msg)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Which tables may be named."""

    dialect: str
    schemas: frozenset[str]

    def checked(self, tree: exp.Expr) -> tuple[TableName, ...]:
        """Give the tables that are read, without those that WITH defines."""
        own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
        for call in tree.find_all(exp.Dot):
            self._check_call(call)
        names = [name for table in tree.find_all(exp.Table) for name in self._named(table)]
        kept = [name for name in names if name.schema or name.name.lower() not in own]
        return tuple(dict.fromkeys(kept))

    def _named(self, table: exp.Table) -> Iterator[TableName]:
        if table.catalog:
            msg = f"Name tables without a database in front: {table.name[:60]}."
            raise QueryRefused(msg)
        schema = self._schema(table.args.get("db"))
        if schema and schema not in self.schemas:
            raise QueryRefused(self._closed(schema))
        if not isinstance(table.this, exp.Identifier):
            return  # a function, which was looked at as a call
        hides = not schema or self.dialect != "postgres"  # there, own tables may be called pg_*
        if hides and is_hidden(table.name, self.dialect):
            msg = f"The table {table.name[:60]} is not open to queries; read the schema instead."
            raise QueryRefused(msg)
        yield TableName(name=table.name, schema=schema)

    def _check_call(self, dot: exp.Dot) -> None:
        """Refuse functions of schemas that are not open."""
        if not isinstance(dot.expression, exp.Func):
            return
        schema = self._schema(dot.this)
        if schema not in self.schemas | {"pg_catalog"}:
            raise QueryRefused(self._closed(schema))

    def _schema(self, written: object) -> str:
        if not isinstance(written, exp.Expr):
            return ""
        exact = self.dialect == "postgres" and bool(written.args.get("quoted"))
        return written.name if exact else written.name.lower()

    def _closed(self, schema: str) -> str:
        open_ones = ", ".join(sorted(self.schemas))
        mend = f"Open are: {open_ones}." if open_ones else "Name tables without a schema."
        return f"The schema {schema[:60]} is not open to queries. {mend}"


def _without_comments(sql: str, tokens: Sequence[Token]) -> str:
    """Put the words together again as they were written, without what stands between them."""
    parts: list[str] = []
    end = -1
    for token in tokens:
        between = sql[end + 1 : token.start]
        _check_comment(between)
        if parts and between:
            parts.append(" ")
        end = token.end
        if token.token_type != TokenType.SEMICOLON:
            parts.append(sql[token.start : token.end + 1])
    _check_comment(sql[end + 1 :])
    return "".join(parts).strip()


def _check_comment(between: str) -> None:
    if _COMMENT_THAT_RUNS.search(between) is not None:
        raise QueryRefused("Comments that start with /*! are not allowed; leave them out.")
