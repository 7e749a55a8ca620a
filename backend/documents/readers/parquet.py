"""Takes Parquet files in: what can be searched are their columns; the rows are asked by SQL."""

from __future__ import annotations

from pathlib import PurePath

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source, Unreadable

KIND = "parquet"
LABEL = "Parquet"

_MOST_COLUMNS = 5_000
_ASKED = "The rows are not searched; ask them with sql_query or data_analysis."


def read(source: Source) -> Extracted:
    """Give the columns with their types, and the number of rows."""
    import duckdb  # noqa: PLC0415 - lazy: document readers

    with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "256MB"}) as connection:
        try:
            path = str(source.path).replace("'", "''")
            columns = connection.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()
            counted = connection.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchone()  # noqa: S608
        except duckdb.Error as exc:
            raise Unreadable("The Parquet file is damaged.") from exc
    rows = counted[0] if counted else 0
    builder = TextBuilder(source.limits)
    builder.add(f"Table {PurePath(source.filename).stem}: Parquet file with {rows} rows")
    for name, kind, *_ in columns[:_MOST_COLUMNS]:
        builder.add(f"Column {name}: {kind}", "record")
    return builder.build(note=_ASKED)
