"""One's files: listing, looking at them, erasing, following and searching them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.live_server import LiveServer
from tests.fakes.people import someone
from tests.fakes.refusals import error_of
from tests.fakes.uploads import DOCUMENTS, SEARCH, SLOW, TEXT, halted_worker, upload, uploaded

BOOK = b"Chapter one is about tea.\f\xc3\x9cber den Kaffee.\n\nMilk comes last.\fThe end."


async def names(http: AsyncClient, **params: Any) -> list[str]:
    """List one's files and give their names."""
    answer = await http.get(DOCUMENTS, params=params)
    assert answer.status_code == 200, answer.text
    return [one["filename"] for one in answer.json()["documents"]]


async def test_a_file_is_described(mine: AsyncClient) -> None:
    """Every field, whether it is listed or asked for alone."""
    file_id = await uploaded(mine, "book.txt", BOOK)
    body = (await mine.get(f"{DOCUMENTS}/{file_id}")).json()
    assert set(body) == {
        *("file_id", "doc_id", "filename", "size", "kind", "title", "language", "state"),
        *("progress", "pages", "chunks", "chars", "reason", "note", "purpose"),
        *("created_at", "updated_at"),
    }
    shown = {name: body[name] for name in ("filename", "size", "state", "progress", "reason")}
    assert shown == {
        "filename": "book.txt",
        "size": len(BOOK),
        "state": "ready",
        "progress": 1.0,
        "reason": "",
    }
    assert body["updated_at"] >= body["created_at"] > 1_700_000_000
    assert (await mine.get(DOCUMENTS)).json() == {"documents": [body], "next_cursor": None}


async def test_files_are_listed_in_the_order_asked_for(mine: AsyncClient) -> None:
    """Newest first by default; a minus sign or `order` turns it round."""
    for name, size in (("b.txt", 20), ("a.txt", 30), ("c.txt", 10)):
        await uploaded(mine, name, b"x" * size)
    assert await names(mine) == ["c.txt", "a.txt", "b.txt"]
    assert await names(mine, sort="created_at") == ["b.txt", "a.txt", "c.txt"]
    assert await names(mine, sort="filename") == ["a.txt", "b.txt", "c.txt"]
    assert await names(mine, sort="-filename") == ["c.txt", "b.txt", "a.txt"]
    assert await names(mine, sort="size", order="desc") == ["a.txt", "b.txt", "c.txt"]
    assert await names(mine, sort="-size", order="asc") == ["c.txt", "b.txt", "a.txt"]


async def test_a_listing_is_walked_page_by_page(mine: AsyncClient) -> None:
    """Each file once, and the last page has no cursor."""
    for n in range(7):
        await uploaded(mine, f"{n}.txt", f"Text {n}".encode())
    seen: list[str] = []
    cursor: str | None = None
    for wanted in (3, 3, 1):
        params = {"limit": 3, "sort": "filename", **({"cursor": cursor} if cursor else {})}
        page = (await mine.get(DOCUMENTS, params=params)).json()
        cursor = page["next_cursor"]
        seen += [one["filename"] for one in page["documents"]]
        assert len(page["documents"]) == wanted
    assert cursor is None
    assert seen == [f"{n}.txt" for n in range(7)]


async def test_files_are_found_by_name_and_state(mine: AsyncClient, server: LiveServer) -> None:
    """`processing` stands for every state before the last."""
    await uploaded(mine, "Terms of sale.txt")
    await uploaded(mine, "odd.bin", b"\xff\xfe\xff")
    async with halted_worker(mine):
        await uploaded(mine, "slow.txt", SLOW, params={"wait": 0})
        await _found_by_name_and_state(mine)


async def _found_by_name_and_state(mine: AsyncClient) -> None:
    first = "so that there is a worker.txt"
    assert await names(mine, name="SALE") == ["Terms of sale.txt"]
    assert await names(mine, name="%") == []
    assert await names(mine, state="ready") == [first, "Terms of sale.txt"]
    assert await names(mine, state="processing") == ["slow.txt"]
    assert await names(mine, state=["failed", "ready"], sort="filename") == [
        "odd.bin",
        first,
        "Terms of sale.txt",
    ]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("sort=name", "sort"),
        ("order=up", "order"),
        ("state=lost", "state"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("name=" + "x" * 201, "name"),
    ],
)
async def test_a_listing_that_cannot_be_made_names_the_fault(
    mine: AsyncClient, query: str, param: str
) -> None:
    """As every other refusal."""
    answer = await mine.get(f"{DOCUMENTS}?{query}")
    assert (answer.status_code, error_of(answer)["param"].split("[")[0]) == (400, param)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("terms.txt", 'attachment; filename="terms.txt"'),
        ("Übér 100%.html", "attachment; filename*=utf-8''%C3%9Cb%C3%A9r%20100%25.html"),
        ('a"; x=".svg', "attachment; filename*=utf-8''a%22%3B%20x%3D%22.svg"),
        ("page.html", 'attachment; filename="page.html"'),
    ],
)
async def test_the_original_is_a_download_that_no_browser_runs(
    mine: AsyncClient, name: str, disposition: str
) -> None:
    """Whatever its name pretends."""
    content = b"<html><script>alert(1)</script></html>"
    file_id = await uploaded(mine, name, content)
    answer = await mine.get(f"{DOCUMENTS}/{file_id}/content")
    assert (answer.status_code, answer.content) == (200, content)
    headers = answer.headers
    assert headers["content-disposition"] == disposition
    assert headers["content-type"] in {"text/plain", "application/octet-stream"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox"
    assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=0-6", 206, b"Returns"),
        ("bytes=8-", 206, TEXT[8:]),
        ("bytes=-6", 206, TEXT[-6:]),
        ("bytes=0-100000", 206, TEXT),
        ("bytes=-100000", 206, TEXT),
        ("bytes=6-0", 200, TEXT),
        ("bytes=-0", 200, TEXT),
        ("bytes=-", 200, TEXT),
        ("bytes=0-1,3-4", 200, TEXT),
        ("bytes=" + ",".join(["0-"] * 1000), 200, TEXT),
        ("items=0-6", 200, TEXT),
        ("bytes=²-3", 200, TEXT),
        ("nonsense", 200, TEXT),
    ],
)
async def test_a_range_of_the_original_can_be_asked_for(
    mine: AsyncClient, wanted: str, status: int, content: bytes
) -> None:
    """One range; a header that means anything else is ignored."""
    file_id = await uploaded(mine)
    where = f"{DOCUMENTS}/{file_id}/content"
    answer = await mine.get(where, headers={b"range": wanted.encode()})  # type: ignore[dict-item]
    assert (answer.status_code, answer.content) == (status, content)


async def test_a_range_behind_the_end_is_a_416(mine: AsyncClient) -> None:
    """With the size, so that a download can be taken up again."""
    file_id = await uploaded(mine)
    headers = {"range": f"bytes={len(TEXT)}-"}
    answer = await mine.get(f"{DOCUMENTS}/{file_id}/content", headers=headers)
    assert (answer.status_code, error_of(answer)["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(TEXT)}"


async def test_the_text_is_given_page_by_page(mine: AsyncClient) -> None:
    """The pages follow each other without a gap, and offsets count characters."""
    file_id = await uploaded(mine, "book.txt", BOOK)
    body = (await mine.get(f"{DOCUMENTS}/{file_id}/text")).json()
    assert (body["file_id"], body["state"]) == (file_id, "ready")
    pages = body["pages"]
    whole = "".join(one["text"] for one in pages)
    assert "Über den Kaffee." in whole
    assert [whole[one["start"] : one["end"]] for one in pages] == [one["text"] for one in pages]
    for one in pages:
        alone = await mine.get(f"{DOCUMENTS}/{file_id}/text", params={"page": one["number"]})
        assert alone.json()["pages"] == [one]


@pytest.mark.parametrize(("page", "status"), [("99", 404), ("0", 400), ("x", 400), ("-1", 400)])
async def test_a_page_that_is_not_there_is_refused(
    mine: AsyncClient, page: str, status: int
) -> None:
    """By name."""
    file_id = await uploaded(mine)
    answer = await mine.get(f"{DOCUMENTS}/{file_id}/text", params={"page": page})
    assert (answer.status_code, error_of(answer)["param"]) == (status, "page")


async def test_a_file_that_failed_has_no_text(mine: AsyncClient) -> None:
    """And says in which state it is."""
    file_id = await uploaded(mine, "odd.bin", b"\xff\xfe\xff")
    body = (await mine.get(f"{DOCUMENTS}/{file_id}/text")).json()
    assert body == {"file_id": file_id, "state": "failed", "pages": []}


async def test_a_deleted_file_is_gone_at_once(mine: AsyncClient) -> None:
    """From every address and from the search; erasing it again finds nothing."""
    kept, gone = await uploaded(mine, "kept.txt", b"tea one"), await uploaded(mine, "b", b"tea two")
    first, second = [await mine.delete(f"{DOCUMENTS}/{gone}") for _ in range(2)]
    assert (first.status_code, first.content, second.status_code) == (204, b"", 404)
    assert error_of(second)["code"] == "not_found"
    for rest in ("", "/content", "/text", "/events"):
        assert (await mine.get(f"{DOCUMENTS}/{gone}{rest}")).status_code == 404
    assert (await mine.post(f"{DOCUMENTS}/{gone}/reindex")).status_code == 404
    found = (await mine.post(SEARCH, json={"query": "tea"})).json()["results"]
    assert {one["file_id"] for one in found} == {kept}


async def test_nothing_of_an_erased_user_stays_on_the_disk(
    server: LiveServer, http: AsyncClient
) -> None:
    """Neither the bytes nor the words of the index."""
    person = await someone(server, http)
    data = server.app.state.services.options.incoming.parent.parent
    async with server.http(person.token) as theirs:
        await uploaded(theirs, "secret.txt", b"the albatross file")
        assert (await theirs.post(SEARCH, json={"query": "albatross"})).json()["results"]
    held = [path for path in data.glob("*/*") if path.name == person.id]
    assert held
    assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
    assert [path for path in held if path.exists()] == []


async def test_a_file_is_read_anew_on_request(mine: AsyncClient) -> None:
    """202, and it becomes ready again."""
    file_id = await uploaded(mine)
    answer = await mine.post(f"{DOCUMENTS}/{file_id}/reindex")
    assert (answer.status_code, answer.json()["file_id"]) == (202, file_id)
    async with asyncio.timeout(30):
        while (await mine.get(f"{DOCUMENTS}/{file_id}")).json()["state"] != "ready":
            pass
    assert (await mine.get(f"{DOCUMENTS}/{file_id}")).json()["chars"] == len(TEXT)


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("GET", "/content"),
        ("GET", "/text"),
        ("GET", "/text?page=1"),
        ("GET", "/events"),
        ("POST", "/reindex"),
        ("DELETE", ""),
    ],
)
async def test_somebody_elses_file_is_a_missing_one(
    server: LiveServer, mine: AsyncClient, http: AsyncClient, method: str, rest: str
) -> None:
    """Byte for byte the same answer, also for an administrator."""
    file_id = await uploaded(mine)
    other = await someone(server, http)
    answers = []
    for token in (other.token, server.token):
        async with server.http(token, headers={"x-request-id": "same"}) as stranger:
            for one in (file_id, "file-" + "0" * 32, "x", "%00"):
                answer = await stranger.request(method, f"{DOCUMENTS}/{one}{rest}")
                answers.append((answer.status_code, answer.content))
    assert len(set(answers)) == 1
    assert answers[0][0] == 404
    assert (await mine.get(f"{DOCUMENTS}/{file_id}")).status_code == 200


async def test_passages_are_found_best_first(mine: AsyncClient) -> None:
    """Each is literally the stored text at its place, and has an id to cite it by."""
    file_id = await uploaded(mine, "terms.txt")
    await uploaded(mine, "other.txt", b"Nothing about that, only shipping.")
    asked = {"query": "Within how many days are returns taken?", "top_k": 3}
    body = (await mine.post(SEARCH, json=asked)).json()
    first = body["results"][0]
    assert set(first) == {
        *("file_id", "doc_id", "filename", "page", "start", "end", "text", "heading"),
        *("score", "relevance", "citation_id"),
    }
    assert (first["file_id"], first["filename"]) == (file_id, "terms.txt")
    assert "30 days" in first["text"]
    assert first["citation_id"].startswith("cit_")
    pages = (await mine.get(f"{DOCUMENTS}/{file_id}/text")).json()["pages"]
    stored = "".join(one["text"] for one in pages)
    assert stored[first["start"] : first["end"]] == first["text"]
    assert (body["relevant"], body["searched"], body["unready"]) == (True, 2, 0)
    scores = [one["score"] for one in body["results"]]
    assert scores == sorted(scores, reverse=True)


async def test_a_search_keeps_to_the_files_it_is_given(mine: AsyncClient) -> None:
    """By id, by kind, by name and by date."""
    old = await uploaded(mine, "old.txt", b"Tea is brewed with hot water.")
    new = await uploaded(mine, "new.txt", b"Tea is drunk with cold milk.")

    async def found(**more: Any) -> set[str]:
        answer = await mine.post(SEARCH, json={"query": "tea", **more})
        assert answer.status_code == 200, answer.text
        return {one["file_id"] for one in answer.json()["results"]}

    kind = (await mine.get(f"{DOCUMENTS}/{old}")).json()["kind"]
    assert await found() == {old, new}
    assert await found(file_ids=[new]) == {new}
    assert await found(file_ids=["file-of-nobody"]) == set()
    assert await found(filters={"name": "OLD"}) == {old}
    assert await found(filters={"kinds": [kind]}) == {old, new}
    assert await found(filters={"kinds": ["epub"]}) == set()
    assert await found(filters={"created_from": "2020-01-01"}) == {old, new}
    assert await found(filters={"created_to": 1_600_000_000}) == set()
    assert await found(filters={"created_from": "2020-01-01T00:00:00+02:00"}) == {old, new}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": "  \n"}, "query"),
        ({"query": "x" * 8001}, "query"),
        ({"query": 3}, "query"),
        ({"query": "x", "top_k": 0}, "top_k"),
        ({"query": "x", "top_k": 51}, "top_k"),
        ({"query": "x", "file_ids": []}, "file_ids"),
        ({"query": "x", "file_ids": "file-1"}, "file_ids"),
        ({"query": "x", "limit": 3}, "limit"),
        ({"query": "x", "filters": {"created_from": "soon"}}, "filters.created_from"),
        ({"query": "x", "filters": {"kind": "pdf"}}, "filters.kind"),
    ],
)
async def test_a_search_that_makes_no_sense_names_the_fault(
    mine: AsyncClient, body: dict[str, Any], param: str
) -> None:
    """An empty list of files is neither none nor all."""
    answer = await mine.post(SEARCH, json=body)
    assert (answer.status_code, error_of(answer)["param"]) == (400, param)


async def test_nothing_of_other_people_is_found(
    server: LiveServer, mine: AsyncClient, http: AsyncClient
) -> None:
    """Not even when its id is named."""
    file_id = await uploaded(mine)
    other = await someone(server, http)
    async with server.http(other.token) as stranger:
        body = {"query": "returns within days", "file_ids": [file_id]}
        assert (await stranger.post(SEARCH, json=body)).json()["results"] == []
        assert (await stranger.get(DOCUMENTS)).json()["documents"] == []


async def test_a_file_that_vanished_from_the_disk_is_a_404(
    mine: AsyncClient, server: LiveServer
) -> None:
    """Not a 500."""
    answer = await upload(mine)
    file_id = answer.json()["file_id"]
    documents = server.app.state.services.documents
    user = (await mine.get("/api/auth/me")).json()["id"]
    kept = await documents.content(user, file_id)
    kept[1].unlink()
    gone = await mine.get(f"{DOCUMENTS}/{file_id}/content")
    assert (gone.status_code, error_of(gone)["code"]) == (404, "not_found")
    kept[1].write_bytes(TEXT)
