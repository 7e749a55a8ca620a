"""What every adapter of the AnswerStore port does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import Conflict, InvalidRequest
from backend.ports.answers import AnswerListing, StoredAnswer
from backend.ports.stores import Conversation
from backend.storage.scrubbing import REMOVED
from tests.fakes.papers import add

ANSWER = StoredAnswer(
    id="resp_1",
    user_id="user_bob",
    kind="response",
    run_id="run_1",
    model="llama",
    body={"id": "resp_1", "output": [{"deep": [1, None]}], "metadata": {"a": "1"}},
    input=({"type": "message", "content": "Hi"},),
    context=({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}),
    metadata={"a": "1"},
    previous_id="resp_0",
    created_at_ms=5,
)


async def test_an_answer_is_kept_whole_for_its_owner_alone(stores):
    """Somebody else's id answers exactly like a missing one."""
    await stores.answers.save(ANSWER)
    assert await stores.answers.get("user_bob", "resp_1") == ANSWER
    assert await stores.answers.get("user_ann", "resp_1") is None
    assert not await stores.answers.delete("user_ann", "resp_1")
    assert await stores.answers.change_metadata("user_ann", "resp_1", {}) is None
    assert await stores.answers.delete("user_bob", "resp_1")
    assert await stores.answers.get("user_bob", "resp_1") is None
    assert not await stores.answers.delete("user_bob", "resp_1")


async def test_saving_again_replaces_but_never_another_users(stores):
    """An id belongs to the user who had it first."""
    await stores.answers.save(ANSWER)
    await stores.answers.save(replace(ANSWER, body={"id": "resp_1", "status": "completed"}))
    await stores.answers.save(replace(ANSWER, user_id="user_ann", body={"mine": True}))
    found = await stores.answers.get("user_bob", "resp_1")
    assert found.body == {"id": "resp_1", "status": "completed"}
    assert await stores.answers.get("user_ann", "resp_1") is None


async def test_metadata_is_changed_in_the_body_too(stores):
    """What is read back shows one and the same."""
    await stores.answers.save(ANSWER)
    changed = await stores.answers.change_metadata("user_bob", "resp_1", {"b": "2"})
    assert changed == replace(
        ANSWER, metadata={"b": "2"}, body={**ANSWER.body, "metadata": {"b": "2"}}
    )
    assert await stores.answers.get("user_bob", "resp_1") == changed


async def test_answers_of_nobody_or_of_no_conversation_are_refused(stores):
    """An account or a conversation may be erased while its answer is made."""
    with pytest.raises(Conflict):
        await stores.answers.save(replace(ANSWER, user_id="user_gone"))
    with pytest.raises(Conflict):
        await stores.answers.save(replace(ANSWER, conversation_id="conv_gone"))


async def test_answers_go_with_their_conversation_and_their_user(stores):
    """Nothing is left behind."""
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    await stores.answers.save(replace(ANSWER, conversation_id="conv_1"))
    await stores.answers.save(replace(ANSWER, id="resp_2"))
    await stores.conversations.delete("user_bob", "conv_1")
    assert await stores.answers.get("user_bob", "resp_1") is None
    await stores.users.delete("user_bob")
    assert await stores.answers.get("user_bob", "resp_2") is None


async def test_a_listing_is_by_time_and_goes_on_after_an_id(stores):
    """Up or down, page by page; the id breaks ties."""
    for at, made in enumerate((5, 7, 7, 9)):
        await stores.answers.save(replace(ANSWER, id=f"resp_{at}", created_at_ms=made))
    await stores.answers.save(replace(ANSWER, id="resp_ann", user_id="user_ann"))

    async def pages(**more):
        seen, after = [], None
        while True:
            listing = AnswerListing(kind="response", limit=2, after=after, **more)
            page = await stores.answers.list("user_bob", listing)
            seen.append([one.id for one in page.items])
            after = page.next_cursor
            if after is None:
                return seen

    assert await pages() == [["resp_0", "resp_1"], ["resp_2", "resp_3"]]
    assert await pages(descending=True) == [["resp_3", "resp_2"], ["resp_1", "resp_0"]]
    unknown = AnswerListing(kind="response", after="resp_ann")
    assert (await stores.answers.list("user_bob", unknown)).items == ()
    with pytest.raises(InvalidRequest):
        await stores.answers.list("user_bob", AnswerListing(kind="response", limit=0))


async def test_a_listing_is_of_one_kind_and_can_be_narrowed(stores):
    """By model, and by metadata of which every pair must be there."""
    kept = (
        replace(ANSWER, id="chatcmpl-1", kind="chat.completion", metadata={}),
        replace(ANSWER, id="resp_2", model="qwen", metadata={"a": "1", "b": "2"}),
        replace(ANSWER, id="resp_3", metadata={"a": "2"}),
    )
    for one in (ANSWER, *kept):
        await stores.answers.save(one)

    async def ids(**asked):
        page = await stores.answers.list("user_bob", AnswerListing(**asked))
        return [one.id for one in page.items], page.next_cursor

    assert await ids(kind="chat.completion") == (["chatcmpl-1"], None)
    assert await ids(kind="response", model="qwen") == (["resp_2"], None)
    assert await ids(kind="response", metadata={"a": "1"}) == (["resp_1", "resp_2"], None)
    assert await ids(kind="response", metadata={"a": "1"}, limit=1) == (["resp_1"], "resp_1")
    assert await ids(kind="response", metadata={"a": "1", "b": "2"}) == (["resp_2"], None)


async def test_a_chain_gives_its_messages_oldest_first_and_each_is_kept_once(stores):
    """What somebody else keeps under such an id is never part of it."""
    for at in range(3):
        await stores.answers.save(_link(at, previous=at - 1))
    await stores.answers.save(replace(_link(3, previous=2), user_id="user_ann"))
    assert await stores.answers.context("user_bob", "resp_2") == _said(0, 1, 2)
    assert await stores.answers.context("user_ann", "resp_3") == _said(3)
    assert await stores.answers.context("user_bob", "resp_3") == []


async def test_what_was_deleted_or_pruned_is_no_part_of_a_chain(stores):
    """What went on from a deleted one goes on from the one before it."""
    for at in range(4):
        await stores.answers.save(_link(at, previous=at - 1))
    await stores.answers.delete("user_bob", "resp_2")
    assert await stores.answers.context("user_bob", "resp_3") == _said(0, 1, 3)
    assert await stores.answers.prune(before_ms=2) == 2
    assert await stores.answers.get("user_bob", "resp_1") is None
    assert await stores.answers.context("user_bob", "resp_3") == _said(3)


def _link(at: int, *, previous: int) -> StoredAnswer:
    return replace(
        ANSWER,
        id=f"resp_{at}",
        previous_id=f"resp_{previous}",
        context=tuple(_said(at)),
        created_at_ms=at,
    )


def _said(*numbers: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": str(at)} for at in numbers]


def _quoting(*file_ids: str, answer_id: str = "resp_1") -> StoredAnswer:
    results = [{"file_id": one, "text": f"says {one}", "score": 1.0} for one in file_ids]
    call = {"id": "mcp_1", "type": "mcp_call", "output": "rows of file-001", "error": None}
    search = {"id": "fs_1", "type": "file_search_call", "results": results}
    body = {"id": answer_id, "output": [search, call], "x_quotes": {"mcp_1": ["file-001"]}}
    return replace(ANSWER, id=answer_id, body=body, file_ids=file_ids)


async def test_deleting_a_file_takes_it_out_of_every_answer_that_quotes_it(stores):
    """What it quotes of other files stays, and so do other answers."""
    await add(stores, 1)
    await add(stores, 2)
    await stores.answers.save(_quoting("file-001", "file-002"))
    other = _quoting("file-002", answer_id="resp_2")
    await stores.answers.save(other)
    await stores.files.delete("user_bob", "file-001")
    one = await stores.answers.get("user_bob", "resp_1")
    search, call = one.body["output"]
    assert [it["text"] for it in search["results"]] == ["", "says file-002"]
    assert call["output"] == REMOVED
    assert one.file_ids == ("file-002",)
    assert await stores.answers.get("user_bob", "resp_2") == other


async def test_an_answer_kept_after_its_file_was_deleted_does_not_quote_it(stores):
    """Neither that, nor a file of somebody else."""
    await add(stores, 1, user_id="user_ann")
    await add(stores, 2)
    await stores.answers.save(_quoting("file-001", "file-002", "file-gone"))
    one = await stores.answers.get("user_bob", "resp_1")
    search, call = one.body["output"]
    assert [it["text"] for it in search["results"]] == ["", "says file-002", ""]
    assert (call["output"], one.file_ids) == (REMOVED, ("file-002",))


async def test_a_completion_that_quotes_a_deleted_file_loses_its_thoughts(stores):
    """They tell what the tools found; the answer itself stays."""
    await add(stores, 1)
    message = {"role": "assistant", "content": "Yes", "reasoning_content": "← says file-001"}
    body = {"id": "chatcmpl-1", "choices": [{"index": 0, "message": message}]}
    kept = replace(ANSWER, id="chatcmpl-1", kind="chat.completion", body=body)
    await stores.answers.save(replace(kept, file_ids=("file-001",)))
    await stores.files.delete("user_bob", "file-001")
    left = (await stores.answers.get("user_bob", "chatcmpl-1")).body["choices"][0]["message"]
    assert left == {**message, "reasoning_content": REMOVED}


async def test_answers_go_whatever_they_quote(stores):
    """The file stays, and can be deleted afterwards."""
    await add(stores, 1)
    await stores.answers.save(_quoting("file-001"))
    await stores.answers.save(_quoting("file-001"))
    assert await stores.answers.delete("user_bob", "resp_1")
    assert (await stores.files.delete("user_bob", "file-001")).id == "file-001"
