"""Measure the store of sessions at 100,000 of them, on SQLite and on PostgreSQL: `make bench` prints a table.

    python benchmarks/sessions.py [--sessions 100000] [--rounds 300]

One user in a hundred has a hundredth of the sessions, eight messages each. What the page and a turn ask
for is timed one after the other, as one user would see it; a bare update shows what the disk takes. PostgreSQL is one from PyPI on this machine,
with its settings as they come. Not for: many at once (`load`).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, insert, text, update

from backend.ports.stores import Run, StoredMessage, User
from backend.ports.values import ChatMessage
from backend.storage.database import Database
from backend.storage.opening import open_database
from backend.storage.schema import prepare_database
from backend.storage.stores import sql_stores
from backend.storage.tables import conversations, messages, users
from tests.fakes.sql_databases import empty_postgres, postgres_copy

USERS = 100
MESSAGES = 8
LINE = "A sentence of a conversation about tides, pumps and the oars of a boathouse. " * 5
TARGET_MS = {"SQLite": 5.0, "PostgreSQL": 10.0}


@dataclass(slots=True)
class Times:
    """How long each operation took, in milliseconds, and the CPU of this process for it."""

    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def of(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Time one operation."""
        began, cpu = time.perf_counter(), time.process_time()
        await work()
        self.took[name].append((time.perf_counter() - began) * 1000)
        self.cpu[name].append((time.process_time() - cpu) * 1000)


def session_rows(number: int) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Make the rows of one session."""
    conversation = f"conv_{number:07}"
    session: dict[str, object] = {
        "id": conversation,
        "user_id": f"user_{number % USERS}",
        "active_run_id": None,
        "created_at_ms": number,
        "updated_at_ms": number,
        "title": f"Session {number}",
        "title_key": f"session {number}",
        "metadata": {},
        "head_id": f"msg_{number:07}_{MESSAGES - 1}",
    }
    said: list[dict[str, object]] = [
        {
            "id": f"msg_{number:07}_{at}",
            "conversation_id": conversation,
            "run_id": None,
            "state": "completed",
            "created_at_ms": number,
            "message": {"role": "assistant" if at % 2 else "user", "content": LINE},
            "search_text": LINE.lower(),
            "parent_id": f"msg_{number:07}_{at - 1}" if at else None,
        }
        for at in range(MESSAGES)
    ]
    return session, said


async def fill(database: Database, sessions: int) -> None:
    """Write the users and sessions, 1,000 in a transaction."""

    def some(connection: Connection, first: int, last: int) -> None:
        made = [session_rows(number) for number in range(first, last)]
        connection.execute(insert(conversations), [one for one, _ in made])
        connection.execute(insert(messages), [one for _, said in made for one in said])

    def people(connection: Connection) -> None:
        for number in range(USERS):
            user = User(id=f"user_{number}", username=f"u{number}", password_hash="-")
            row = {name: getattr(user, name) for name in users.c.keys() if name != "username_key"}  # noqa: SIM118 - a column collection is no dict
            connection.execute(insert(users), {**row, "username_key": user.username})

    await database.write(people)
    for first in range(0, sessions, 1_000):
        await database.write(some, first, min(sessions, first + 1_000))
    await database.write(lambda connection: connection.execute(text("ANALYZE")) and None)


async def measure(database: Database, sessions: int, rounds: int) -> Times:
    """Do what the page and a turn do, in sessions chosen by chance."""
    chance = random.Random(7)
    times = Times()
    store = sql_stores(database).conversations
    for number in range(rounds + 20):
        if number == 20:  # connections and statements are prepared by then
            times = Times()
        chosen = chance.randrange(sessions)
        user, conversation = f"user_{chosen % USERS}", f"conv_{chosen:07}"
        await times.of("list newest", partial(store.list, user, limit=50))
        await times.of("open", partial(store.messages, user, conversation))
        run, asked, answered = turn(user, conversation, number)
        await times.of("begin a turn", partial(store.begin_turn, run, [asked], title_if_empty="T"))
        await times.of("end a turn", partial(store.end_turn, ended(run), [answered]))
        await times.of("one bare update", lambda who=user: database.write(bare, who))
    return times


def turn(user: str, conversation: str, number: int) -> tuple[Run, StoredMessage, StoredMessage]:
    """Make a turn of two messages, as a chat does."""
    run = Run(
        id=f"run_{number:07}",
        user_id=user,
        conversation_id=conversation,
        model="model",
        route="chat",
        state="running",
        started_at_ms=number,
    )
    asked = stored(f"msg_q_{number:07}", run, ChatMessage(role="user", content=LINE))
    return (
        run,
        asked,
        stored(f"msg_a_{number:07}", run, ChatMessage(role="assistant", content=LINE)),
    )


def ended(run: Run) -> Run:
    """Make the end of a run."""
    done_ms = run.started_at_ms + 1
    return replace(run, state="completed", finished_at_ms=done_ms, trace={"steps": [LINE]})


def bare(connection: Connection, user: str) -> None:
    """Change one column: what a transaction costs on this disk at least."""
    asked = update(users).where(users.c.id == user)
    connection.execute(asked.values(token_version=users.c.token_version + 1))


def stored(name: str, run: Run, message: ChatMessage) -> StoredMessage:
    """Make a message of a run."""
    return StoredMessage(
        id=name, conversation_id=run.conversation_id or "", message=message, run_id=run.id
    )


def databases(folder: Path) -> Iterator[tuple[str, str]]:
    """Give each kind of database with an address of an empty one."""
    yield "SQLite", f"sqlite+aiosqlite:///{folder}/bench.db"
    with empty_postgres() as server, postgres_copy(server) as url:
        yield "PostgreSQL", url


async def of_one(url: str, sessions: int, rounds: int) -> Times:
    """Fill one database and measure it."""
    await prepare_database(url)
    database = open_database(url)
    try:
        await fill(database, sessions)
        return await measure(database, sessions, rounds)
    finally:
        await database.aclose()


def percentile(values: list[float], share: float) -> float:
    """Give the value below which a share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    """Print the table; say where a target is missed."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--sessions", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=300)
    options = arguments.parse_args()
    out = sys.stdout.write
    out(f"{options.sessions:,} sessions of {MESSAGES} messages, {USERS} users.\n\n")
    out(
        "| database | operation | p50 ms | p95 ms | target p95 ms | CPU ms |\n|---|---|---|---|---|---|\n"
    )
    with tempfile.TemporaryDirectory(prefix="steward-sessions-") as name:
        for kind, url in databases(Path(name)):
            times = asyncio.run(of_one(url, options.sessions, options.rounds))
            for what, took in times.took.items():
                p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
                cpu = sum(times.cpu[what]) / len(took)
                out(
                    f"| {kind} | {what} | {p50:.2f} | {p95:.2f} | {TARGET_MS[kind]:g} | {cpu:.2f} |\n"
                )


if __name__ == "__main__":
    main()
