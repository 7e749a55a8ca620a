"""The rows of one user, read for an archive and written for another account.

Every table has its rule in `RULES`; a test holds it against the tables there are. What is made anew
(chunks, vectors, jobs) and what belongs to one server (log-ins, waiting runs) stays behind: documents
are read again from their files. Ids may be given anew, wherever they stand; ids of citations and links
hold the ids of files, and change with them. Not for: files and archives (`bootstrap.moving_users`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select

from backend.errors import Conflict, InvalidRequest
from backend.kit.folding import fold
from backend.kit.ids import new_id
from backend.storage.row_copies import Row, rows_of, write_rows
from backend.storage.tables import ROW_NUMBER, users
from backend.storage.whole_metadata import METADATA

# moved: as it stands. told: in the archive for its reader, and not taken in from one. left: not in it.
Rule = Literal["moved", "told", "left"]
RULES: Mapping[str, Rule] = {
    "users": "left",  # written apart, without what proves who somebody is
    "conversations": "moved",
    "runs": "moved",
    "messages": "moved",
    "usage": "moved",
    "tool_audit": "moved",
    "artifacts": "moved",
    "answers": "moved",
    "documents": "moved",
    "files": "moved",
    "vector_stores": "moved",
    "vector_store_files": "moved",
    "vector_store_batches": "moved",
    "answer_files": "moved",
    "run_files": "moved",
    "api_keys": "told",
    "approvals": "told",
    "refresh_tokens": "left",
    "login_failures": "left",
    "paused_runs": "left",
    "document_pages": "left",
    "chunks": "left",
    "chunk_vectors": "left",
    "document_jobs": "left",
    "libraries": "left",
    "embedding_spaces": "left",
    "resumable_runs": "left",
    "keyed_requests": "left",
    "budgets": "left",
    "budget_counts": "left",
    "budget_holds": "left",
    "rate_levels": "left",
    "kept_answers": "left",
    "credentials": "left",
    "log_lines": "left",
    "servers": "left",
    "run_journal": "left",
    "performance": "left",
    "model_performance": "left",
}
# What proves who somebody is, or is made anew.
_SECRET = {"api_keys": ("hash", "hint")}
_HEX = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_STAMP = 12  # digits of an id that tell when it was made; they stay
_UNREAD: Mapping[str, Any] = {
    "state": "queued", "progress": 0.0, "pages": 0, "chars": 0, "chunks": 0, "revision": 0,
    "next_revision": None, "reason": "", "note": "", "details": {}, "title": "", "language": "", "kind": "",
}  # fmt: skip


def told_tables() -> list[Table]:
    """List the tables of which an archive holds rows, in the order in which they can be written."""
    return [one for one in METADATA.sorted_tables if RULES.get(one.name, "left") != "left"]


def moved_tables() -> list[Table]:
    """List the tables whose rows are taken in from an archive."""
    return [one for one in told_tables() if RULES[one.name] == "moved"]


def rows_of_user(connection: Connection, table: Table, user_id: str) -> Iterator[Row]:
    """Read a user's rows of a table."""
    hidden = {*_SECRET.get(table.name, ()), *_numbers(table)}
    for row in rows_of(connection, table, where=_mine(table, user_id)):
        yield {name: value for name, value in row.items() if name not in hidden}


def _numbers(table: Table) -> list[str]:
    """Name the columns that a database numbers by itself."""
    return [one.name for one in table.primary_key.columns if one.type is ROW_NUMBER]


def _mine(table: Table, user_id: str) -> ColumnElement[bool]:
    """Say which rows are a user's: by the column, or by the rows they hang on."""
    if "user_id" in table.c:
        return table.c.user_id == user_id
    key = next(one for one in table.foreign_keys if "user_id" in one.column.table.c)
    parent = key.column.table
    return key.parent.in_(select(key.column).where(parent.c.user_id == user_id))


def with_new_ids(lines: Iterable[bytes], given: dict[bytes, bytes]) -> Iterator[bytes]:
    """Replace ids by new ones wherever they stand in lines; `given` holds old and new hex digits."""

    def new(found: re.Match[bytes]) -> bytes:
        return given.get(found[0], found[0])

    for line in lines:
        yield _HEX.sub(new, line)


def new_digits(ids: Collection[str]) -> dict[bytes, bytes]:
    """Draw new random digits for ids of ours; the time they tell stays, and so does their order."""
    found = [_HEX.search(one.encode()) for one in ids]
    return {it[0]: it[0][:_STAMP] + secrets.token_hex(10).encode() for it in found if it}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An account to be made, and its rows by table."""

    user_id: str
    username: str
    password_hash: str
    role: str
    created_at_ms: int
    rows: Mapping[str, Sequence[Row]]
    now_ms: int


def clashes(connection: Connection, user_id: str, ids: Mapping[str, Collection[str]]) -> bool:
    """Tell whether any id of an archive is taken here."""
    if _taken(connection, users, [user_id]):
        return True
    return any(_taken(connection, METADATA.tables[table], some) for table, some in ids.items())


def _taken(connection: Connection, table: Table, ids: Collection[str]) -> bool:
    listed, at_once = list(ids), 500
    parts = (listed[at : at + at_once] for at in range(0, len(listed), at_once))
    counted = (
        connection.execute(select(func.count()).where(table.c.id.in_(part))).scalar_one()
        for part in parts
    )
    return any(counted)


def take_in(connection: Connection, arrival: Arrival) -> None:
    """Make the account with its rows; run inside a transaction, it happens whole or not at all.

    Raises:
        Conflict: when the name is taken.
        InvalidRequest: when rows are not of this version's form, or lead to what is not theirs.
    """
    named = users.c.username_key == fold(arrival.username)
    if connection.execute(select(users.c.id).where(named)).first() is not None:
        msg = f"the name {arrival.username} is taken; give another one by --as"
        raise Conflict(msg)
    account = {
        "id": arrival.user_id,
        "username": arrival.username,
        "username_key": fold(arrival.username),
        "password_hash": arrival.password_hash,
        "role": arrival.role,
        "disabled": False,
        "token_version": 0,
        "created_at_ms": arrival.created_at_ms,
    }
    connection.execute(insert(users), account)
    for table in moved_tables():
        rows = [_fitted(table, row, arrival) for row in arrival.rows.get(table.name, ())]
        _keep_to_their_own(table, rows, arrival)
        write_rows(connection, table, rows)
    _have_read(connection, arrival)


def _fitted(table: Table, row: Row, arrival: Arrival) -> Row:
    """Give a row to its new owner, as it is where nothing runs and nothing is indexed yet."""
    wanted = {one.name for one in table.c if one.computed is None} - set(_numbers(table))
    if row.keys() != wanted:
        odd = ", ".join(sorted(row.keys() ^ wanted))
        msg = f"rows of {table.name} are of another version of Steward ({odd})"
        raise InvalidRequest(msg)
    fitted = {**row, **({"user_id": arrival.user_id} if "user_id" in wanted else {})}
    change: Callable[[Row], Row] = _CHANGES.get(table.name, dict)
    return change(fitted)


def _stopped(row: Row) -> Row:
    """End a run; what it would begin again from is left out: an archive is anybody's to write."""
    trace: Any = row["trace"]
    told = cast("Row", trace) if isinstance(trace, dict) else {}
    row = {**row, "trace": {name: it for name, it in told.items() if name != "resume"}}
    over = row["state"] not in {"running", "waiting"}
    finished = row["finished_at_ms"] or row["started_at_ms"]
    return row if over else {**row, "state": "interrupted", "finished_at_ms": finished}


def _told_of(row: Row) -> Row:
    """End a call: one that was only asked about was never made, one that had begun may have been."""
    ends = {"asked": "denied", "started": "unknown"}
    return {**row, "outcome": ends.get(row["outcome"], row["outcome"])}


def _unread(row: Row) -> Row:
    """Have a document read again, unless it was kept unread on purpose or never could be read.

    One that could not be read anew was found by its older reading, and is to be found again.
    """
    if not row["revision"] and row["state"] in {"ready", "failed"}:
        return {**row, "next_revision": None}
    return {**row, **_UNREAD}


_CHANGES: Mapping[str, Callable[[Row], Row]] = {
    "conversations": lambda row: {**row, "active_run_id": None},
    "messages": lambda row: (
        {**row, "state": "interrupted"} if row["state"] in {"running", "waiting"} else row
    ),
    "runs": _stopped,
    "tool_audit": _told_of,
    "documents": _unread,
}


def _keep_to_their_own(table: Table, rows: Sequence[Row], arrival: Arrival) -> None:
    """Refuse rows that would hang on somebody else's."""
    for key in table.foreign_keys:
        other, name = key.column.table.name, key.parent.name
        if other == "users":
            continue
        there = {one[key.column.name] for one in arrival.rows.get(other, ())}
        if any(row[name] is not None and row[name] not in there for row in rows):
            msg = f"rows of {table.name} lead to {other} that are not in the archive"
            raise InvalidRequest(msg)


def _have_read(connection: Connection, arrival: Arrival) -> None:
    """Queue the documents that are to be read."""
    jobs = METADATA.tables["document_jobs"]
    waiting = [
        one for one in map(_unread, arrival.rows.get("documents", ())) if one["state"] == "queued"
    ]
    rows = [
        {
            "id": new_id("job"),
            "user_id": arrival.user_id,
            "document_id": one["id"],
            "kind": "ingest",
            "attempts": 0,
            "lease_until_ms": None,
            "not_before_ms": 0,
            "created_at_ms": arrival.now_ms,
        }
        for one in waiting
    ]
    write_rows(connection, jobs, rows)
