"""A conversation as its owner gets it: whole as JSON, readable as Markdown."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson
from markdown_it import MarkdownIt

from backend.api.exporting import PIECE_BYTES, json_pieces, markdown_pieces
from backend.models.exports import ExportedConversation
from backend.ports.stores import Conversation, RunState, StoredMessage

NOON_MS = 1_795_867_200_000
TALK = Conversation(
    id="conv_1",
    user_id="user_1",
    title="Rent & <notice>",
    metadata={"topic": "home"},
    active_run_id="run_9",
    created_at_ms=NOON_MS,
    updated_at_ms=NOON_MS + 90_000,
)
ORIGINS = {"run_1": ("llama3.2", "react")}


def cited(title: str, start: int) -> dict[str, Any]:
    where = {"url": f"http://me/{start}", "title": title, "start_index": start}
    return {"type": "url_citation", "url_citation": {**where, "end_index": start + 3}}


def said(role: str, content: Any, *, state: RunState = "completed", **more: Any) -> StoredMessage:
    message: Any = {"role": role, "content": content, **more}
    run = None if role == "user" else "run_1"
    made = {"id": f"msg_{role}", "conversation_id": "conv_1", "created_at_ms": NOON_MS}
    return StoredMessage(**made, run_id=run, state=state, message=message)


ASKED = said(
    "user",
    [
        {"type": "text", "text": "How long?"},
        {"type": "file", "file": {"file_id": "file-1", "filename": "lease_2.pdf"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"file_id": "file-2"}},
    ],
)
TOLD = said(
    "assistant",
    "90 days [1], or [3][1].",
    annotations=[cited("lease_2.pdf, page 4", 8), cited("Law\n[2]", 16), cited("Again", 19)],
)


def as_json(*messages: StoredMessage) -> dict[str, Any]:
    whole = orjson.loads(b"".join(json_pieces(TALK, messages, ORIGINS)))
    assert ExportedConversation.model_validate(whole).model_dump(mode="json") == whole
    return whole


def as_markdown(*messages: StoredMessage) -> str:
    return b"".join(markdown_pieces(TALK, messages, ORIGINS)).decode()


def test_json_holds_everything_in_the_documented_shape() -> None:
    """Times in seconds, what answered, the names of files, and the message as it was stored."""
    at = NOON_MS // 1000
    head = {"version": 1, "id": "conv_1", "title": "Rent & <notice>", "metadata": {"topic": "home"}}
    question = {"id": "msg_user", "role": "user", "state": "completed", "created_at": at}
    question |= {"run_id": None, "model": None, "route": None, "content": ASKED.message["content"]}
    answer = {"id": "msg_assistant", "role": "assistant", "state": "completed", "created_at": at}
    answer |= {"run_id": "run_1", "model": "llama3.2", "route": "react", "files": []}
    assert as_json(ASKED, TOLD) == {
        **head,
        "created_at": at,
        "updated_at": at + 90,
        "messages": [
            {**question, "files": ["lease_2.pdf", "picture", "file-2"]},
            {**TOLD.message, **answer},
        ],
    }


def test_json_holds_calls_their_results_and_what_is_no_message() -> None:
    """A client's own tools and items; what only this server counts with is left out."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    calls = said("assistant", None, tool_calls=[call], call_numbers=[0])
    result = said("tool", "42", tool_call_id="c")
    item = said("item", None, item={"type": "web_search_call"})
    found = as_json(calls, result, item)["messages"]
    assert [one["role"] for one in found] == ["assistant", "tool", "item"]
    assert found[0]["tool_calls"] == [call]
    assert "call_numbers" not in found[0]
    assert (found[1]["tool_call_id"], found[2]["item"]) == ("c", {"type": "web_search_call"})


def test_an_empty_conversation_is_whole_too() -> None:
    """It has no messages."""
    assert as_json()["messages"] == []
    assert as_markdown().startswith("# Rent \\& \\<notice\\>\n")


def test_markdown_reads_well() -> None:
    """Who said what and when; files by name; each source once, by the number of its marker."""
    assert as_markdown(ASKED, TOLD) == (
        "# Rent \\& \\<notice\\>\n\n"
        "Begun 2026-11-28 12:00 UTC, last used 2026-11-28 12:01 UTC.\n\n"
        "## You, 2026-11-28 12:00 UTC\n\n"
        "How long?\n\n"
        "Attached: lease\\_2.pdf, picture, file-2\n\n"
        "## Assistant llama3.2 (react), 2026-11-28 12:00 UTC\n\n"
        "90 days [1], or [3][1].\n\n"
        "Sources:\n\n"
        "* \\[1\\] [lease\\_2.pdf, page 4](<http://me/8>)\n"
        "* \\[3\\] [Law \\[2\\]](<http://me/16>)\n"
    )


def test_code_that_was_cut_and_results_full_of_fences_swallow_nothing() -> None:
    """Every heading of the document is one, whatever was said."""
    call = {"id": "c", "type": "function", "function": {"name": "run", "arguments": "{}"}}
    text = as_markdown(
        said("user", "<!-- look"),
        said("assistant", "```python\nprint(", state="cancelled", tool_calls=[call]),
        said("tool", "````\n# no heading\n```"),
        said("item", None, item={}),
        said("assistant", "", state="running"),
    )
    tokens = MarkdownIt("commonmark").parse(text)
    at = [n for n, one in enumerate(tokens) if one.type == "heading_open"]
    named = [tokens[n + 1].content.partition(",")[0] for n in at]
    who = ["You", "Assistant llama3.2 (react)", "Tool", "Assistant llama3.2 (react)"]
    assert named == ["Rent \\& \\<notice\\>", *who]
    fences = [one.content for one in tokens if one.type == "fence"]
    assert fences == ["print(\n", "{}\n", "````\n# no heading\n```\n"]
    assert "*Stopped before it was complete.*" in text
    assert "*Still being answered.*" in text


def test_annotations_of_any_kind_break_nothing() -> None:
    """Clients may have put anything there."""
    odd: list[Any] = [
        {},
        {"url_citation": {"url": "javascript:x> y"}},
        {"url_citation": {"start_index": 900}},
    ]
    text = as_markdown(said("assistant", "Hm", annotations=odd))
    assert text.endswith("Sources:\n\n* \\[1\\] javascript:xy\n")


def test_ten_thousand_messages_are_written_in_small_pieces() -> None:
    """What is held beside the messages does not grow with them."""
    many = [said("user", f"{at} " + "x" * 2000) for at in range(10_000)]
    for pieces in (json_pieces, markdown_pieces):
        tracemalloc.start()
        sizes = [len(one) for one in pieces(TALK, many, {})]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(sizes) > 20_000_000
        assert max(sizes) < PIECE_BYTES + 3000
        assert most < 1_000_000
