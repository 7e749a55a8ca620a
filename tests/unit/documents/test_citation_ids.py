from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.citation_ids import CitedSpan, citation_id, cited_span, resolve
from backend.kit.ids import new_id
from backend.ports.documents import CitedPassage
from backend.ports.values import Citation
from tests.fakes.document_rows import DocumentRows

TEXT = "The first sentence. The second one is cited here. The third follows."
START, END = 20, 49


@given(st.integers(0, 10**9), st.integers(1, 10**5), st.one_of(st.none(), st.integers(1, 10**6)))
def test_an_id_holds_what_it_was_made_of(start, size, page):
    """File, span and page come back as they were given."""
    file_id = new_id("file")
    made = citation_id(file_id, start=start, end=start + size, page=page, text="t")
    span = cited_span(made)
    assert made.startswith("cit_")
    assert span is not None
    assert span == CitedSpan(
        file_id=file_id, start=start, end=start + size, page=page, digest=span.digest
    )


@pytest.mark.parametrize(
    "written",
    ["", "cit_", "cit_a_1_2_0_short", "cit_a_5_5_0_0123456789", "cit_a_9_1_0_0123456789",
     "cit_a/b_1_2_0_0123456789", "cit_a_0_999999999_0_0123456789", "cit_a_1_2_0_0123456789\n", "x" * 10_000],
)  # fmt: skip
def test_what_nobody_was_given_is_no_id(written):
    """Broken, turned round, far too long: None, never an error."""
    assert cited_span(written) is None


def test_no_id_is_made_for_what_is_no_file():
    """A mistake of the program is told at once."""
    with pytest.raises(ValueError, match="no citation id"):
        citation_id("doc_1", start=0, end=1, page=None, text="t")


async def test_a_citation_leads_to_its_passage_for_its_owner_alone():
    """Others, changed texts and erased documents find nothing."""
    rows = DocumentRows()
    file = rows.add("ada", "note.txt", TEXT)
    made = citation_id(file.id, start=START, end=END, page=3, text=TEXT[START:END])
    found = await resolve("ada", made, files=rows, documents=rows)
    assert found == CitedPassage(
        citation=Citation(
            title="note.txt, p. 3",
            text=TEXT[START:END],
            file_id=file.id,
            page=3,
            start=START,
            end=END,
            id=made,
        ),
        filename="note.txt",
        before=TEXT[:START],
        after=TEXT[END:],
    )
    assert await resolve("bob", made, files=rows, documents=rows) is None
    rows.stored[file.document.id].text = TEXT.replace("cited", "CITED")
    assert await resolve("ada", made, files=rows, documents=rows) is None
    rows.erase("ada", file.document.id)
    assert await resolve("ada", made, files=rows, documents=rows) is None
