"""What every adapter does with runs that quote files."""

from __future__ import annotations

from dataclasses import replace

from backend.ports.stores import Conversation, Run
from backend.storage.scrubbing import REMOVED
from tests.fakes.papers import add


def _run(*file_ids: str, run_id: str = "run_1", user_id: str = "user_bob") -> Run:
    cited = [{"id": f"cit_{one}", "file_id": one, "text": f"says {one}"} for one in file_ids]
    results = [
        {
            "kind": "event",
            "type": "tool_result",
            "text": f"← says {one['file_id']}\n",
            "data": {"call_id": one["id"], "text": one["text"], "citations": [one]},
        }
        for one in cited
    ]
    transcript = [
        {"role": "tool", "tool_call_id": one["id"], "content": one["text"]} for one in cited
    ]
    return Run(
        id=run_id,
        user_id=user_id,
        conversation_id=None,
        model="m",
        route="react",
        state="completed",
        trace={"citations": cited, "transcript": transcript},
        events=tuple(results),
        finished_at_ms=9,
        file_ids=file_ids,
    )


async def test_a_run_comes_back_with_the_files_it_quotes(stores):
    """By id, each once; saved again, those of the last time."""
    for number in (1, 2, 3):
        await add(stores, number)
    await stores.runs.save(_run("file-003"))
    run = _run("file-001", "file-002")
    await stores.runs.save(replace(run, file_ids=("file-002", "file-001", "file-002")))
    assert await stores.runs.get("user_bob", "run_1") == run


async def test_deleting_a_file_takes_it_out_of_every_run_that_quotes_it(stores):
    """What they quote of other files stays."""
    await add(stores, 1)
    await add(stores, 2)
    await stores.runs.save(_run("file-001", "file-002"))
    await stores.runs.save(_run("file-001", run_id="run_2"))
    other = _run("file-002", run_id="run_3")
    await stores.runs.save(other)
    await stores.files.delete("user_bob", "file-001")
    one = await stores.runs.get("user_bob", "run_1")
    assert [it["text"] for it in one.trace["citations"]] == ["", "says file-002"]
    assert [it["content"] for it in one.trace["transcript"]] == [REMOVED, "says file-002"]
    assert [it["data"]["text"] for it in one.events] == [REMOVED, "says file-002"]
    assert one.file_ids == ("file-002",)
    assert "says file-001" not in str(await stores.runs.get("user_bob", "run_2"))
    assert await stores.runs.get("user_bob", "run_3") == other


async def test_a_run_stored_after_its_file_was_deleted_does_not_quote_it(stores):
    """The search was made before, the run ended later."""
    await add(stores, 1)
    await stores.runs.save(_run("file-001", "file-gone"))
    run = await stores.runs.get("user_bob", "run_1")
    assert [it["text"] for it in run.trace["citations"]] == ["says file-001", ""]
    assert run.file_ids == ("file-001",)


async def test_a_turn_that_ends_after_its_file_was_deleted_does_not_quote_it(stores):
    """The same for runs of a conversation; and deleting later works there too."""
    await add(stores, 1)
    await stores.conversations.create(Conversation(id="conv_1", user_id="user_bob"))
    ended = replace(_run("file-001", "file-gone"), conversation_id="conv_1")
    begun = replace(ended, state="running", trace={}, events=(), file_ids=())
    await stores.conversations.begin_turn(begun, [], title_if_empty="t")
    await stores.conversations.end_turn(ended, [])
    run = await stores.runs.get("user_bob", "run_1")
    assert [it["text"] for it in run.trace["citations"]] == ["says file-001", ""]
    assert run.file_ids == ("file-001",)
    await stores.files.delete("user_bob", "file-001")
    run = await stores.runs.get("user_bob", "run_1")
    assert [it["text"] for it in run.trace["citations"]] == ["", ""]
    assert run.file_ids == ()


async def test_a_file_of_somebody_else_is_never_quoted(stores):
    """It is gone as far as the run's owner is concerned."""
    await add(stores, 1, user_id="user_ann")
    await stores.runs.save(_run("file-001"))
    run = await stores.runs.get("user_bob", "run_1")
    assert [it["text"] for it in run.trace["citations"]] == [""]
    assert run.file_ids == ()


async def test_runs_go_with_their_users_and_by_age_whatever_they_quote(stores):
    """The files stay, and can be deleted afterwards."""
    await add(stores, 1)
    await stores.runs.save(_run("file-001"))
    assert await stores.runs.prune(10) == 1
    assert await stores.runs.get("user_bob", "run_1") is None
    assert (await stores.files.delete("user_bob", "file-001")).id == "file-001"
