"""OpenAI's vector stores through its strict stock client, over our real indexing."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient
from openai import AsyncOpenAI, BadRequestError, NotFoundError

from tests.fakes.live_server import LiveServer
from tests.fakes.people import Person
from tests.fakes.uploads import SLOW, halted_worker

STORES = "/v1/vector_stores"
NOTES = {
    "returns.txt": b"Returns are taken within 30 days after delivery.",
    "shipping.txt": b"Shipping is free above 50 euros; parcels leave on Mondays.",
    "bees.txt": b"Bees dance to tell each other where flowers are.",
}


@pytest_asyncio.fixture(loop_scope="session")
async def openai(server: LiveServer, person: Person) -> AsyncIterator[AsyncOpenAI]:
    """Speak through a strict stock client as somebody who keeps no files yet."""
    async with server.openai(person.token, _strict_response_validation=True) as made:
        yield made


async def filled(openai: AsyncOpenAI, **more: Any) -> tuple[str, dict[str, str]]:
    """Make a store with all the notes in it, read; give its id and the files' ids by name."""
    store = await openai.vector_stores.create(name="shop", **more)
    batch = await openai.vector_stores.file_batches.upload_and_poll(
        store.id, files=list(NOTES.items())
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 3)
    files = await openai.files.list()
    return store.id, {one.filename: one.id for one in files.data}


async def test_files_are_uploaded_awaited_and_searched(openai: AsyncOpenAI) -> None:
    """The whole way of the quick start, with nothing but the stock client."""
    store_id, ids = await filled(openai, metadata={"team": "shop"})
    store = await openai.vector_stores.retrieve(store_id)
    assert (store.status, store.file_counts.total, store.metadata) == (
        "completed",
        3,
        {"team": "shop"},
    )
    assert store.usage_bytes == sum(map(len, NOTES.values()))
    found = await openai.vector_stores.search(store_id, query="How long can I return something?")
    best = found.data[0]
    assert (best.file_id, best.filename) == (ids["returns.txt"], "returns.txt")
    assert best.content[0].text == NOTES["returns.txt"].decode()
    assert 0 < best.score <= 1
    assert [one.score for one in found.data] == sorted(
        (one.score for one in found.data), reverse=True
    )


async def test_filters_choose_the_files_before_the_search(openai: AsyncOpenAI) -> None:
    """By attributes given with the file, and changed later."""
    store = await openai.vector_stores.create()
    made = [await openai.files.create(file=one, purpose="assistants") for one in NOTES.items()]
    attributes: list[dict[str, str | float | bool]] = [
        {"kind": "terms", "year": 2023},
        {"kind": "terms", "year": 2025},
        {"kind": "nature"},
    ]
    batch = await openai.vector_stores.file_batches.create_and_poll(
        store.id,
        files=[
            {"file_id": one.id, "attributes": said}
            for one, said in zip(made, attributes, strict=True)
        ],
    )
    assert batch.file_counts.completed == 3

    async def found(filters: Any) -> set[str]:
        page = await openai.vector_stores.search(store.id, query="free shipping", filters=filters)
        return {one.filename for one in page.data}

    terms = {"type": "eq", "key": "kind", "value": "terms"}
    late = {"type": "gte", "key": "year", "value": 2024}
    assert await found(terms) == {"returns.txt", "shipping.txt"}
    assert await found({"type": "and", "filters": [terms, late]}) == {"shipping.txt"}
    assert await found({"type": "nin", "key": "kind", "value": ["terms"]}) == {"bees.txt"}
    assert await found({"type": "eq", "key": "kind", "value": "none"}) == set()
    changed = await openai.vector_stores.files.update(
        made[2].id, vector_store_id=store.id, attributes={"kind": "terms"}
    )
    assert changed.attributes == {"kind": "terms"}
    assert "bees.txt" in await found(terms)
    page = await openai.vector_stores.search(store.id, query="bees", filters=terms)
    assert page.data[0].attributes == {"kind": "terms"}


async def test_several_questions_are_answered_in_one_list(openai: AsyncOpenAI) -> None:
    """Best first, nothing twice, no more than asked for, nothing below the threshold."""
    store_id, _ = await filled(openai)
    asked = ["When are returns taken?", "What do bees do?"]
    both = await openai.vector_stores.search(
        store_id, query=asked, rewrite_query=True, ranking_options={"ranker": "auto"}
    )
    assert {one.filename for one in both.data[:2]} == {"returns.txt", "bees.txt"}
    texts = [one.content[0].text for one in both.data]
    assert len(set(texts)) == len(texts)
    one = await openai.vector_stores.search(store_id, query=asked, max_num_results=1)
    assert [it.filename for it in one.data] == [both.data[0].filename]
    least = (both.data[0].score + both.data[-1].score) / 2
    some = await openai.vector_stores.search(
        store_id, query=asked, ranking_options={"score_threshold": least}
    )
    assert 0 < len(some.data) < len(both.data)
    assert all(it.score >= least for it in some.data)


async def test_a_search_sees_the_files_of_its_store_only(openai: AsyncOpenAI) -> None:
    """A store without files finds nothing at all; neither does one whose file was taken out."""
    store_id, ids = await filled(openai)
    empty = await openai.vector_stores.create()
    assert (await openai.vector_stores.search(empty.id, query="returns")).data == []
    gone = await openai.vector_stores.files.delete(ids["returns.txt"], vector_store_id=store_id)
    assert gone.deleted
    found = await openai.vector_stores.search(store_id, query="When are returns taken?")
    assert "returns.txt" not in {one.filename for one in found.data}
    assert (await openai.files.retrieve(ids["returns.txt"])).status == "processed"


async def test_the_text_of_a_file_is_given(openai: AsyncOpenAI) -> None:
    """As it was read."""
    store_id, ids = await filled(openai)
    page = await openai.vector_stores.files.content(ids["bees.txt"], vector_store_id=store_id)
    assert [one.text for one in page.data] == [NOTES["bees.txt"].decode()]


async def test_stores_are_made_changed_listed_and_deleted(openai: AsyncOpenAI) -> None:
    """What is not given stays, null takes away."""
    made = [
        await openai.vector_stores.create(
            name=f"store {n}",
            metadata={"n": str(n)},
            expires_after={"anchor": "last_active_at", "days": 1},
        )
        for n in range(5)
    ]
    first = made[0]
    assert first.last_active_at is not None
    assert first.expires_at == first.last_active_at + 86_400
    renamed = await openai.vector_stores.update(first.id, name="new")
    assert (renamed.name, renamed.metadata) == ("new", {"n": "0"})
    assert renamed.expires_after is not None
    emptied: Any = {"expires_after": None, "metadata": None}
    cleared = await openai.vector_stores.update(first.id, **emptied)
    assert (cleared.expires_after, cleared.expires_at, cleared.metadata) == (None, None, {})
    newest = [one.id for one in reversed(made)]
    assert [one.id async for one in openai.vector_stores.list(limit=2)] == newest
    assert [one.id async for one in openai.vector_stores.list(limit=2, order="asc")] == newest[::-1]
    page = await openai.vector_stores.list(before=newest[3], limit=2)
    assert [one.id for one in page.data] == newest[1:3]
    assert (await openai.vector_stores.delete(first.id)).deleted
    with pytest.raises(NotFoundError):
        await openai.vector_stores.retrieve(first.id)


async def test_files_of_a_store_are_listed_by_page_and_status(openai: AsyncOpenAI) -> None:
    """What no reader takes has failed there, and says why."""
    store_id, ids = await filled(openai)
    odd = await openai.vector_stores.files.upload_and_poll(
        vector_store_id=store_id, file=("tool", b"\x7fELF\x02\x01\x01")
    )
    assert (odd.status, odd.usage_bytes) == ("failed", 0)
    assert odd.last_error is not None
    assert (odd.last_error.code, odd.last_error.message) == (
        "unsupported_file",
        "Programs cannot be read.",
    )
    files = openai.vector_stores.files
    every = [one.id async for one in files.list(store_id, limit=2)]
    assert (every[0], set(every)) == (odd.id, {odd.id, *ids.values()})
    assert [one.id async for one in files.list(store_id, limit=3, order="asc")] == every[::-1]
    failed = await files.list(store_id, filter="failed")
    assert [one.id for one in failed.data] == [odd.id]
    async for one in files.list(store_id, limit=1):
        await openai.files.delete(one.id)
    assert (await openai.vector_stores.retrieve(store_id)).file_counts.total == 0


async def test_a_batch_can_be_cancelled_while_it_is_read(
    openai: AsyncOpenAI, mine: AsyncClient
) -> None:
    """What was not read yet is kept out of the store; the file itself is read all the same."""
    async with halted_worker(mine) as go_on:
        store = await openai.vector_stores.create()
        made = await openai.files.create(file=("slow.txt", SLOW), purpose="assistants")
        batch = await openai.vector_stores.file_batches.create(store.id, file_ids=[made.id])
        assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 1)
        assert (await openai.vector_stores.retrieve(store.id)).status == "in_progress"
        raw = await openai.vector_stores.file_batches.with_raw_response.retrieve(
            batch.id, vector_store_id=store.id
        )
        assert int(raw.headers["openai-poll-after-ms"]) > 0
        batches = openai.vector_stores.file_batches
        ended = await batches.cancel(batch.id, vector_store_id=store.id)
        assert (ended.status, ended.file_counts.cancelled) == ("cancelled", 1)
        go_on()
    assert (await openai.files.wait_for_processing(made.id, poll_interval=0.1)).status == (
        "processed"
    )
    listed = await batches.list_files(batch.id, vector_store_id=store.id, filter="cancelled")
    assert [one.id for one in listed.data] == [made.id]
    assert (await openai.vector_stores.search(store.id, query="time")).data == []


async def test_an_expired_store_cannot_be_searched(openai: AsyncOpenAI, server: LiveServer) -> None:
    """Until it is used otherwise; its files can still be listed."""
    store_id, _ = await filled(openai, expires_after={"anchor": "last_active_at", "days": 1})
    services = server.app.state.services
    incoming: Path = services.options.incoming
    with closing(sqlite3.connect(incoming.parents[1] / "steward.db", timeout=5)) as database:
        database.execute("UPDATE vector_stores SET last_active_at_ms = 1 WHERE id = ?", (store_id,))
        database.commit()
    with pytest.raises(BadRequestError, match="is expired") as refused:
        await openai.vector_stores.search(store_id, query="returns")
    assert (refused.value.code, refused.value.param) == ("vector_store_expired", "vector_store_id")
    assert (await openai.vector_stores.retrieve(store_id)).status == "expired"
    assert len((await openai.vector_stores.files.list(store_id)).data) == 3
    await openai.vector_stores.update(store_id, name="used")
    assert (await openai.vector_stores.search(store_id, query="returns")).data


async def test_what_is_anothers_answers_like_what_is_missing(
    openai: AsyncOpenAI, mine: AsyncClient, http: AsyncClient
) -> None:
    """Stores, their files and batches, and another's file in one's own store."""
    store_id, ids = await filled(openai)
    own = (await http.post(STORES, json={})).json()["id"]
    file_id = ids["bees.txt"]
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("POST", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/search", {"query": "x"}),
        ("GET", "/files", None),
        ("POST", "/files", {"file_id": "file-x"}),
        ("POST", "/file_batches", {"file_ids": ["file-x"]}),
        ("GET", "/files/file-x", None),
        ("GET", "/file_batches/vsfb_x", None),
    ]
    for method, path, body in asked:
        foreign = await http.request(method, f"{STORES}/{store_id}{path}", json=body)
        missing = await http.request(method, f"{STORES}/vs_x{path}", json=body)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.text.replace(store_id, "vs_x") == missing.text
    for path, body in (("files", {"file_id": file_id}), ("file_batches", {"file_ids": [file_id]})):
        refused = await http.post(f"{STORES}/{own}/{path}", json=body)
        assert refused.status_code == 404
        assert refused.json()["error"]["param"] == "file_id"
    made = len((await http.get(STORES)).json()["data"])
    refused = await http.post(STORES, json={"file_ids": [file_id]})
    assert refused.status_code == 404
    assert len((await http.get(STORES)).json()["data"]) == made


def sizes(chunk: int, overlap: int) -> dict[str, int]:
    """Ask for chunks of a size."""
    return {"max_chunk_size_tokens": chunk, "chunk_overlap_tokens": overlap}


@pytest.mark.parametrize(
    ("strategy", "param"),
    [
        ({"type": "static"}, "chunking_strategy.static"),
        ({"type": "static", "static": 5}, "chunking_strategy.static"),
        ({"type": "static", "static": sizes(800, 500)}, "chunking_strategy.static"),
        (
            {"type": "static", "static": sizes(5, 0)},
            "chunking_strategy.static.max_chunk_size_tokens",
        ),
        ({"type": "other"}, "chunking_strategy"),
    ],
)
async def test_a_faulty_chunking_is_refused_with_the_field(
    http: AsyncClient, strategy: dict[str, Any], param: str
) -> None:
    """Without the name of the union's member that was tried."""
    answer = await http.post(STORES, json={"chunking_strategy": strategy})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("", {"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        ("", {"metadata": {"k" * 65: "x"}}, "metadata"),
        ("", {"metadata": {"k": "x" * 513}}, "metadata.k"),
        ("", {"expires_after": {"anchor": "created_at", "days": 1}}, "expires_after.anchor"),
        ("", {"expires_after": {"anchor": "last_active_at", "days": 0}}, "expires_after.days"),
        ("/files", {}, "file_id"),
        ("/files", {"file_id": "file-x", "attributes": {"a": [1]}}, "attributes.a"),
        ("/files/file-x", {}, "attributes"),
        ("/search", {}, "query"),
        ("/search", {"query": " "}, "query"),
        ("/search", {"query": []}, "query"),
        ("/search", {"query": "x", "max_num_results": 51}, "max_num_results"),
        ("/search", {"query": "x", "filters": {"type": "eq", "key": "a"}}, "filters.value"),
        (
            "/search",
            {"query": "x", "filters": {"type": "and", "filters": [{"type": "no"}]}},
            "filters.filters[0].type",
        ),
        (
            "/search",
            {"query": "x", "ranking_options": {"score_threshold": 2}},
            "ranking_options.score_threshold",
        ),
    ],
)
async def test_a_faulty_request_is_refused_with_the_field(
    http: AsyncClient, path: str, body: dict[str, Any], param: str
) -> None:
    """Nothing is guessed."""
    store_id = (await http.post(STORES, json={})).json()["id"]
    answer = await http.post(f"{STORES}/{store_id}{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text


@pytest.mark.parametrize(
    "body", [{}, {"file_ids": ["file-x"], "files": [{"file_id": "file-x"}]}, {"file_ids": []}]
)
async def test_a_batch_needs_files_in_one_way(http: AsyncClient, body: dict[str, Any]) -> None:
    """By ids, or each with its own attributes."""
    store_id = (await http.post(STORES, json={})).json()["id"]
    answer = await http.post(f"{STORES}/{store_id}/file_batches", json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_every_optional_field_may_be_null(http: AsyncClient) -> None:
    """As Python dictionaries often have it."""
    nothing = dict.fromkeys([
        "file_ids",
        "name",
        "description",
        "expires_after",
        "chunking_strategy",
        "metadata",
    ])
    made = await http.post(STORES, json=nothing)
    assert made.status_code == 200
    question = dict.fromkeys(["rewrite_query", "max_num_results", "filters", "ranking_options"])
    found = await http.post(f"{STORES}/{made.json()['id']}/search", json={"query": "x", **question})
    assert found.json() == {
        "object": "vector_store.search_results.page",
        "search_query": ["x"],
        "data": [],
        "has_more": False,
        "next_page": None,
    }


async def test_the_chunking_asked_for_is_shown(openai: AsyncOpenAI) -> None:
    """And refused where OpenAI refuses it."""
    store = await openai.vector_stores.create()
    made = await openai.files.create(file=("a.txt", b"Words"), purpose="assistants")
    sizes: Any = {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100}
    shown = await openai.vector_stores.files.create(
        store.id, file_id=made.id, chunking_strategy={"type": "static", "static": sizes}
    )
    assert shown.chunking_strategy is not None
    assert shown.chunking_strategy.to_dict() == {"type": "static", "static": sizes}
    sizes["chunk_overlap_tokens"] = 101
    with pytest.raises(BadRequestError, match="half"):
        await openai.vector_stores.files.create(
            store.id, file_id=made.id, chunking_strategy={"type": "static", "static": sizes}
        )
