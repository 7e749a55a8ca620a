"""Turns of a caller with documents: when they are looked up, what is cited, what is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from backend.agent import prompts
from backend.errors import Unavailable
from backend.ports.models import ModelRequest
from tests.fakes.found_documents import FoundDocuments
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, Make

LEASE = "The rent is 900 euros a month.\fEither party may end the lease with a notice of 90 days."
POLICY = "The refund deadline is 30 days after the purchase."
ABOUT_IT = "What is the refund deadline?"


@pytest.fixture
def documents() -> FoundDocuments:
    """Give the one user of these tests two files."""
    made = FoundDocuments()
    made.give(USER, {"lease.pdf": LEASE, "policy.txt": POLICY})
    return made


def searcher(*queries: str, answer: str = "It is so [1].", **arguments: Any) -> Any:
    """Play a model that makes these searches one after another, then answers."""

    def script(request: ModelRequest) -> Any:
        made = sum(message["role"] == "tool" for message in request.messages)
        if not request.tools or made >= len(queries):
            return answer
        return [call("rag_retrieval", f"call_{made}", query=queries[made], **arguments)]

    return script


async def test_a_question_the_documents_speak_of_is_looked_up(
    core: Make, documents: FoundDocuments
) -> None:
    """It does not mention them; a search tells, and the model is told to search first."""
    made = core(searcher("refund deadline"), documents=documents)
    run = await made.ask(ABOUT_IT)
    assert run.decision is not None
    assert (run.decision.route, run.decision.reason) == ("react", "your documents speak of this")
    assert run.decision.confidence == pytest.approx(1.0)
    assert prompts.IN_DOCUMENTS in str(made.model.requests[0].messages[0]["content"])
    assert run.citations[0].title == "policy.txt"


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for the refund deadline!",
        "Write a poem about the refund deadline",
        "Translate this sentence: the refund deadline is near",
        "```python\nrefund_deadline = 30\n```\nwhat is the refund deadline?",
        "what is the refund deadline?\n" + "refund deadline\n" * 5,
        "refund deadline? " * 50,
    ],
)
async def test_what_is_no_question_is_not_searched_for(
    core: Make, documents: FoundDocuments, text: str
) -> None:
    """Small talk, texts to write, pasted text and code."""
    run = await core(searcher(), documents=documents).ask(text)
    assert run.decision is not None
    assert (run.decision.reason == "your documents speak of this", documents.searches) == (
        False,
        [],
    )


@pytest.mark.parametrize(("tables", "first"), [(("sql_query",), False), ((), True)])
async def test_a_question_of_a_table_is_not_sent_to_the_search_where_tables_can_be_asked(
    core: Make, documents: FoundDocuments, *, tables: tuple[str, ...], first: bool
) -> None:
    """Passages cannot be added up; without a tool for tables they are all there is."""
    made = core(searcher("orders"), documents=documents, more=tables)
    await made.ask("What is the average price per category in my orders file?")
    told = str(made.model.requests[0].messages[0]["content"])
    assert (prompts.IN_DOCUMENTS in told) is first


async def test_general_knowledge_stays_a_chat(core: Make, documents: FoundDocuments) -> None:
    """The search finds nothing of it."""
    made = core(searcher(answer="Light becomes sugar."), documents=documents)
    run = await made.ask("What is photosynthesis?")
    assert (run.decision and run.decision.route, len(documents.searches)) == ("chat", 1)
    assert "own documents speak" not in str(made.model.requests[0].messages)


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"mode": "chat"}, {}),
        ({"allowed_tools": frozenset({"add"})}, {}),
        ({"user_id": "user_2"}, {}),
        ({}, {"documents_above_relevance": 0.0}),
    ],
)
async def test_documents_are_not_asked_where_they_may_not_decide(
    core: Make, documents: FoundDocuments, fields: Any, options: Any
) -> None:
    """A forced mode, a key without the tool, a user without documents, the setting at 0."""
    run = await core(searcher(), documents=documents, **options).ask(ABOUT_IT, **fields)
    assert run.decision is not None
    assert (run.decision.route, documents.searches) == ("chat", [])


async def test_documents_that_fit_too_little_do_not_decide(
    core: Make, documents: FoundDocuments
) -> None:
    """The setting is the least relevance."""
    text = "What is the refund deadline like?"
    for least, route in ((0.4, "react"), (0.9, "chat")):
        made = core(searcher(), documents=documents, documents_above_relevance=least)
        run = await made.ask(text)
        assert run.decision is not None
        assert run.decision.route == route


async def test_a_search_that_fails_costs_nothing_but_itself(
    core: Make, documents: FoundDocuments
) -> None:
    """The turn goes on as the router said."""
    documents.failure = Unavailable("no index")
    run = await core(searcher(answer="Hm."), documents=documents).ask(ABOUT_IT)
    assert (run.state, run.log.content(), run.decision and run.decision.route) == (
        "completed",
        "Hm.",
        "chat",
    )


async def test_a_chat_does_not_wait_long_for_a_search(
    core: Make, documents: FoundDocuments
) -> None:
    """The first one loads the index."""
    documents.hold = asyncio.Event()
    made = core(searcher(answer="Hm."), documents=documents)
    run = await made.begin(ABOUT_IT)
    while not documents.searches:
        await asyncio.wait([run.task] if run.task else [], timeout=0.01)
    made.clock.step(1)
    await run.done()
    assert (run.log.content(), run.decision and run.decision.route) == ("Hm.", "chat")


async def test_a_short_question_is_completed_by_the_one_before(
    core: Make, documents: FoundDocuments
) -> None:
    """ "And it" alone would find nothing."""
    history: Any = [
        {"role": "user", "content": "Tell me about the refund deadline"},
        {"role": "assistant", "content": "It is 30 days."},
        {"role": "user", "content": "Why is it so short?"},
    ]
    run = await core(searcher(), documents=documents).ask(history)
    assert documents.searches[0].text == "Tell me about the refund deadline Why is it so short?"
    assert run.decision is not None
    assert run.decision.route == "react"


async def test_passages_found_again_keep_their_numbers(
    core: Make, documents: FoundDocuments
) -> None:
    """Two searches, one list of citations; what was never found is stripped; indices are exact."""
    script = searcher(
        "rent a month", "notice, and the rent a month", answer="Rent [1], notice \u30103\u3011, \U0001f600 both [1, 2], none [9]."
    )  # fmt: skip
    made = core(script, documents=documents)
    run = await made.ask("What does my lease say?", mode="react")
    titles = ["lease.pdf, p. 1", "policy.txt", "lease.pdf, p. 2"]
    assert sorted(one.title for one in run.citations) == sorted(titles)
    content = run.log.content()
    assert content == "Rent [1], notice [3], \U0001f600 both [1][2], none ."
    marked = [one["url_citation"] for one in run.annotations]
    assert [content[one["start_index"] : one["end_index"]] for one in marked] == [
        "[1]",
        "[3]",
        "[1]",
        "[2]",
    ]
    assert [one["url"].rpartition("/")[2] for one in marked] == [
        run.citations[at].id for at in (0, 2, 0, 1)
    ]
    told = [message["content"] for message in run.transcript if message["role"] == "tool"]
    assert told[1].count("[1] lease.pdf, p. 1") == 1


@pytest.mark.parametrize("mode", ["react", "plan"])
async def test_a_marker_is_stripped_when_nothing_was_found_at_all(
    core: Make, documents: FoundDocuments, mode: str
) -> None:
    """The model was told that it is not in the documents, and cites all the same."""

    def script(request: ModelRequest) -> Any:
        schema = request.response_schema
        if isinstance(schema, dict) and schema["title"] == "Plan":
            step = {"id": "a", "purpose": "p", "tool": "rag_retrieval", "input": {"query": "zebra"}}
            return orjson.dumps({"steps": [{**step, "depends_on": []}]}).decode()
        if isinstance(schema, dict):
            return '{"passed": true}'
        return searcher("zebra", answer="Not in your documents [1].")(request)

    made = core(script, documents=documents)
    run = await made.ask("zebras?", mode=mode)
    assert run.log.content() == "Not in your documents ."
    assert (run.citations, run.annotations) == ([], [])
    shown = str(made.model.requests[-1].messages)
    assert "documents answers this. Say that it is not in their documents" in shown


async def test_a_run_is_stored_with_the_files_it_quotes(
    core: Make, documents: FoundDocuments
) -> None:
    """Once each; web sources are none."""
    both = [
        call("rag_retrieval", query="the rent and the notice"),
        call("look_up", "call_2", query="rent"),
    ]

    def script(request: ModelRequest) -> Any:
        return "So [1]." if any(one["role"] == "tool" for one in request.messages) else both

    made = core(script, documents=documents)
    await made.keep_files("file-user_1-0", "file-user_1-1")
    run = await made.ask("my lease", mode="react", store=True)
    stored = await made.stores.runs.get(USER, run.id)
    assert stored is not None
    assert set(stored.file_ids) == {one.file_id for one in run.citations} - {None} != set()
    assert len(stored.file_ids) == len(set(stored.file_ids))
    [cited] = [one for one in stored.trace["citations"] if one.get("page") == 2]
    assert LEASE[cited["start"] : cited["end"]] == cited["text"]


async def test_numbers_go_on_where_the_callers_own_tools_interrupted(
    core: Make, documents: FoundDocuments
) -> None:
    """The run that goes on knows what the first one found; a new passage gets the next number."""
    tool: Any = {"type": "function", "function": {"name": "sign", "parameters": {"type": "object", "properties": {}}}}  # fmt: skip

    def script(request: ModelRequest) -> Any:
        results = [one["content"] for one in request.messages if one["role"] == "tool"]
        calls = [[call("rag_retrieval", "c1", query="rent a month", top_k=1)], [call("sign", "c2")]]
        calls.append([call("rag_retrieval", "c3", query="refund deadline", top_k=1)])
        return calls[len(results)] if len(results) < 3 else "Rent [1], refund [2]."

    made = core(script, documents=documents)
    more: Any = {"client_tools": [tool], "mode": "react"}
    first = await made.ask("my lease", store=True, **more)
    assert first.finish_reason == "tool_calls"
    result: Any = [
        {"role": "tool", "tool_call_id": first.client_calls[0]["id"], "content": "signed"}
    ]
    second = await made.ask(result, session_id=first.session_id, **more)
    assert [one.title for one in second.citations] == ["lease.pdf, p. 1", "policy.txt"]
    assert second.log.content() == "Rent [1], refund [2]."
    assert len(second.annotations) == 2


async def test_an_answer_of_an_earlier_turn_brings_no_markers_into_this_one(
    core: Make, documents: FoundDocuments
) -> None:
    """A model that repeats them would cite the wrong passage."""
    made = core(searcher("rent a month", answer="900 euros [1]."), documents=documents)
    first = await made.ask("What is the rent in my lease?", mode="react", store=True)
    await made.ask("And the refund deadline?", mode="react", session_id=first.session_id)
    assert "900 euros." in str(made.model.requests[-1].messages)
    kept = await made.stores.conversations.messages(USER, first.session_id or "")
    assert kept[1].message.get("content") == "900 euros [1]."


@pytest.mark.parametrize("mode", ["auto", "react", "plan"])
async def test_a_route_that_stands_is_told_of_the_documents(
    core: Make, documents: FoundDocuments, mode: str
) -> None:
    """Whatever the route is, the model is told to search them before any other source."""
    documents.give(USER, {"staff.txt": "Anna Keller was hired in May 2019."})

    def script(request: ModelRequest) -> Any:
        schema = request.response_schema
        if isinstance(schema, dict) and schema["title"] == "Plan":
            step = {"id": "a", "purpose": "p", "tool": "add", "input": {"numbers": [1]}}
            return orjson.dumps({"steps": [{**step, "depends_on": []}]}).decode()
        return '{"passed": true}' if schema is not None else "In May 2019."

    made = core(script, documents=documents)
    run = await made.ask("When was Anna Keller hired?", mode=mode)
    assert prompts.IN_DOCUMENTS in str(made.model.requests[0].messages[0]["content"])
    assert run.decision is not None
    assert run.decision.reason != "your documents speak of this"


@pytest.mark.parametrize(
    ("file_ids", "looked_up"), [(("file-{}-1",), True), (("file-{}-0",), False), ((), False)]
)
async def test_only_the_files_of_the_turn_decide_its_route(
    core: Make, documents: FoundDocuments, file_ids: tuple[str, ...], *, looked_up: bool
) -> None:
    """A file outside its scope is not even searched."""
    made = core(searcher("refund deadline"), documents=documents)
    scope = tuple(one.format(USER) for one in file_ids)
    run = await made.ask(ABOUT_IT, file_ids=scope)
    assert run.decision is not None
    assert (run.decision.reason == "your documents speak of this") is looked_up
    assert all(set(one.within.file_ids) <= set(scope) for one in documents.searches)
    assert {one.title for one in run.citations} == ({"policy.txt"} if looked_up else set())
