"""What every adapter of the ArtifactStore port does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import Conflict, QuotaExceeded
from backend.ports.artifacts import Artifact
from backend.ports.stores import Conversation

CHART = Artifact(
    id="art_1",
    user_id="user_bob",
    run_id="run_1",
    conversation_id=None,
    filename="chart.png",
    media_type="image/png",
    size_bytes=100,
    sha256="0" * 64,
    created_at_ms=10,
)
PLENTY = 1_000_000


async def test_an_artifact_is_found_by_its_owner_alone(stores):
    """Another user's id answers like a missing one."""
    await stores.artifacts.add(CHART, max_bytes=PLENTY)
    assert await stores.artifacts.get("user_bob", "art_1") == CHART
    assert await stores.artifacts.get("user_ann", "art_1") is None
    assert await stores.artifacts.of_anybody("art_1") == CHART
    assert await stores.artifacts.of_anybody("art_2") is None


async def test_a_listing_is_the_owners_newest_first_and_can_keep_to_a_run(stores):
    """Artifacts of the same millisecond are ordered by id."""
    later = replace(CHART, id="art_2", created_at_ms=11)
    same = replace(CHART, id="art_3", run_id="run_2")
    foreign = replace(CHART, id="art_4", user_id="user_ann")
    for one in (CHART, later, same, foreign):
        await stores.artifacts.add(one, max_bytes=PLENTY)
    assert list(await stores.artifacts.list("user_bob")) == [later, same, CHART]
    assert list(await stores.artifacts.list("user_bob", run_id="run_1")) == [later, CHART]
    assert list(await stores.artifacts.list("user_bob", limit=1)) == [later]
    assert await stores.artifacts.ids() == {
        "user_bob": frozenset({"art_1", "art_2", "art_3"}),
        "user_ann": frozenset({"art_4"}),
    }
    assert await stores.artifacts.ids("user_ann") == {"user_ann": frozenset({"art_4"})}
    assert await stores.artifacts.ids("user_nobody") == {}


async def test_what_one_user_keeps_is_bounded(stores):
    """The bound is the user's own, and a deleted file makes room."""
    await stores.artifacts.add(CHART, max_bytes=150)
    with pytest.raises(QuotaExceeded):
        await stores.artifacts.add(replace(CHART, id="art_2"), max_bytes=150)
    await stores.artifacts.add(replace(CHART, id="art_3", user_id="user_ann"), max_bytes=150)
    assert await stores.artifacts.delete("user_ann", "art_1") is False
    assert await stores.artifacts.delete("user_bob", "art_1") is True
    await stores.artifacts.add(replace(CHART, id="art_2"), max_bytes=150)


async def test_artifacts_go_with_their_conversation_and_their_user(stores):
    """Nothing of an erased conversation or account is left."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    await stores.artifacts.add(replace(CHART, conversation_id="conv_1"), max_bytes=PLENTY)
    await stores.artifacts.add(replace(CHART, id="art_2"), max_bytes=PLENTY)
    await stores.conversations.delete("user_bob", "conv_1")
    assert await stores.artifacts.get("user_bob", "art_1") is None
    await stores.users.delete("user_bob")
    assert await stores.artifacts.get("user_bob", "art_2") is None


async def test_an_artifact_of_nobody_is_refused(stores):
    """Its user or conversation was erased while the tool worked."""
    with pytest.raises(Conflict):
        await stores.artifacts.add(replace(CHART, user_id="user_gone"), max_bytes=PLENTY)
    with pytest.raises(Conflict):
        await stores.artifacts.add(replace(CHART, conversation_id="conv_gone"), max_bytes=PLENTY)


async def test_old_artifacts_are_forgotten(stores):
    """What was made before the given time goes."""
    later = replace(CHART, id="art_2", created_at_ms=20)
    for one in (CHART, later):
        await stores.artifacts.add(one, max_bytes=PLENTY)
    assert await stores.artifacts.prune(20) == 1
    assert list(await stores.artifacts.list("user_bob")) == [later]
