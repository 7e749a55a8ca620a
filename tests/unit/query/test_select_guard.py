"""The guard lets one query through, in every dialect, and nothing of the corpus of bypasses."""

from __future__ import annotations

import pytest

from backend.ports.query import QueryRefused
from backend.query.select_guard import Guarded, TableName, check
from tests.unit.query.corpus import ALLOWED, REFUSED


def pairs(corpus):
    return [
        pytest.param(dialect, sql, id=f"{dialect}-{number}")
        for dialect, statements in corpus.items()
        for number, sql in enumerate(statements)
    ]


@pytest.mark.parametrize(("dialect", "sql"), pairs(REFUSED))
def test_what_is_not_one_harmless_query_is_refused(dialect, sql):
    """With a sentence, never with an error of the parser."""
    with pytest.raises(QueryRefused) as caught:
        check(sql, dialect=dialect)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("dialect", "sql"), pairs(ALLOWED))
def test_ordinary_queries_pass(dialect, sql):
    """A guard that refuses everything would protect nothing worth having."""
    assert check(sql, dialect=dialect).sql


def test_the_corpus_is_large_enough_to_mean_something():
    """Each dialect has its own bypasses."""
    assert min(len(statements) for statements in REFUSED.values()) >= 40
    assert sum(len(statements) for statements in REFUSED.values()) >= 250


def test_the_engine_sees_the_checked_words_and_no_comment():
    """What the parser skipped can mean nothing to an engine that reads comments differently."""
    sql = "/* a */ SELECT 'x -- y', a->>'b' /* /* nested */ */ FROM public.t -- end\n ; ;"
    assert check(sql, dialect="postgres") == Guarded(
        sql="SELECT 'x -- y', a->>'b' FROM public.t", tables=(TableName(name="t", schema="public"),)
    )


def test_tables_that_a_query_defines_itself_are_not_among_those_it_reads():
    """An error names the columns of real tables."""
    sql = "WITH t AS (SELECT * FROM orders) SELECT * FROM t JOIN customers ON true"
    assert {one.name for one in check(sql, dialect="postgres").tables} == {"orders", "customers"}


def test_schemas_are_open_only_when_named():
    """An administrator opens them one by one."""
    sql = "SELECT * FROM stats.daily JOIN orders ON true"
    with pytest.raises(QueryRefused, match=r"schema stats is not open .* Open are: public"):
        check(sql, dialect="postgres")
    assert check(sql, dialect="postgres", schemas=frozenset({"stats"})).tables == (
        TableName(name="daily", schema="stats"),
        TableName(name="orders"),
    )


def test_a_dialect_without_a_list_of_its_own_is_held_against_all_of_them():
    """Other databases are asked too."""
    for call in ["pg_sleep(1)", "load_file('x')", "xp_cmdshell('x')", "utl_http('x')"]:
        with pytest.raises(QueryRefused, match="is not allowed here"):
            check(f"SELECT {call}", dialect="snowflake")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT 1; SELECT 2", "exactly one statement, a SELECT; this is 2 statements"),
        ("  -- no\n", "this is nothing"),
        ("DROP TABLE x", "DROP is not allowed: the data can only be read"),
        ("SELECT * FROM t FOR UPDATE", "locks are not allowed; leave them out"),
        ("SELECT * FROM t WHERE", "not one valid PostgreSQL query"),
        ("SELECT pg_sleep(1)", "function pg_sleep is not allowed here; write the query without"),
        ("SELECT " + "(" * 99 + "1" + ")" * 99, "deeper than 30 levels; use WITH"),
    ],
)
def test_a_refusal_says_how_to_mend_it(sql, says):
    """A model reads it and tries again."""
    with pytest.raises(QueryRefused, match=says):
        check(sql, dialect="postgres")
