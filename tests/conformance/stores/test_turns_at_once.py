"""Many turns at once from two servers on one PostgreSQL: nobody is refused, and nothing is counted twice."""

from __future__ import annotations

import asyncio

import pytest

from backend.ports.stores import Conversation, Run, StoredMessage, User
from backend.storage.postgres_database import PostgresDatabase
from backend.storage.stores import Stores, sql_stores
from tests.fakes.sql_databases import postgres_copy

TURNS = 120


async def _turn(stores: Stores, user_id: str, number: int) -> None:
    conversation, run_id = f"conv_{number}", f"run_{number}"
    it = Conversation(id=conversation, user_id=user_id, created_at_ms=1, updated_at_ms=1)
    await stores.conversations.create(it)
    run = Run(
        id=run_id,
        user_id=user_id,
        conversation_id=conversation,
        model="m",
        route="chat",
        state="running",
        started_at_ms=1,
    )
    await stores.conversations.begin_turn(run, [_said(run, "user")], title_if_empty="A talk")
    trace = {"usage": {"prompt_tokens": 2, "completion_tokens": 3}}
    done = Run(
        id=run_id,
        user_id=user_id,
        conversation_id=conversation,
        model="m",
        route="chat",
        state="completed",
        trace=trace,
        started_at_ms=1,
        finished_at_ms=2,
    )
    # A second end of the same run, as of a server that was taken for dead, changes nothing.
    ends = (stores.conversations.end_turn(done, [_said(run, "assistant")]) for _ in range(2))
    await asyncio.gather(*ends)


def _said(run: Run, role: str) -> StoredMessage:
    return StoredMessage(
        id=f"msg_{run.id}_{role}",
        conversation_id=run.conversation_id or "",
        message={"role": role, "content": "Hi"},  # type: ignore[typeddict-item]
        run_id=run.id,
        created_at_ms=1,
    )


@pytest.mark.parametrize("owners", [1, 30])
async def test_turns_of_one_and_of_many_users_end_and_are_counted_once(
    migrated_postgres: str, owners: int
) -> None:
    """Sums of a user are one row that all of their turns change."""
    with postgres_copy(migrated_postgres, "empty") as url:
        databases = [PostgresDatabase(url) for _ in range(2)]
        servers = [sql_stores(one) for one in databases]
        users = [f"user_{number}" for number in range(owners)]
        for number, user_id in enumerate(users):
            user = User(id=user_id, username=f"u{number}", password_hash="x")
            await servers[0].users.add(user)
        await asyncio.gather(
            *(_turn(servers[at % 2], users[at % owners], at) for at in range(TURNS))
        )
        used = await servers[0].usage.by_user(since_day=0)
        kept = [
            await servers[1].conversations.get(users[at % owners], f"conv_{at}")
            for at in range(TURNS)
        ]
        said = await servers[1].conversations.messages(users[0], "conv_0")
        for one in servers:
            await one.aclose()
    assert sum(one.runs for one in used) == TURNS
    assert sum(one.completion_tokens for one in used) == 3 * TURNS
    assert {one.active_run_id if one else "lost" for one in kept} == {None}
    assert [one.message["role"] for one in said] == ["user", "assistant"]
