"""What the hot paths of documents ask of SQLite: looked up, never searched through."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import event

from backend.ports.documents import FileFilter, Listing
from backend.ports.stores import User
from backend.storage.document_tables import METADATA
from backend.storage.document_text import SLICE
from backend.storage.stores import open_stores
from tests.fakes.papers import SPACE, a_job, a_reading, a_vector, add, make_ready, read_anew

SPANS = [("doc_001", 0, 5), ("doc_002", 1, 2)]
READS = {
    "found": lambda it: it.documents.found("user_bob", [1, 2, 3]),
    "slices": lambda it: it.documents.slices("user_bob", SPANS),
    "neighbours": lambda it: it.documents.neighbours("user_bob", SPANS),
    "indexed_chunks": lambda it: it.documents.indexed_chunks("user_bob", "doc_001", SPACE),
    "unembedded": lambda it: it.documents.unembedded("doc_001", "other", limit=9),
    "library_version": lambda it: it.documents.library_version("user_bob"),
    "revisions": lambda it: it.documents.revisions("user_bob"),
    "searchable": lambda it: it.documents.searchable("user_bob", FileFilter(file_ids=("file-1",))),
    "count_by_state": lambda it: it.documents.count_by_state("user_bob"),
    "pages": lambda it: it.documents.pages("user_bob", "doc_001"),
    "page": lambda it: it.documents.pages("user_bob", "doc_001", number=1),
    "document": lambda it: it.documents.get("user_bob", "doc_001"),
    "file": lambda it: it.files.get("user_bob", "file-001"),
    "of_documents": lambda it: it.files.of_documents("user_bob", ["doc_001", "doc_002"]),
    "list": lambda it: it.files.list("user_bob", Listing()),
    "run": lambda it: it.runs.get("user_bob", "run_1"),
}
WRITES = {
    "add": lambda it: add(it, 3),
    "add again": lambda it: add(it, 4, sha256=f"{1:064}"),
    "mark": lambda it: it.documents.mark("doc_001", state="failed", now_ms=1),
    "keep_text": lambda it: it.documents.keep_text("doc_001", a_reading(["x"]), now_ms=1),
    "keep_vectors": lambda it: it.documents.keep_vectors(
        "doc_001", SPACE, {1: a_vector("v")}, progress=0, now_ms=1
    ),
    "finish": lambda it: it.documents.finish("doc_001", now_ms=1),
    "delete": lambda it: it.files.delete("user_bob", "file-001"),
    "renew": lambda it: it.jobs.renew(a_job(1).claim, now_ms=1, lease_s=1),
}


@pytest.fixture
async def stores(path):
    """Stores with two documents that are ready."""
    made = await open_stores(f"sqlite+aiosqlite:///{path}")
    await made.users.add(User(id="user_bob", username="Bob", password_hash="-"))
    for number in (1, 2):
        await make_ready(made, number, "some text of two pages", "the other")
    yield made
    await made.aclose()


async def _plans(stores, path, work) -> dict[str, list[str]]:
    """Do some work; give the plan of each statement it took."""
    asked: dict[str, Any] = {}

    def note(_connection, _cursor, statement, parameters, _context, executemany) -> None:
        asked[statement] = parameters[0] if executemany else parameters

    database = stores.documents._database._database
    for engine in (database._read_engine, database._write_engine):
        event.listen(engine, "before_cursor_execute", note)
    await work(stores)
    with closing(sqlite3.connect(path)) as connection:
        return {
            statement: [
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
            for statement, parameters in asked.items()
            if statement.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}
        }


@pytest.mark.parametrize("work", [*READS, *WRITES])
async def test_no_table_is_searched_through(stores, path, work):
    """Every step of every statement goes by a key or an index."""
    plans = await _plans(stores, path, {**READS, **WRITES}[work])
    assert plans
    scans = {
        statement: plan
        for statement, plan in plans.items()
        if any(step.startswith("SCAN") and "CONSTANT ROW" not in step for step in plan)
    }
    assert scans == {}


@pytest.mark.parametrize("work", ["list", "neighbours", "indexed_chunks", "unembedded", "slices"])
async def test_what_has_an_order_is_read_in_it(stores, path, work):
    """Nothing is sorted beside the index."""
    plans = await _plans(stores, path, READS[work])
    assert not [plan for plan in plans.values() if any("TEMP B-TREE" in step for step in plan)]


async def test_a_slice_of_a_long_text_reads_the_pages_it_touches_alone(stores):
    """However many stand before and behind them."""
    pages = [f"{number:010}" for number in range(200)]
    await read_anew(stores, await stores.files.get("user_bob", "file-001"), *pages)
    asked = {"document": "doc_001", "owner": "user_bob", "first": 1005, "last": 1025}

    def numbers(connection):
        return [row.number for row in connection.execute(SLICE, asked)]

    assert await stores.documents._database.read(numbers) == [101, 102, 103]


def test_everything_that_goes_with_something_else_is_found_by_an_index():
    """A cascade looks for its rows by the foreign key; without an index it would read the table."""
    bare = []
    for table in METADATA.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading |= {
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if type(constraint).__name__ in {"UniqueConstraint", "PrimaryKeyConstraint"}
            and len(constraint.columns)
        }
        bare += [str(key.parent) for key in table.foreign_keys if key.parent.name not in leading]
    assert bare == []
