"""What every adapter of the ConversationStore port does with one conversation and its turns."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.errors import NotFound, QuotaExceeded, SessionBusy
from backend.ports.stores import Conversation, Run, StoredMessage
from backend.storage.quotas import CONVERSATION_CHARS

CONV = Conversation(
    id="conv_1",
    user_id="user_bob",
    metadata={"pinned": True, "tags": ["a"]},
    created_at_ms=10,
    updated_at_ms=10,
)
RUN = Run(
    id="run_1",
    user_id="user_bob",
    conversation_id="conv_1",
    model="llama",
    route="chat",
    state="running",
    started_at_ms=20,
)
ENDED = replace(RUN, state="completed", trace={"steps": []}, events=({"id": 1},), finished_at_ms=30)
QUESTION = StoredMessage(
    id="msg_1",
    conversation_id="conv_1",
    message={"role": "user", "content": [{"type": "text", "text": "How?"}], "x": 1},
    created_at_ms=20,
)
ANSWER = StoredMessage(
    id="msg_2",
    conversation_id="conv_1",
    message={"role": "assistant", "content": "So."},
    run_id="run_1",
    state="completed",
    created_at_ms=30,
)


def chained(*said: StoredMessage) -> list[StoredMessage]:
    """Let each message follow the one before it."""
    parents = [None, *(one.id for one in said)]
    return [replace(one, parent_id=it) for one, it in zip(said, parents, strict=False)]


async def test_a_conversation_comes_back_whole_to_its_owner_only(stores):
    """A foreign id answers like a missing one in every method."""
    await stores.conversations.create(CONV)
    await stores.conversations.begin_turn(RUN, [QUESTION], title_if_empty="How?")
    assert await stores.conversations.get("user_ann", "conv_1") is None
    assert list(await stores.conversations.messages("user_ann", "conv_1")) == []
    assert await stores.conversations.update("user_ann", "conv_1", title="x") is None
    assert await stores.conversations.delete("user_ann", "conv_1") is False
    foreign = replace(RUN, id="run_9", user_id="user_ann")
    with pytest.raises(NotFound):
        await stores.conversations.begin_turn(foreign, [], title_if_empty="x")
    assert await stores.conversations.get("user_bob", "conv_1") == replace(
        CONV, title="How?", active_run_id="run_1", head_id="msg_1", updated_at_ms=20
    )


async def test_a_turn_claims_stores_and_frees_the_conversation(stores):
    """Messages keep their order, the run its end."""
    await stores.conversations.create(CONV)
    await stores.conversations.begin_turn(RUN, [QUESTION], title_if_empty="How?")
    assert await stores.runs.get("user_bob", "run_1") == RUN
    await stores.conversations.end_turn(ENDED, [ANSWER])
    assert await stores.runs.get("user_bob", "run_1") == ENDED
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == chained(
        QUESTION, ANSWER
    )
    assert await stores.conversations.get("user_bob", "conv_1") == replace(
        CONV, title="How?", head_id="msg_2", updated_at_ms=30
    )


async def test_many_messages_of_one_moment_keep_their_order(stores):
    """Neither time stamps nor ids decide."""
    await stores.conversations.create(CONV)
    said = [replace(QUESTION, id=f"msg_{n}") for n in (5, 3, 9, 1)]
    await stores.conversations.begin_turn(RUN, said, title_if_empty="")
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == chained(*said)


async def test_a_title_is_only_set_when_there_is_none(stores):
    """The first message names the conversation, later ones do not."""
    await stores.conversations.create(replace(CONV, title="Mine"))
    await stores.conversations.begin_turn(RUN, [], title_if_empty="Other")
    assert (await stores.conversations.get("user_bob", "conv_1")).title == "Mine"


async def test_a_claimed_conversation_is_busy(stores):
    """The second turn stores nothing."""
    await stores.conversations.create(CONV)
    await stores.conversations.begin_turn(RUN, [QUESTION], title_if_empty="")
    second = replace(RUN, id="run_2")
    with pytest.raises(SessionBusy):
        await stores.conversations.begin_turn(
            second, [replace(QUESTION, id="msg_9")], title_if_empty=""
        )
    assert await stores.runs.get("user_bob", "run_2") is None
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == [QUESTION]
    await stores.conversations.end_turn(ENDED, [])
    await stores.conversations.begin_turn(second, [], title_if_empty="")


async def test_of_fifty_turns_at_once_exactly_one_wins(stores):
    """The others are told that the session is busy."""
    await stores.conversations.create(CONV)
    outcomes = await asyncio.gather(
        *(
            stores.conversations.begin_turn(
                replace(RUN, id=f"run_{n}"), [replace(QUESTION, id=f"m{n}")], title_if_empty=""
            )
            for n in range(50)
        ),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 1
    assert [type(it) for it in outcomes].count(SessionBusy) == 49
    winner = outcomes.index(None)
    stored = await stores.conversations.messages("user_bob", "conv_1")
    assert [it.id for it in stored] == [f"m{winner}"]
    active = (await stores.conversations.get("user_bob", "conv_1")).active_run_id
    assert active == f"run_{winner}"


async def test_a_turn_of_a_missing_conversation_is_not_found(stores):
    """Also one without any conversation."""
    for missing in ("conv_0", None):
        with pytest.raises(NotFound):
            await stores.conversations.begin_turn(
                replace(RUN, conversation_id=missing), [], title_if_empty=""
            )


async def test_ending_a_turn_twice_changes_nothing(stores):
    """Neither messages nor state are written again, and a later claim is left alone."""
    await stores.conversations.create(CONV)
    await stores.conversations.begin_turn(RUN, [], title_if_empty="")
    await stores.conversations.end_turn(ENDED, [ANSWER])
    later = replace(RUN, id="run_2", started_at_ms=40)
    await stores.conversations.begin_turn(later, [], title_if_empty="")
    again = replace(ENDED, state="failed", finished_at_ms=50)
    await stores.conversations.end_turn(again, [replace(ANSWER, id="msg_3")])
    assert await stores.runs.get("user_bob", "run_1") == ENDED
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == [ANSWER]
    assert (await stores.conversations.get("user_bob", "conv_1")).active_run_id == "run_2"


async def test_a_turn_whose_conversation_was_erased_meanwhile_ends_quietly(stores):
    """Nothing of it comes back."""
    await stores.conversations.create(CONV)
    await stores.conversations.begin_turn(RUN, [QUESTION], title_if_empty="")
    assert await stores.conversations.delete("user_bob", "conv_1") is True
    await stores.conversations.end_turn(ENDED, [ANSWER])
    assert await stores.runs.get("user_bob", "run_1") is None
    assert await stores.conversations.get("user_bob", "conv_1") is None
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == []


async def test_title_and_metadata_change_apart(stores):
    """What is not given stays, and so does the time of the last use: the list keeps its order."""
    await stores.conversations.create(CONV)
    titled = await stores.conversations.update("user_bob", "conv_1", title="New")
    assert titled == replace(CONV, title="New")
    emptied = await stores.conversations.update("user_bob", "conv_1", metadata={})
    assert emptied == replace(titled, metadata={})
    assert await stores.conversations.get("user_bob", "conv_1") == emptied
    assert await stores.conversations.update("user_bob", "conv_1") == emptied


async def test_a_conversation_may_start_with_messages(stores):
    """They are there with it, in order."""
    said = [replace(QUESTION, id=f"msg_{n}") for n in (2, 1)]
    await stores.conversations.create(CONV, said)
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == chained(*said)


async def test_messages_are_added_behind_the_last_one(stores):
    """They move the time of change and name a conversation that has no title."""
    await stores.conversations.create(CONV, [QUESTION])
    added = replace(ANSWER, run_id=None)
    await stores.conversations.append(
        "user_bob", "conv_1", [added], title_if_empty="How?", now_ms=70
    )
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == chained(
        QUESTION, added
    )
    assert await stores.conversations.get("user_bob", "conv_1") == replace(
        CONV, title="How?", head_id="msg_2", updated_at_ms=70
    )
    await stores.conversations.append("user_bob", "conv_1", [], title_if_empty="Other", now_ms=80)
    assert (await stores.conversations.get("user_bob", "conv_1")).title == "How?"


async def test_of_fifty_additions_at_once_none_is_lost(stores):
    """And each stays together."""
    await stores.conversations.create(CONV)
    await asyncio.gather(
        *(
            stores.conversations.append(
                "user_bob",
                "conv_1",
                [replace(QUESTION, id=f"msg_{n}_{part}") for part in "ab"],
                title_if_empty="",
                now_ms=n,
            )
            for n in range(50)
        )
    )
    ids = [it.id for it in await stores.conversations.messages("user_bob", "conv_1")]
    assert sorted(ids) == sorted(f"msg_{n}_{part}" for n in range(50) for part in "ab")
    assert all(ids[at + 1] == ids[at][:-1] + "b" for at in range(0, 100, 2))


async def test_nothing_is_written_into_a_conversation_that_a_run_holds(stores):
    """Neither added nor changed, until the turn is over."""
    await stores.conversations.create(CONV, [QUESTION])
    await stores.conversations.begin_turn(RUN, [], title_if_empty="")
    with pytest.raises(SessionBusy):
        await stores.conversations.append(
            "user_bob", "conv_1", [ANSWER], title_if_empty="", now_ms=70
        )
    with pytest.raises(SessionBusy):
        await stores.conversations.edit_message(
            "user_bob", "conv_1", "msg_1", lambda _: None, now_ms=70
        )
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == [QUESTION]
    await stores.conversations.end_turn(ENDED, [])
    await stores.conversations.append("user_bob", "conv_1", [ANSWER], title_if_empty="", now_ms=70)
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == chained(
        QUESTION, ANSWER
    )


async def test_a_message_is_changed_in_its_place_or_dropped(stores):
    """What others see of it is what is left; search finds the new words only."""
    await stores.conversations.create(CONV, [QUESTION, ANSWER])
    shorter = {"role": "user", "content": "Why?"}
    seen = []
    assert await stores.conversations.edit_message(
        "user_bob", "conv_1", "msg_1", lambda it: seen.append(it) or shorter, now_ms=70
    )
    assert seen == [QUESTION]
    changed = replace(QUESTION, message=shorter)
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == chained(
        changed, ANSWER
    )
    assert (await stores.conversations.list("user_bob", query="how?")).items == ()
    assert len((await stores.conversations.list("user_bob", query="why?")).items) == 1
    assert await stores.conversations.edit_message(
        "user_bob", "conv_1", "msg_1", lambda _: None, now_ms=80
    )
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == [ANSWER]
    assert (await stores.conversations.get("user_bob", "conv_1")).updated_at_ms == 80


async def test_two_changes_of_one_message_at_once_both_count(stores):
    """Each sees what the other has left."""
    counted = replace(QUESTION, message={"role": "user", "content": "0"})
    await stores.conversations.create(CONV, [counted])

    def one_more(it):
        return {"role": "user", "content": str(int(it.message["content"]) + 1)}

    await asyncio.gather(
        *(
            stores.conversations.edit_message("user_bob", "conv_1", "msg_1", one_more, now_ms=9)
            for _ in range(20)
        )
    )
    [stored] = await stores.conversations.messages("user_bob", "conv_1")
    assert stored.message["content"] == "20"


async def test_messages_of_others_are_neither_added_to_nor_changed(stores):
    """Also a message that stands in another conversation is not found."""
    await stores.conversations.create(CONV, [QUESTION])
    await stores.conversations.create(replace(CONV, id="conv_2"))
    for user, where in (("user_ann", "conv_1"), ("user_bob", "conv_0")):
        with pytest.raises(NotFound):
            await stores.conversations.append(user, where, [ANSWER], title_if_empty="", now_ms=1)
    for user, where, what in (
        ("user_ann", "conv_1", "msg_1"),
        ("user_bob", "conv_2", "msg_1"),
        ("user_bob", "conv_1", "msg_0"),
    ):
        assert not await stores.conversations.edit_message(
            user, where, what, lambda _: None, now_ms=1
        )
    assert list(await stores.conversations.messages("user_bob", "conv_1")) == [QUESTION]


async def test_a_conversation_that_would_grow_too_large_takes_no_more(stores):
    """What it holds stays, and others take messages still."""
    for name in ("conv_1", "conv_2"):
        await stores.conversations.create(Conversation(id=name, user_id="user_bob"))
    large = {"role": "user", "content": "x" * (CONVERSATION_CHARS // 2)}
    halves = [replace(ANSWER, id=f"msg_{n}", run_id=None, message=large) for n in range(2)]
    await stores.conversations.append(
        "user_bob", "conv_1", halves[:1], title_if_empty="", now_ms=70
    )
    with pytest.raises(QuotaExceeded):
        await stores.conversations.append(
            "user_bob", "conv_1", halves[1:], title_if_empty="", now_ms=71
        )
    assert len(await stores.conversations.messages("user_bob", "conv_1")) == 1
    await stores.conversations.append(
        "user_bob", "conv_2", halves[1:], title_if_empty="", now_ms=72
    )
