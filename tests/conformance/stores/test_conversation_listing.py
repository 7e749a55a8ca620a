"""What every adapter of the ConversationStore port does when it lists and searches."""

from __future__ import annotations

import base64

import pytest

from backend.errors import InvalidRequest
from backend.ports.stores import Conversation, Run, StoredMessage


async def _talk(stores, number, *, at_ms, title="", text="", user_id="user_bob") -> None:
    conv = f"conv_{number:02}"
    await stores.conversations.create(
        Conversation(id=conv, user_id=user_id, created_at_ms=at_ms, updated_at_ms=at_ms)
    )
    run = Run(
        id=f"run_{number}",
        user_id=user_id,
        conversation_id=conv,
        model="m",
        route="chat",
        state="running",
        started_at_ms=at_ms,
    )
    said = StoredMessage(
        id=f"msg_{number}", conversation_id=conv, message={"role": "user", "content": text}
    )
    await stores.conversations.begin_turn(run, [said], title_if_empty=title)


async def _ids(stores, **asked) -> list[str]:
    page = await stores.conversations.list("user_bob", **asked)
    return [it.id for it in page.items]


async def test_the_last_used_comes_first_and_nobody_elses_comes(stores):
    """Of the same millisecond the larger id is first."""
    await _talk(stores, 1, at_ms=10)
    await _talk(stores, 2, at_ms=30)
    await _talk(stores, 3, at_ms=10)
    await _talk(stores, 4, at_ms=40, user_id="user_ann")
    assert await _ids(stores) == ["conv_02", "conv_03", "conv_01"]
    page = await stores.conversations.list("user_bob")
    assert page.next_cursor is None
    assert page.items[0] == await stores.conversations.get("user_bob", "conv_02")


async def test_paging_neither_loses_nor_repeats_while_new_ones_come(stores):
    """What comes between two pages stands before the cursor and is not seen."""
    for number in range(10):
        await _talk(stores, number, at_ms=100 + number // 3)
    seen: list[str] = []
    cursor, fresh = None, 50
    for _ in range(10):
        page = await stores.conversations.list("user_bob", limit=3, cursor=cursor)
        seen += [it.id for it in page.items]
        if page.next_cursor is None:
            break
        cursor, fresh = page.next_cursor, fresh + 1
        await _talk(stores, fresh, at_ms=1000 + fresh)
    assert seen == [f"conv_{number:02}" for number in range(9, -1, -1)]


async def test_a_page_that_ends_exactly_has_no_next_one(stores):
    """No empty page follows."""
    for number in range(4):
        await _talk(stores, number, at_ms=number)
    first = await stores.conversations.list("user_bob", limit=2)
    second = await stores.conversations.list("user_bob", limit=2, cursor=first.next_cursor)
    assert len(second.items) == 2
    assert second.next_cursor is None


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "ü",
        "\ud800",
        "A" * 10_000,
        _packed(b"[1]"),
        _packed(b"{}"),
        _packed(b'["1","a"]'),
        _packed(b"[1,2]"),
        _packed(b'[true,"a"]'),
        _packed(b'[9223372036854775808,"a"]'),
        _packed(b"[" * 300),
        _packed(b'[1,"a"]') + "=\n",
    ],
)
async def test_a_cursor_nobody_gave_out_is_a_bad_request(stores, cursor):
    """The failure names the parameter."""
    with pytest.raises(InvalidRequest) as refused:
        await stores.conversations.list("user_bob", cursor=cursor)
    assert refused.value.param == "cursor"


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_has_1_to_1000_items(stores, limit):
    """Other limits are a bad request."""
    with pytest.raises(InvalidRequest) as refused:
        await stores.conversations.list("user_bob", limit=limit)
    assert refused.value.param == "limit"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("straße", ["conv_01"]),
        ("STRASSE", ["conv_01"]),
        ("ÉTÉ", ["conv_02"]),
        ("привет", ["conv_02"]),
        ("ＡＢＣ", ["conv_03"]),  # noqa: RUF001 - wide letters are the point
        ("100%", ["conv_03"]),
        ("a_c", ["conv_04"]),
        ("\\", ["conv_04"]),
        ("'; --", []),
        ("  été  ", ["conv_02"]),
        ("", ["conv_04", "conv_03", "conv_02", "conv_01"]),
        ("only ann", []),
        ("\x00", ["conv_04", "conv_03", "conv_02", "conv_01"]),
        ("\ud800", []),
    ],
)
async def test_search_reads_titles_and_messages_in_any_case_and_literally(stores, query, found):
    """Letters of every script fold; signs that mean something to a database mean themselves."""
    await _talk(stores, 1, at_ms=1, title="Die Straße")
    await _talk(stores, 2, at_ms=2, title="x", text="été ПРИВЕТ")
    await _talk(stores, 3, at_ms=3, title="100% abc", text="100 percent")
    await _talk(stores, 4, at_ms=4, title="a_c", text="back\\slash")
    await _talk(stores, 5, at_ms=5, title="only Ann", user_id="user_ann")
    assert await _ids(stores, query=query) == found


async def test_search_reads_the_text_parts_of_a_message(stores):
    """Images and unknown parts are passed over."""
    parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {}}, {"text": 5}]
    await _talk(stores, 1, at_ms=1, text=parts)
    await _talk(stores, 2, at_ms=2, text=None)
    assert await _ids(stores, query="look") == ["conv_01"]


async def test_a_search_of_endless_length_is_a_bad_request(stores):
    """At most 500 characters."""
    with pytest.raises(InvalidRequest) as refused:
        await stores.conversations.list("user_bob", query="x" * 501)
    assert refused.value.param == "query"


async def test_a_changed_title_is_found_under_its_new_name_only(stores):
    """The folded title follows the title."""
    await _talk(stores, 1, at_ms=1, title="Old")
    await stores.conversations.update("user_bob", "conv_01", title="ÜBER")
    assert await _ids(stores, query="über") == ["conv_01"]
    assert await _ids(stores, query="old") == []
