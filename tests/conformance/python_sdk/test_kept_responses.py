"""Responses that are kept: read, told again, gone on from, run in the background, and their built-in tools."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fakes.completions import MODEL
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply
from tests.fakes.sdk_responses import FUNCTION, QUESTION, Respond, joined

SEARCH = Call(name="web_search", arguments={"query": "tides"})
LOOK = Call(name="rag_retrieval", arguments={"query": "harbour"})
SUM = Call(name="math_calc", arguments={"expression": "2+2"})
SOURCES: Any = "web_search_call.action.sources"


@pytest.mark.parametrize("way", ["plain", "streamed"])
def test_a_kept_response_is_read_as_it_was_given(client: OpenAI, way: str) -> None:
    """Field by field."""
    made = Respond(client, way)(metadata={"a": "b"}, instructions="Be brief.").whole
    assert client.responses.retrieve(made.id) == made


def test_what_is_not_kept_cannot_be_read(client: OpenAI) -> None:
    """It answers like one that never was."""
    made = client.responses.create(model=MODEL, input=QUESTION, store=False)
    for missing in (made.id, "resp_none"):
        with pytest.raises(NotFoundError):
            client.responses.retrieve(missing)


def test_a_deleted_response_is_gone(client: OpenAI) -> None:
    """The client's delete gives nothing back; the second one finds nothing."""
    made = client.responses.create(model=MODEL, input=QUESTION)
    assert client.responses.delete(made.id) is None
    for call in (client.responses.retrieve, client.responses.delete, client.responses.cancel):
        with pytest.raises(NotFoundError):
            call(made.id)
    with pytest.raises(NotFoundError):
        client.responses.input_items.list(made.id)


def test_a_stream_is_told_again(client: OpenAI, ollama: OllamaDouble) -> None:
    """From its begin, or from after any event; it ends as it did."""
    ollama.queue(Reply(content=["One ", "two."]))
    made = client.responses.create(model=MODEL, input=QUESTION)
    events = list(client.responses.retrieve(made.id, stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert joined(events, "output_text") == "One two."
    assert events[-1].response == made
    rest = list(client.responses.retrieve(made.id, stream=True, starting_after=3))
    assert rest == events[4:]


def test_the_stream_helper_takes_up_a_response(client: OpenAI) -> None:
    """By its id."""
    made = client.responses.create(model=MODEL, input=QUESTION)
    with client.responses.stream(response_id=made.id) as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == made.output_text


@pytest.mark.parametrize("way", ["plain", "streamed", "helper"])
def test_a_response_is_gone_on_from(client: OpenAI, ollama: OllamaDouble, way: str) -> None:
    """What was said before is known, instructions are not carried over."""
    respond = Respond(client, way)
    ollama.queue(Reply(content="I am well."), Reply(content="You asked how I was."))
    first = respond(instructions="Sing.").whole
    second = respond("What did I ask?", previous_response_id=first.id)
    assert second.whole.previous_response_id == first.id
    sent = ollama.chats[-1].body["messages"]
    assert [one["content"] for one in sent[-3:]] == [QUESTION, "I am well.", "What did I ask?"]
    assert not any("Sing." in one["content"] for one in sent)


def test_the_input_is_listed_in_pages(client: OpenAI) -> None:
    """The page fetches the next by itself, in either order."""
    said: list[Any] = [{"role": "user", "content": f"Number {at}"} for at in range(5)]
    made = client.responses.create(model=MODEL, input=said)
    items = client.responses.input_items
    texts = [
        [item.content[0].text for item in items.list(made.id, limit=2, order=order)]  # type: ignore[union-attr]
        for order in ("asc", "desc")
    ]
    assert texts[0] == texts[1][::-1] == [f"Number {at}" for at in range(5)]


def test_tokens_are_counted_without_an_answer(client: OpenAI, ollama: OllamaDouble) -> None:
    """More for more; no model is asked."""
    counts = [
        client.responses.input_tokens.count(model=MODEL, input=text).input_tokens
        for text in ("Hello", "Hello " * 100)
    ]
    assert 0 < counts[0] < counts[1]
    assert ollama.chats == []


def _ended(client: OpenAI, response_id: str) -> Any:
    """Poll as clients do."""
    while (found := client.responses.retrieve(response_id)).status in {"queued", "in_progress"}:
        pass
    return found


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_response_runs_in_the_background(
    client: OpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """It is there at once, and has its answer later."""
    ollama.queue(Reply(content="Fine."))
    asked: Any = {"model": MODEL, "input": QUESTION, "background": True, "stream": stream}
    made = client.responses.create(**asked)
    first = next(iter(made)).response if stream else made
    assert (first.status, first.background, first.output) == ("queued", True, [])
    found = _ended(client, first.id)
    assert (found.status, found.output_text) == ("completed", "Fine."), found.error


def test_a_response_in_the_background_is_cancelled(client: OpenAI, ollama: OllamaDouble) -> None:
    """Once and for all; a second time changes nothing."""
    ollama.queue(Reply(content="One two three", fault=Fault(kind="hang", after=2)))
    made = client.responses.create(model=MODEL, input=QUESTION, background=True)
    stopped = client.responses.cancel(made.id)
    assert stopped.status == "cancelled"
    assert client.responses.cancel(made.id) == client.responses.retrieve(made.id) == stopped


def test_only_what_runs_in_the_background_is_cancelled(client: OpenAI) -> None:
    """As OpenAI has it."""
    made = client.responses.create(model=MODEL, input=QUESTION)
    with pytest.raises(BadRequestError):
        client.responses.cancel(made.id)


def test_a_lost_stream_is_taken_up_again(client: OpenAI, ollama: OllamaDouble) -> None:
    """Where it was left; both halves are the whole."""
    ollama.queue(Reply(content=["One ", "two ", "three."]))
    asked: Any = {"model": MODEL, "input": QUESTION, "background": True}
    seen = []
    with client.responses.create(**asked, stream=True) as stream:
        for event in stream:
            seen.append(event)
            if event.type == "response.output_text.delta":
                break
    rest = client.responses.retrieve(
        seen[0].response.id, stream=True, starting_after=seen[-1].sequence_number
    )
    events = [*seen, *rest]
    assert [one.sequence_number for one in events] == list(range(len(events)))
    assert joined(events, "output_text") == "One two three."


@pytest.mark.parametrize("way", ["plain", "streamed", "helper"])
def test_a_conversation_is_read_and_written(client: OpenAI, ollama: OllamaDouble, way: str) -> None:
    """Question and answer become its items."""
    respond = Respond(client, way)
    kept = client.conversations.create(
        items=[{"type": "message", "role": "user", "content": "I am Ada."}]
    )
    ollama.queue(Reply(content="You are Ada."))
    given = respond("Who am I?", conversation=kept.id)
    assert given.whole.conversation.id == kept.id
    assert "I am Ada." in str(ollama.chats[-1].body["messages"])
    items: Any = list(client.conversations.items.list(kept.id, order="asc"))
    said = [(item.role, item.content[0].text) for item in items]
    assert said == [("user", "I am Ada."), ("user", "Who am I?"), ("assistant", "You are Ada.")]


def test_a_conversation_excludes_a_previous_response(client: OpenAI) -> None:
    """Two pasts are one too many."""
    kept = client.conversations.create()
    made = client.responses.create(model=MODEL, input=QUESTION)
    with pytest.raises(BadRequestError):
        client.responses.create(
            model=MODEL, input="x", conversation=kept.id, previous_response_id=made.id
        )


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview", "web_search_2025_08_26"])
def test_the_web_is_searched(respond: Respond, ollama: OllamaDouble, kind: str) -> None:
    """The search is an item, the addresses are annotations; sources come when asked for."""
    ollama.queue(Reply(calls=[SEARCH]), Reply(content="High water at nine [1]."))
    given = respond(tools=[{"type": kind}], include=[SOURCES])
    assert given.kinds == ["web_search_call", "message"]
    search, message = given.whole.output
    assert (search.status, search.action.query) == ("completed", "tides")
    assert search.action.sources
    [cited] = message.content[0].annotations
    assert cited.type == "url_citation"
    assert message.content[0].text[cited.start_index : cited.end_index] == "[1]"
    if given.events:
        assert "web_search_call.searching" in given.told
        assert "output_text.annotation.added" in given.told


def test_files_are_searched(respond: Respond, ollama: OllamaDouble) -> None:
    """Within the vector store that was named; the passage is a citation of its file."""
    client = respond.client
    store = client.vector_stores.create(name="notes")
    note = ("harbour.txt", b"The harbour opens at seven in summer, at eight in winter.")
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=note)
    ollama.queue(Reply(calls=[LOOK]), Reply(content="At seven [1]."))
    tool = {"type": "file_search", "vector_store_ids": [store.id]}
    given = respond("When does it open?", tools=[tool], include=["file_search_call.results"])
    assert given.kinds == ["file_search_call", "message"]
    search, message = given.whole.output
    assert [one.file_id for one in search.results] == [file.id]
    [cited] = message.content[0].annotations
    assert (cited.type, cited.file_id, cited.filename) == ("file_citation", file.id, "harbour.txt")


def test_a_tool_of_this_server_is_a_call_of_its_own(respond: Respond, ollama: OllamaDouble) -> None:
    """One without a namesake at OpenAI is shown as a call of a remote server."""
    ollama.queue(Reply(calls=[SUM]), Reply(content="It is 4."))
    given = respond("What is 2+2? Use a tool.", model="llama3.2@react")
    [call] = [one for one in given.whole.output if one.type == "mcp_call"]
    assert (call.server_label, call.name, call.error) == ("steward", "math_calc", None)
    assert "4" in call.output
    assert given.text == "It is 4."


def test_functions_stand_beside_built_in_tools(respond: Respond, ollama: OllamaDouble) -> None:
    """Ours are carried out, the caller's are handed over."""
    wanted = Call(name="get_weather", arguments={"city": "Oslo"})
    ollama.queue(Reply(calls=[SEARCH]), Reply(calls=[wanted]))
    given = respond(tools=[{"type": "web_search"}, FUNCTION])
    assert [kind for kind in given.kinds if kind != "reasoning"] == [
        "web_search_call",
        "function_call",
    ]


def test_no_more_tools_are_called_than_allowed(respond: Respond, ollama: OllamaDouble) -> None:
    """Then the model answers with what there is."""
    ollama.queue(Reply(calls=[SEARCH]), Reply(calls=[SEARCH]), Reply(content="Enough."))
    given = respond(tools=[{"type": "web_search"}], max_tool_calls=1)
    done = [one for one in given.whole.output if one.type == "web_search_call"]
    assert len([one for one in done if one.status == "completed"]) == 1
    assert given.whole.status == "completed"


def test_a_custom_tool_takes_plain_text(respond: Respond, ollama: OllamaDouble) -> None:
    """And its output goes on like a function's."""
    ollama.queue(
        Reply(calls=[Call(name="run_sql", arguments={"input": "SELECT 1"})]), Reply(content="One.")
    )
    tool = {"type": "custom", "name": "run_sql", "description": "Runs SQL"}
    [call] = respond(tools=[tool]).whole.output
    assert (call.type, call.name, call.input) == ("custom_tool_call", "run_sql", "SELECT 1")
    result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "1"}
    again = respond([result], tools=[tool], previous_response_id=respond.last.id)
    assert again.text == "One."


@pytest.mark.parametrize("way", ["plain", "streamed"])
def test_a_failure_before_the_first_event_is_a_status(
    client: OpenAI, ollama: OllamaDouble, way: str
) -> None:
    """Streamed or not."""
    ollama.queue(Reply(status=500, error="boom"))
    with pytest.raises(Exception, match="502") as failed:
        Respond(client, way)()
    assert getattr(failed.value, "status_code", None) == 502


def test_a_failure_in_the_middle_is_an_event(client: OpenAI, ollama: OllamaDouble) -> None:
    """The last one, with the error in the response, which is kept as failed."""
    ollama.queue(Reply(content="One two three", fault=Fault(kind="cut", after=2)))
    given = Respond(client, "streamed")(model="llama3.2@chat")
    assert given.told[-1] == "failed"
    assert (given.whole.status, given.whole.error.code) == ("failed", "server_error")
    assert client.responses.retrieve(given.whole.id).status == "failed"
