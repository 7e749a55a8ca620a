"""What is PostgreSQL's own in searching documents: upgrading to it, what it needs, its index and its plans."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from backend.documents.index.questions import Question, RankedChunk
from backend.documents.index.ranking import rank
from backend.ports.document_stores import Chunk, ReadDocument
from backend.ports.documents import File, TextPage
from backend.ports.lexical_rows import LexicalRow, lexical_row
from backend.ports.search_indexes import MeaningIndex, WordIndex
from backend.storage.migrate import migrate_postgres
from backend.storage.postgres_counts import SAMPLING, Sampling
from backend.storage.postgres_database import PostgresDatabase
from backend.storage.postgres_schema import postgres_revision
from backend.storage.postgres_search import PostgresIndexes
from backend.storage.revisions import HEAD, MigrationFailed
from backend.storage.stores import sql_stores
from tests.conformance.stores.conftest import ANN, BOB
from tests.conformance.stores.test_search_indexes import GARDEN, PUMP, Library
from tests.fakes.papers import add
from tests.fakes.replicas import until
from tests.fakes.sql_databases import postgres_copy

BEFORE = "0011"
NO_VECTOR = struct.pack("<64f", *[float("nan")] * 64)
PATTERN = {"half": 500, "tenth": 100, "some": 300, "needle": 2, "absent": 0}
PATTERNED = 1_000
SEARCHES = """
import asyncio, sys
from pathlib import Path
from backend.storage.opening import open_database
from backend.storage.stores import sql_stores
from tests.conformance.stores.conftest import BOB
from tests.conformance.stores.test_search_indexes import PUMP, Library

async def main(url):
    stores = sql_stores(open_database(url))
    await stores.users.add(BOB)
    library = Library(stores, Path("nowhere"))
    await library.take(PUMP)
    print(*await library.ask("how often does the pump need oil", top_k=1))
    await library.indexes.aclose()
    await stores.aclose()
    print("faiss:", "faiss" in sys.modules)

asyncio.run(main(sys.stdin.readline().strip()))
"""


@pytest.fixture
def url(migrated_postgres) -> Iterator[str]:
    """An empty database without a schema."""
    with postgres_copy(migrated_postgres) as made:
        yield made


@pytest.fixture
def migrated(migrated_postgres) -> Iterator[str]:
    """An empty database with the newest schema."""
    with postgres_copy(migrated_postgres, "empty") as made:
        yield made


@asynccontextmanager
async def opened(
    url: str, tmp_path, *, users=(ANN, BOB), index_above: int = 0
) -> AsyncIterator[Library]:
    """Open a database and add users to it."""
    stores = sql_stores(PostgresDatabase(url), index_above=index_above)
    library = Library(stores, tmp_path)
    try:
        for user in users:
            await stores.users.add(user)
        yield library
    finally:
        await library.indexes.aclose()
        await stores.aclose()


async def test_documents_of_an_older_schema_are_found_after_the_upgrade(url, tmp_path):
    """By their words and their vectors; what is no vector is left to be embedded again."""
    migrate_postgres(url, head=BEFORE)
    async with opened(url, tmp_path) as library:
        pump = await of_old(library, url, PUMP)
        garden = await of_old(library, url, GARDEN, vector=NO_VECTOR)
        await of_old(library, url, PUMP, user_id=ANN.id)
    migrate_postgres(url)

    async with opened(url, tmp_path, users=()) as library:
        space = await library.embedder.space()
        lacking = library.stores.documents.unembedded
        assert await lacking(pump.document.id, space.id, limit=9) == []
        assert len(await lacking(garden.document.id, space.id, limit=9)) == 2
        cosines = await library.indexes.ask(
            BOB.id, space, nearest_to(library.embedder.vector("pump oil"))
        )
        assert len(cosines) == 2
        assert max(cosines.values()) > 0.2
        assert (await library.ask("how often does the pump need oil"))[0].startswith(
            "The pump needs"
        )
        library.embedder.failure = "The provider is down."
        assert "fountain is cleaned" in (await library.ask("fountain"))[0]
        assert await library.ask("fountain", ANN.id) == []


async def test_a_server_without_pgvector_is_told_what_is_missing(url):
    """Nothing of the upgrade is left in the database then."""
    migrate_postgres(url, head=BEFORE)
    nowhere = "SET extension_control_path TO '/nowhere'"
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} {nowhere}".encode())
    with pytest.raises(MigrationFailed, match="lacks the extension pgvector"):
        migrate_postgres(url)
    assert postgres_revision(url) == BEFORE


async def test_a_role_that_may_not_create_pgvector_is_told_who_can(url):
    """Once a superuser has created it, the same start succeeds."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("GRANT CREATE ON SCHEMA public TO plain")
        try:
            plain = url.replace("postgres:@", "plain:@")
            with pytest.raises(MigrationFailed, match="superuser run CREATE EXTENSION vector"):
                migrate_postgres(plain)
            connection.execute("CREATE EXTENSION vector")
            migrate_postgres(plain)
            assert postgres_revision(plain) == HEAD
        finally:
            connection.execute("DROP OWNED BY plain")
            connection.execute("DROP ROLE plain")


async def test_an_index_is_made_used_and_removed_when_there_is_to_be_none(migrated, tmp_path):
    """What is found is the same with it and without."""
    async with opened(migrated, tmp_path, index_above=1) as library:
        await library.take(PUMP)
        await library.take(GARDEN)
        without = await library.ask("how often does the pump need oil")
        await library.indexes.made()
        assert indexes(migrated) == [True]
        assert await library.ask("how often does the pump need oil") == without
    async with opened(migrated, tmp_path, users=()) as library:
        await library.indexes.sweep()
        assert indexes(migrated) == []
        assert await library.ask("how often does the pump need oil") == without


async def test_no_index_is_made_for_who_has_little_of_all_vectors(migrated, tmp_path):
    """It would look at others' first, and everybody would pay for it at each upload."""
    async with opened(migrated, tmp_path, index_above=1) as library:
        await library.take(PUMP)
        await library.take(GARDEN)
        with psycopg.connect(migrated, autocommit=True) as connection:
            connection.execute(
                "UPDATE pg_class SET reltuples = 1000 WHERE relname = 'chunk_vectors'"
            )
        assert await library.ask("how often does the pump need oil")
        await library.indexes.made()
        assert indexes(migrated) == []


async def test_closing_ends_the_making_of_an_index(migrated, tmp_path):
    """It waits for others that write; the next server that needs the index makes it anew."""
    with psycopg.connect(migrated) as writing:
        async with opened(migrated, tmp_path, index_above=1) as library:
            await library.take(PUMP)
            await library.take(GARDEN)
            writing.execute("LOCK TABLE chunk_vectors IN ROW EXCLUSIVE MODE")
            await library.ask("pump")
            await until(lambda: indexes_once(migrated), lambda found: found == [False])
            async with asyncio.timeout(30):
                await library.indexes.aclose()
        assert indexes(migrated) == [False]
    async with opened(migrated, tmp_path, users=(), index_above=1) as library:
        assert (await library.ask("how often does the pump need oil"))[0].startswith(
            "The pump needs"
        )
        await library.indexes.made()
        assert indexes(migrated) == [True]


async def test_a_search_walks_through_no_table_of_all_users(migrated, tmp_path):
    """Whatever the planner believes of tables as small as these."""
    async with opened(migrated, tmp_path) as library:
        for words in (PUMP, GARDEN):
            await library.take(words)
            await library.take(words, ANN.id)
        with psycopg.connect(migrated, autocommit=True) as connection:
            connection.execute("ANALYZE chunk_vectors, chunks, documents")
        space = await library.embedder.space()
        question = Question(
            groups=(("pump",), ("oil",)),
            silent=frozenset(),
            vector=library.embedder.vector("pump oil"),
            within=None,
        )

        def ranked(words: WordIndex, meaning: MeaningIndex | None) -> list[RankedChunk]:
            return rank(words, meaning, question)

        database: PostgresDatabase = library.stores.documents._database
        before = await database.read(walks)
        assert await library.indexes.ask(BOB.id, space, ranked)
        assert await database.read(walks) == before


async def test_common_words_of_a_large_library_are_known_from_a_sample(migrated, tmp_path):
    """Wherever in the documents they stand, near what counting gives; words that are rarer are counted."""
    async with opened(migrated, tmp_path) as library:
        await patterned(library)
        sampling = Sampling(above=PATTERNED - 1, size=200, least=10)
        asked = await frequencies(library, sampling)
        assert (asked["needle"], asked["absent"]) == (PATTERN["needle"], 0)
        common = {word: asked[word] for word in ("half", "tenth", "some")}
        assert common == pytest.approx({word: PATTERN[word] for word in common}, abs=60)
        assert common != {word: PATTERN[word] for word in common}
        assert await frequencies(library, sampling) == asked


async def test_words_of_a_smaller_library_are_counted(migrated, tmp_path):
    """Every one, up to the bound."""
    async with opened(migrated, tmp_path) as library:
        await patterned(library)
        asked = await frequencies(library, Sampling(above=PATTERNED, size=200, least=10))
        assert asked == PATTERN


async def test_a_sample_of_everything_says_what_counting_does(migrated, tmp_path):
    """Of words of any spelling, as they are asked for; what others have is not in it."""
    everything = Sampling(above=0, size=10**6, least=1)
    async with opened(migrated, tmp_path) as library:
        await library.take("C++ and it's \\ INV-2024-7 & | ! Zürich 東京都 " + "x" * 90)
        await library.take(f"{PUMP} {GARDEN}")
        await library.take("zebra77", ANN.id)
        rows = await library.stores.documents._database.read(lexical_rows, BOB.id)
        held = Counter(word for row in rows for word in {*row.body, *row.context})
        assert {"c++", "東京", "pump"} <= held.keys()
        assert await frequencies(library, everything, held) == held
        capped = {word: min(number, len(rows) // 2 + 1) for word, number in held.items()}
        assert await frequencies(library, SAMPLING, held) == capped
        assert await frequencies(library, everything, ["zebra77"]) == {"zebra77": 0}


def test_a_server_on_postgresql_loads_no_faiss(migrated):
    """It searches without: what is loaded costs memory in every server."""
    command = [sys.executable, "-c", SEARCHES]
    done = subprocess.run(command, input=migrated, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("The pump needs oil twice a year.")
    assert done.stdout.endswith("faiss: False\n")


async def of_old(
    library: Library, url: str, words: str, *, user_id: str = BOB.id, vector: bytes = b""
) -> File:
    """Have a document as the older schema keeps it; `vector` stands in for all of its vectors."""
    library.number += 1
    file = await add(library.stores, library.number, user_id=user_id, filename="a.txt")
    await library.read(file, words)
    space = await library.embedder.space()
    await library.stores.spaces.begin(space.id, dimensions=space.dimensions)
    some = await library.stores.documents.unembedded(file.document.id, space.id, limit=9)
    with psycopg.connect(url, autocommit=True) as connection:
        for chunk, part in some:
            row = (chunk.id, space.id, vector or library.embedder.vector(part).tobytes())
            connection.execute("INSERT INTO chunk_vectors VALUES (%s, %s, %s)", row)
    await library.finish(file)
    return file


async def patterned(library: Library) -> None:
    """Have ten documents of a hundred chunks each, with the words of `PATTERN`."""
    for document in range(10):
        file = await add(library.stores, document + 1, user_id=BOB.id)
        words = {
            at: (
                *(["half"] if at < 50 else []),
                *(["tenth"] if at % 10 == 0 else []),
                *(["some"] if document < 3 else []),
                *(["needle"] if (document, at) in {(5, 3), (7, 98)} else []),
            )
            for at in range(100)
        }
        read = ReadDocument(
            kind="text",
            title="title",
            language="en",
            pages=[TextPage(number=1, page=None, start=0, end=100, text="x" * 100)],
            chunks=[
                Chunk(start=at, end=at + 1, lexemes=LexicalRow(language="en", body=body).written())
                for at, body in words.items()
            ],
        )
        assert await library.stores.documents.keep_text(file.document.id, read, now_ms=1)
        await library.finish(file)


async def frequencies(
    library: Library, sampling: Sampling, asked: Iterable[str] = PATTERN
) -> Mapping[str, int]:
    """Ask in how many chunks words are, as many at once as a question may have."""
    indexes = PostgresIndexes(library.stores.documents._database, sampling=sampling)
    groups = [(word,) for word in asked]
    found = await indexes.ask(BOB.id, None, lambda words, _: words.propose(groups, limit=9))
    await indexes.aclose()
    return found.frequencies


def lexical_rows(connection: Connection, user_id: str) -> list[LexicalRow]:
    found = text("SELECT lexemes FROM chunks WHERE user_id = :owner")
    return [lexical_row(one) for one in connection.execute(found, {"owner": user_id}).scalars()]


def nearest_to(vector: NDArray[np.float32]) -> Callable[[Any, Any], Mapping[int, float]]:
    return lambda _, meaning: meaning.search(vector, limit=9)


def walks(connection: Connection) -> dict[str, int]:
    """Count how often what all users share was read from one end to the other, over the one connection there is."""
    connection.execute(text("SELECT pg_stat_force_next_flush()"))
    found = connection.execute(
        text("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname LIKE 'chunk%'")
    )
    return {row[0]: row[1] for row in found}


def indexes(url: str) -> list[bool]:
    """Tell of each index of vectors whether it is complete."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid::regclass::text LIKE '%chunk_vectors_near%'"
        )
        return [row[0] for row in found]


async def indexes_once(url: str) -> list[bool]:
    return await asyncio.to_thread(indexes, url)
