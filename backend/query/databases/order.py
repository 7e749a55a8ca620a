"""What a child process is asked to do, and the failures it knows. Not for: doing it (`child`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Action = Literal["look", "schema", "query"]

# What SQLAlchemy calls a database: what people and the guard call it, and the package of its driver.
_KINDS = {
    "postgresql": ("PostgreSQL", "postgres", "psycopg[binary]"),
    "mysql": ("MySQL", "mysql", "pymysql"),
    "mariadb": ("MariaDB", "mysql", "pymysql"),
    "sqlite": ("SQLite", "sqlite", ""),
    "mssql": ("SQL Server", "tsql", ""),
    "oracle": ("Oracle", "oracle", ""),
    "cockroachdb": ("CockroachDB", "postgres", ""),
    "redshift": ("Redshift", "redshift", ""),
    "snowflake": ("Snowflake", "snowflake", ""),
    "bigquery": ("BigQuery", "bigquery", ""),
    "clickhouse": ("ClickHouse", "clickhouse", ""),
    "clickhousedb": ("ClickHouse", "clickhouse", ""),
    "trino": ("Trino", "trino", ""),
}
# What hosts write into their addresses.
_SPELLINGS = {"postgres": "postgresql"}
_ENFORCED = frozenset({"postgresql", "mysql", "mariadb", "sqlite"})


class Unreachable(Exception):
    """It cannot be asked now; the message says why without naming its address."""


class DriverMissing(Unreachable):
    """What speaks with such a database is not installed; the message says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What sort of database an address leads to; `enforced` when its engine keeps writing out."""

    backend: str
    label: str
    dialect: str
    package: str
    enforced: bool


def kind_of(url: str) -> Kind:
    """Tell the sort of database from its address; Unreachable when no guard speaks its language."""
    try:
        named = make_url(url).get_backend_name()
    except ArgumentError as exc:
        raise Unreachable("its address is not one of a database") from exc
    backend = _SPELLINGS.get(named, named)
    if backend not in _KINDS:
        shown = re.sub(r"\W", "", backend)[:30]
        msg = f"databases of the kind {shown} are not supported"
        raise Unreachable(msg)
    label, dialect, package = _KINDS[backend]
    return Kind(
        backend=backend,
        label=label,
        dialect=dialect,
        package=package,
        enforced=backend in _ENFORCED,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing to do with one database; the address is a secret."""

    action: Action
    url: str
    schemas: tuple[str, ...] = ()
    sql: str = ""
    max_rows: int = 100
    max_bytes: int = 1_000_000
    timeout_s: float = 20.0

    @classmethod
    def of(cls, call: dict[str, Any]) -> Order:
        """Read it from the JSON that `dataclasses.asdict` made of it."""
        return replace(cls(**call), schemas=tuple(call["schemas"]))

    def __repr__(self) -> str:
        """Leave the address out."""
        return f"Order({self.action!r})"
