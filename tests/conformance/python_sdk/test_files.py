"""Files, uploads in parts and vector stores through openai-python."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

NOTE = b"The harbour opens at seven in summer, at eight in winter."


def fresh(name: str = "note.txt", data: bytes = NOTE) -> Any:
    """Make a file that nobody has uploaded."""
    return name, data + uuid4().hex.encode()


@pytest.mark.parametrize(
    "purpose", ["assistants", "user_data", "vision", "batch", "fine-tune", "evals"]
)
def test_a_file_is_uploaded_for_every_purpose(lenient: OpenAI, purpose: Any) -> None:
    """Its bytes come back as they were; the client's own type of a file forgets "evals"."""
    client = lenient
    given = fresh()
    made = client.files.create(file=given, purpose=purpose)
    assert (made.filename, made.bytes, made.purpose) == (given[0], len(given[1]), purpose)
    assert client.files.wait_for_processing(made.id, poll_interval=0.02).status == "processed"
    assert client.files.content(made.id).content == given[1]
    assert client.files.delete(made.id).deleted is True
    with pytest.raises(NotFoundError):
        client.files.retrieve(made.id)


def test_files_are_listed_in_pages(client: OpenAI) -> None:
    """The page fetches the next by itself."""
    made = [client.files.create(file=fresh(f"{at}.txt"), purpose="vision").id for at in range(3)]
    listed = [one.id for one in client.files.list(purpose="vision", limit=2, order="asc")]
    assert [one for one in listed if one in made] == made
    backwards = [one.id for one in client.files.list(purpose="vision", limit=2)]
    assert backwards == listed[::-1]


def test_a_file_expires(client: OpenAI) -> None:
    """After the seconds that were asked for."""
    made = client.files.create(
        file=fresh(),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert made.expires_at is not None
    assert abs(made.expires_at - made.created_at - 3600) <= 1


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"purpose": "fun"}, "purpose"),
        ({"expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after"),
    ],
    ids=["purpose", "expires_after"],
)
def test_a_wrong_upload_is_named(client: OpenAI, body: Any, param: str) -> None:
    """Before anything is kept."""
    asked: Any = {"file": fresh(), "purpose": "assistants", **body}
    with pytest.raises(BadRequestError) as refused:
        client.files.create(**asked)
    assert str(refused.value.param).startswith(param)


def test_a_file_comes_in_parts(client: OpenAI) -> None:
    """The client cuts it, and sends its sum at the end."""
    whole = NOTE * 40 + uuid4().hex.encode()
    done = client.uploads.upload_file_chunked(
        file=whole,
        filename="parts.txt",
        bytes=len(whole),
        mime_type="text/plain",
        purpose="assistants",
        part_size=500,
        md5=hashlib.md5(whole, usedforsecurity=False).hexdigest(),
    )
    assert (done.status, done.file is not None) == ("completed", True)
    assert done.file is not None
    assert client.files.content(done.file.id).content == whole


def test_an_upload_is_cancelled(client: OpenAI) -> None:
    """And takes no more parts."""
    made = client.uploads.create(
        bytes=4, filename="a.txt", mime_type="text/plain", purpose="assistants"
    )
    assert client.uploads.cancel(made.id).status == "cancelled"
    with pytest.raises(BadRequestError):
        client.uploads.parts.create(made.id, data=b"abcd")


def test_a_store_is_made_read_changed_listed_and_forgotten(client: OpenAI) -> None:
    """Its files stay."""
    file = client.files.create(file=fresh(), purpose="assistants")
    stores = client.vector_stores
    made = stores.create(
        name="notes",
        file_ids=[file.id],
        metadata={"a": "b"},
        expires_after={"anchor": "last_active_at", "days": 3},
    )
    assert (made.object, made.name, made.metadata) == ("vector_store", "notes", {"a": "b"})
    assert (made.file_counts.total, made.expires_after) == (1, made.expires_after)
    changed = stores.update(made.id, name="other", metadata={"c": "d"})
    assert (changed.name, changed.metadata) == ("other", {"c": "d"})
    assert stores.retrieve(made.id).name == "other"
    assert made.id in [one.id for one in stores.list(limit=2)]
    assert stores.delete(made.id).deleted is True
    with pytest.raises(NotFoundError):
        stores.retrieve(made.id)
    assert client.files.retrieve(file.id).id == file.id


@pytest.fixture
def store(client: OpenAI) -> str:
    """Make a vector store of two notes with attributes."""
    made = client.vector_stores.create(name="notes")
    for year, data in ((1900, b"The museum is shut on Mondays. "), (2026, NOTE)):
        client.vector_stores.files.upload_and_poll(
            vector_store_id=made.id,
            file=fresh(f"{year}.txt", data),
            attributes={"year": year, "kind": "note"},
            poll_interval_ms=20,
        )
    return made.id


def test_a_store_is_searched(client: OpenAI, store: str) -> None:
    """The best passage first, with its file, score and attributes."""
    page = client.vector_stores.search(store, query="When does the harbour open?")
    best = page.data[0]
    assert (best.filename, best.attributes) == ("2026.txt", {"year": 2026, "kind": "note"})
    assert 0 < best.score <= 1
    assert "harbour opens at seven" in best.content[0].text


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"type": "eq", "key": "year", "value": 1900}, {"1900.txt"}),
        ({"type": "ne", "key": "year", "value": 1900}, {"2026.txt"}),
        ({"type": "gte", "key": "year", "value": 1900}, {"1900.txt", "2026.txt"}),
        ({"type": "lt", "key": "year", "value": 1900}, set()),
        ({"type": "in", "key": "year", "value": [1, 2026]}, {"2026.txt"}),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "eq", "key": "kind", "value": "note"},
                    {"type": "gt", "key": "year", "value": 2000},
                ],
            },
            {"2026.txt"},
        ),
    ],
    ids=["eq", "ne", "gte", "lt", "in", "and"],
)
def test_a_search_is_filtered(client: OpenAI, store: str, filters: Any, names: set[str]) -> None:
    """By attributes."""
    page = client.vector_stores.search(store, query="harbour museum", filters=filters)
    assert {one.filename for one in page.data} == names


def test_a_wrong_filter_is_named_by_its_place(client: OpenAI, store: str) -> None:
    """However deep it stands."""
    wrong: Any = {"type": "or", "filters": [{"type": "gt", "key": "year", "value": True}]}
    with pytest.raises(BadRequestError) as refused:
        client.vector_stores.search(store, query="x", filters=wrong)
    assert refused.value.param == "filters.filters[0].value"


def test_files_of_a_store_are_read_changed_and_taken_out(client: OpenAI, store: str) -> None:
    """Taken out, they are files still."""
    files = client.vector_stores.files
    listed = list(files.list(store, order="asc", limit=1))
    assert [one.status for one in listed] == ["completed", "completed"]
    first = listed[0].id
    changed = files.update(first, vector_store_id=store, attributes={"year": 1901})
    assert changed.attributes == {"year": 1901}
    assert files.retrieve(first, vector_store_id=store) == changed
    [text] = files.content(first, vector_store_id=store)
    assert "museum" in str(text.text)
    assert files.delete(first, vector_store_id=store).deleted is True
    assert [one.id for one in files.list(store)] == [listed[1].id]
    assert client.files.retrieve(first).id == first


def test_files_come_in_batches(client: OpenAI) -> None:
    """All of them at once, and polled until they are read."""
    store = client.vector_stores.create(name="batch")
    batch = client.vector_stores.file_batches.upload_and_poll(
        store.id, files=[fresh("a.txt"), fresh("b.txt")], poll_interval_ms=20
    )
    assert (batch.status, batch.file_counts.completed, batch.file_counts.total) == (
        "completed",
        2,
        2,
    )
    batches = client.vector_stores.file_batches
    assert batches.retrieve(batch.id, vector_store_id=store.id) == batch
    listed = batches.list_files(batch.id, vector_store_id=store.id, limit=1)
    assert len(list(listed)) == 2


@pytest.mark.parametrize("missing", ["files", "stores", "members", "batches", "uploads"])
def test_what_is_missing_is_not_found(client: OpenAI, store: str, missing: str) -> None:
    """Everywhere alike."""
    calls = {
        "files": lambda: client.files.retrieve("file-none"),
        "stores": lambda: client.vector_stores.search("vs_none", query="x"),
        "members": lambda: client.vector_stores.files.retrieve("file-none", vector_store_id=store),
        "batches": lambda: client.vector_stores.file_batches.retrieve(
            "vsfb_none", vector_store_id=store
        ),
        "uploads": lambda: client.uploads.cancel("upload_none"),
    }
    with pytest.raises(NotFoundError) as failed:
        calls[missing]()
    assert failed.value.type == "invalid_request_error"
