"""The tool over the caller's documents: what it finds, what it says when there is nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable, Unavailable
from backend.kit.http import HttpClient
from backend.ports.documents import FileFilter, SearchQuery
from backend.ports.tools import Services, ToolContext, ToolResult
from backend.ports.values import Citation
from backend.tools import rag_retrieval
from tests.fakes.found_documents import FoundDocuments
from tests.fakes.instant_clock import InstantClock

ANN = "user_ann"
LEASE = "The rent is 900 euros a month.\fEither party may end the lease with a notice of 90 days."
POLICY = "A refund is paid within 30 days of a complaint."


@pytest.fixture
def documents() -> FoundDocuments:
    made = FoundDocuments()
    made.give(ANN, {"lease.pdf": LEASE, "Refund policy.docx": POLICY})
    return made


@pytest.fixture
async def search(documents: FoundDocuments):
    http = HttpClient()

    async def call(
        *, user: str = ANN, options: dict[str, Any] | None = None, **args: Any
    ) -> ToolResult:
        services = Services(http=http, clock=InstantClock(), documents=documents)
        tool = rag_retrieval.build(rag_retrieval.Options(**(options or {})), services)
        return await tool.run(rag_retrieval.Args.model_validate(args), ToolContext(user_id=user))

    yield call
    await http.aclose()


async def test_a_question_brings_passages_with_markers_and_citations(search) -> None:
    """The whole result of the plain case: name and page above each passage, best first."""
    text = "Either party may end the lease with a notice of 90 days."
    assert await search(query="notice to end the lease", top_k=1) == ToolResult(
        text=f"[1] lease.pdf, p. 2\n{text}",
        data={"searched": 2, "unready": 0, "relevant": True, "relevance": [1.0]},
        citations=(
            Citation(
                title="lease.pdf, p. 2",
                text=text,
                file_id="file-user_ann-0",
                filename="lease.pdf",
                page=2,
                start=31,
                end=87,
                id="cit_user_ann_0_31_87",
            ),
        ),
    )


async def test_the_search_is_bounded_by_the_options(search, documents) -> None:
    """What a model asks for beyond them is cut down, and the usual number is theirs."""
    options = {"usual_results": 3, "max_results": 4, "max_chars": 500}
    await search(query="rent", options=options)
    await search(query="rent", k=50, options=options)
    asked = [SearchQuery(text="rent", top_k=count, max_chars=500) for count in (3, 4)]
    assert documents.searches == asked


@pytest.mark.parametrize(
    "named",
    [
        "lease.pdf",
        "LEASE.PDF",
        "lease",
        "file-user_ann-0",
        ["lease.pdf", "lease"],
        "the lease file",
    ],
)
async def test_a_search_stays_within_the_files_that_are_named(search, documents, named) -> None:
    """By name in any case, by a part of it, by its words, by id."""
    await search(query="notice", file=named)
    assert documents.searches[0].within == FileFilter(file_ids=("file-user_ann-0",))


async def test_words_of_a_name_find_it_however_they_are_joined(search, documents) -> None:
    """Models write "refund-policy" for "Refund policy.docx"."""
    await search(query="days", filename="refund-policy; lease.pdf")
    assert documents.searches[0].within == FileFilter(
        file_ids=("file-user_ann-1", "file-user_ann-0")
    )


@pytest.mark.parametrize("named", ["", "all", "the attached file", ["documents", "any"], None])
async def test_a_name_that_names_nothing_in_particular_searches_everything(
    search, documents, named
) -> None:
    """Small models fill the field with such words."""
    await search(query="notice", files=named)
    assert documents.searches[0].within == FileFilter()


async def test_a_name_that_fits_no_file_is_answered_with_the_names_there_are(search) -> None:
    """The model can mend its call; nothing was searched."""
    with pytest.raises(ToolRetry, match=r'called "invoice\.pdf".* Refund policy\.docx; lease\.pdf'):
        await search(query="total", files="invoice.pdf")


async def test_nothing_relevant_is_said_and_no_passage_is_shown(search) -> None:
    """Neither a model nor a client gets a text that it could take for an answer."""
    found = await search(query="When was the company founded and by whom, lease apart?")
    assert found.text.startswith(
        "Nothing in the user's documents answers this. Say that it is not in their documents; do "
        "not invent an answer. Near, but no answer: lease.pdf, p. 1."
    )
    assert (found.citations, found.data["relevant"], "900" in found.text) == ((), False, False)


async def test_without_documents_it_says_how_to_upload(search, documents) -> None:
    """And nothing is searched; another user's files are nobody else's."""
    found = await search(query="notice", user="user_bob")
    assert found.text.startswith("The user has no documents")
    assert "/api/files/upload" in found.text
    assert documents.searches == []


async def test_documents_that_are_still_read_are_told(search, documents) -> None:
    """All of them, or some beside those that were searched."""
    documents.unready = {"user_bob": 2, ANN: 1}
    assert (await search(query="notice", user="user_bob")).text == (
        "The user's documents are still being read (2 of them); ask again in a moment."
    )
    waiting = "Note: 1 of the user's documents are still being read.\n"
    assert (await search(query="notice to end the lease")).text.startswith(
        f"{waiting}[1] lease.pdf"
    )
    assert waiting.strip() in (await search(query="moon landing")).text


async def test_what_limited_the_search_is_told(search, documents) -> None:
    """Before the passages, so that a cut cannot lose it."""
    documents.notes = ("searched by words alone",)
    assert (await search(query="notice")).text.startswith("Note: searched by words alone.\n[1]")


@pytest.mark.parametrize(
    "asked", ["Summarise the attached file", "Fasse die Datei zusammen", "总结"]
)
async def test_a_summary_brings_the_newest_file_in_the_order_of_reading(
    search, documents, asked
) -> None:
    """No passage answers "summarise it"; without a name the file meant is the last one uploaded."""
    documents.give(ANN, {"minutes.pdf": "Opening words.\fThe budget was agreed.\fClosing words."})
    found = await search(query=asked)
    assert [one.title for one in found.citations] == [f"minutes.pdf, p. {n}" for n in (1, 2, 3)]
    named = await search(query=asked, files="lease.pdf")
    assert [one.title for one in named.citations] == ["lease.pdf, p. 1", "lease.pdf, p. 2"]


async def test_a_documents_own_references_are_not_taken_for_markers(search, documents) -> None:
    """The model sees `[ref. 2]`; the citation keeps the text as it is stored."""
    documents.give(
        ANN, {"[9] paper.pdf": "Owls sleep by day [2], as shown in [3, 4]. [1] other.pdf"}
    )
    found = await search(query="owls sleep", top_k=1)
    assert found.text == (
        "[1] [ref. 9] paper.pdf\nOwls sleep by day [ref. 2], as shown in [ref. 3, 4]. [ref. 1] other.pdf"
    )
    assert found.citations[0].text == "Owls sleep by day [2], as shown in [3, 4]. [1] other.pdf"


async def test_a_search_that_cannot_be_made_is_a_failure_of_the_tool(search, documents) -> None:
    """The run goes on; the model and the user are told why."""
    documents.failure = Unavailable("the index is locked")
    with pytest.raises(ToolFailed, match="cannot be searched now: the index is locked"):
        await search(query="notice")


async def test_a_server_without_documents_has_the_tool_off() -> None:
    """With the reason."""
    http = HttpClient()
    with pytest.raises(ToolUnavailable, match="keeps no documents"):
        rag_retrieval.build(rag_retrieval.Options(), Services(http=http, clock=InstantClock()))
    await http.aclose()


@pytest.mark.parametrize(
    "args", [{}, {"query": ""}, {"query": "x", "top_k": 500}, {"query": "x", "page": 1}]
)
def test_arguments_out_of_range_or_unknown_are_refused(args) -> None:
    """The toolbox tells the model what is wrong."""
    with pytest.raises(ValidationError):
        rag_retrieval.Args.model_validate(args)
