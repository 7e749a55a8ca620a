"""What every adapter of the UserStore port does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.errors import Conflict, StewardError
from backend.ports.audit import ToolAudit
from backend.ports.stores import ApiKey, Conversation, RefreshToken, Run, StoredMessage, User


async def _ann(stores) -> User:
    return await stores.users.by_name("ann")


async def _bob(stores) -> User:
    return await stores.users.by_name("bob")


async def test_a_user_is_found_by_id_and_by_name(stores):
    """What was added comes back whole."""
    user = User(
        id="user_1",
        username="Zoë",
        password_hash="h",
        role="user",
        disabled=True,
        token_version=3,
        created_at_ms=7,
    )
    await stores.users.add(user)
    assert await stores.users.get("user_1") == user
    assert await stores.users.by_name("Zoë") == user
    assert await stores.users.get("user_2") is None
    assert await stores.users.by_name("nobody") is None


@pytest.mark.parametrize("spelling", ["ann", "ANN", "\uff21\uff2e\uff2e"])
async def test_names_are_one_whatever_their_case_and_width(stores, spelling):
    """A name in another spelling finds the same account and cannot be taken again."""
    assert (await stores.users.by_name(spelling)).id == "user_ann"
    with pytest.raises(Conflict) as refused:
        await stores.users.add(User(id="user_x", username=spelling, password_hash="h"))
    assert refused.value.param == "username"


async def test_an_id_cannot_be_taken_twice(stores):
    """Adding the same id again is a conflict and changes nothing."""
    with pytest.raises(Conflict):
        await stores.users.add(User(id="user_ann", username="other", password_hash="h"))
    assert (await stores.users.get("user_ann")).username == "Ann"


async def test_users_are_listed_oldest_first_and_counted(stores):
    """The listing follows the time of creation."""
    await stores.users.add(User(id="user_0", username="old", password_hash="h", created_at_ms=0))
    assert [it.id for it in await stores.users.list()] == ["user_0", "user_ann", "user_bob"]
    assert await stores.users.count() == 3


async def test_only_the_given_fields_change(stores):
    """An update leaves the rest alone and returns the whole account."""
    bob = await _bob(stores)
    changed = await stores.users.update(bob.id, password_hash="new", end_tokens=True)
    assert changed == replace(bob, password_hash="new", token_version=bob.token_version + 1)
    assert await stores.users.update(bob.id, disabled=True) == replace(changed, disabled=True)
    assert await stores.users.update(bob.id) == replace(changed, disabled=True)
    assert await stores.users.update("user_none", disabled=True) is None


async def test_the_last_enabled_administrator_stays(stores):
    """It cannot be disabled, demoted or deleted while no other enabled administrator exists."""
    ann = await _ann(stores)
    await stores.users.update("user_bob", role="admin", disabled=True)
    for attempt in (
        stores.users.update(ann.id, role="user"),
        stores.users.update(ann.id, disabled=True),
        stores.users.delete(ann.id),
    ):
        with pytest.raises(Conflict):
            await attempt
    assert await _ann(stores) == ann
    await stores.users.update("user_bob", disabled=False)
    assert await stores.users.delete(ann.id) is True


async def test_two_administrators_cannot_remove_each_other_at_once(stores):
    """Of two simultaneous demotions one is refused."""
    await stores.users.update("user_bob", role="admin")
    outcomes = await asyncio.gather(
        stores.users.update("user_ann", role="user"),
        stores.users.update("user_bob", role="user"),
        return_exceptions=True,
    )
    assert [type(it) for it in outcomes].count(Conflict) == 1
    assert sum(it.role == "admin" for it in await stores.users.list()) == 1


async def test_a_disabled_administrator_can_be_deleted(stores):
    """The rule protects enabled administrators only."""
    await stores.users.update("user_bob", role="admin", disabled=True)
    assert await stores.users.delete("user_bob") is True
    assert await stores.users.delete("user_bob") is False


async def test_deleting_a_user_erases_all_that_is_its_and_nothing_else(stores):
    """Keys, sessions, conversations, messages, runs and audit rows go with the account."""
    for owner in ("ann", "bob"):
        await _fill(stores, f"user_{owner}", owner)
    await stores.users.delete("user_bob")
    assert await _left(stores, "user_bob", "bob") == [0, 0, 0, 0, 0, 0, 0, 0]
    assert await _left(stores, "user_ann", "ann") == [1, 1, 1, 1, 1, 1, 1, 1]


async def _fill(stores, user_id, mark) -> None:
    await stores.keys.add(
        ApiKey(id=f"key_{mark}", user_id=user_id, name="k", hash=f"kh_{mark}", hint="h")
    )
    await stores.refresh_tokens.add(
        RefreshToken(
            id=f"refresh_{mark}",
            user_id=user_id,
            family=f"family_{mark}",
            hash=f"rh_{mark}",
            created_at_ms=1,
            expires_at_ms=100,
        )
    )
    await stores.conversations.create(Conversation(id=f"conv_{mark}", user_id=user_id))
    run = Run(
        id=f"run_{mark}",
        user_id=user_id,
        conversation_id=f"conv_{mark}",
        model="m",
        route="chat",
        state="running",
    )
    said = StoredMessage(
        id=f"msg_{mark}",
        conversation_id=f"conv_{mark}",
        message={"role": "user", "content": "hi"},
    )
    await stores.conversations.begin_turn(run, [said], title_if_empty="hi")
    await stores.runs.save(replace(run, id=f"lone_{mark}", conversation_id=None))
    await stores.audit.add(
        ToolAudit(
            id=f"audit_{mark}",
            user_id=user_id,
            run_id=run.id,
            tool="math_calc",
            arguments={},
            outcome="ok",
            duration_ms=1,
            result_bytes=1,
            created_at_ms=1,
        )
    )


async def _left(stores, user_id, mark) -> list[int]:
    found = [
        await stores.users.get(user_id),
        await stores.keys.find(f"kh_{mark}"),
        await stores.refresh_tokens.use(f"rh_{mark}", 5),
        await stores.conversations.get(user_id, f"conv_{mark}"),
        await stores.runs.get(user_id, f"run_{mark}"),
        await stores.runs.get(user_id, f"lone_{mark}"),
    ]
    counts = [int(it is not None) for it in found]
    counts.append(len(await stores.conversations.messages(user_id, f"conv_{mark}")))
    counts.append(len(await stores.audit.list(user_id)))
    return counts


async def test_nothing_can_be_given_to_a_user_who_does_not_exist(stores):
    """A row of a deleted account is refused as a reported failure, not a crash."""
    with pytest.raises(StewardError):
        await stores.conversations.create(Conversation(id="conv_x", user_id="user_gone"))
    with pytest.raises(StewardError):
        await stores.keys.add(ApiKey(id="k", user_id="user_gone", name="", hash="h", hint=""))
