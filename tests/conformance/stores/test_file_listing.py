"""What every adapter of the FileStore port does when it lists."""

from __future__ import annotations

import base64

import pytest

from backend.errors import InvalidRequest
from backend.ports.documents import Listing
from tests.fakes.papers import add


async def _ids(stores, **asked) -> list[str]:
    page = await stores.files.list("user_bob", Listing(**asked))
    return [file.id.removeprefix("file-") for file in page.items]


async def _four(stores) -> None:
    await add(stores, 1, filename="b.txt", size_bytes=30, created_at_ms=5)
    await add(stores, 2, filename="A.txt", size_bytes=10, created_at_ms=9)
    await add(stores, 3, filename="c.txt", size_bytes=20, created_at_ms=5)
    await add(stores, 4, filename="a.txt", size_bytes=30, created_at_ms=7)
    await add(stores, 5, filename="a.txt", user_id="user_ann")


@pytest.mark.parametrize(
    ("order", "ascending"),
    [
        ("created_at", ["001", "003", "004", "002"]),
        ("filename", ["002", "004", "001", "003"]),
        ("size", ["002", "003", "001", "004"]),
    ],
)
async def test_files_come_in_the_order_asked_for(stores, order, ascending):
    """Names in any case, ties by id; nobody else's come."""
    await _four(stores)
    assert await _ids(stores, order=order, descending=False) == ascending
    assert await _ids(stores, order=order) == ascending[::-1]


async def test_the_newest_come_first_with_their_documents(stores):
    """What a listing shows is what `get` gives."""
    await _four(stores)
    page = await stores.files.list("user_bob", Listing(limit=2))
    assert page.items == (
        await stores.files.get("user_bob", "file-002"),
        await stores.files.get("user_bob", "file-004"),
    )


@pytest.mark.parametrize("order", ["created_at", "filename", "size"])
@pytest.mark.parametrize("descending", [True, False])
async def test_pages_follow_one_another_without_loss(stores, order, descending):
    """Also when many are equal, and a file goes between two pages."""
    for number in range(1, 10):
        await add(
            stores,
            number,
            filename=f"{number // 3}",
            size_bytes=number // 3 + 1,
            created_at_ms=number // 3,
        )
    whole = await _ids(stores, order=order, descending=descending, limit=50)
    seen: list[str] = []
    cursor = None
    for _ in range(9):
        asked = Listing(order=order, descending=descending, limit=2, cursor=cursor)
        page = await stores.files.list("user_bob", asked)
        seen += [file.id.removeprefix("file-") for file in page.items]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
        await stores.files.delete("user_bob", page.items[-1].id)
    assert len(whole) == 9
    assert seen == whole


async def test_a_page_that_ends_exactly_has_no_next_one(stores):
    """No empty page follows."""
    await _four(stores)
    first = await stores.files.list("user_bob", Listing(limit=2))
    second = await stores.files.list("user_bob", Listing(limit=2, cursor=first.next_cursor))
    assert len(second.items) == 2
    assert second.next_cursor is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("STRASSE", ["001"]),
        ("été", ["002"]),
        ("ＡＢＣ", ["003"]),  # noqa: RUF001 - wide letters are the point
        ("100%", ["003"]),
        ("a_c", ["004"]),
        ("\\", ["004"]),
        ("\x00", ["004", "003", "002", "001"]),
        ("zzz", []),
    ],
)
async def test_names_are_searched_in_any_case_and_literally(stores, name, found):
    """Letters of every script fold; signs that mean something to a database mean themselves."""
    for number, filename in enumerate(("Die Straße", "ÉTÉ", "100% abc", "a_c\\"), 1):
        await add(stores, number, filename=filename)
    assert await _ids(stores, name_contains=name) == found


async def test_only_files_of_documents_in_the_given_states_come(stores):
    """Any of several."""
    await _four(stores)
    await stores.documents.mark("doc_002", state="failed", reason="x", now_ms=1)
    await stores.documents.mark("doc_003", state="parsing", now_ms=1)
    assert await _ids(stores, states=("failed",)) == ["002"]
    assert await _ids(stores, states=("parsing", "failed")) == ["002", "003"]
    assert await _ids(stores, states=("ready",)) == []


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "\ud800",
        "A" * 30_000,
        _packed(b'["created_at",1,5]'),
        _packed(b'["created_at",1,"5","file-1"]'),
        _packed(b'["created_at",1,true,"file-1"]'),
        _packed(b'["created_at",1,9223372036854775808,"file-1"]'),
        _packed(b'["created_at",0,5,"file-1"]'),
        _packed(b'["filename",1,"a","file-1"]'),
        _packed(b'["size",1,5,"file-1"]'),
        _packed(b"[" * 300),
    ],
)
async def test_a_cursor_that_no_listing_of_this_order_gave_out_is_a_bad_request(stores, cursor):
    """The failure names the parameter."""
    with pytest.raises(InvalidRequest) as refused:
        await stores.files.list("user_bob", Listing(cursor=cursor))
    assert refused.value.param == "cursor"


async def test_a_cursor_of_another_order_is_a_bad_request(stores):
    """Neither the other way round nor by another value."""
    await _four(stores)
    page = await stores.files.list("user_bob", Listing(order="filename", limit=1))
    for asked in (
        Listing(order="created_at", cursor=page.next_cursor),
        Listing(order="filename", descending=False, cursor=page.next_cursor),
    ):
        with pytest.raises(InvalidRequest):
            await stores.files.list("user_bob", asked)


async def test_the_longest_name_has_a_cursor_that_is_taken_back(stores):
    """A letter may fold to many."""
    for number in (1, 2):
        await add(stores, number, filename="ﷺ" * 255, sha256=str(number))
    page = await stores.files.list("user_bob", Listing(order="filename", limit=1))
    rest = Listing(order="filename", limit=1, cursor=page.next_cursor)
    assert [it.id for it in (await stores.files.list("user_bob", rest)).items] == ["file-001"]


@pytest.mark.parametrize("limit", [0, -1, 10_001])
async def test_a_page_has_1_to_10000_items(stores, limit):
    """Other limits are a bad request."""
    with pytest.raises(InvalidRequest) as refused:
        await stores.files.list("user_bob", Listing(limit=limit))
    assert refused.value.param == "limit"


async def test_a_name_of_endless_length_is_a_bad_request(stores):
    """At most 500 characters."""
    with pytest.raises(InvalidRequest) as refused:
        await stores.files.list("user_bob", Listing(name_contains="x" * 501))
    assert refused.value.param == "name"
