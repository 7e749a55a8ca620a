"""Items in and out of a session's messages, whatever a client sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from openai.types.conversations import ConversationItem
from pydantic import TypeAdapter

from backend.api.conversation_items import listed, stored_items
from backend.errors import InvalidRequest
from tests.fakes.item_samples import KEPT, PIXEL, SAID

JUNK: list[Any] = [None, 5, True, "", [], {}, [5], [None], [[]], {"a": 1}, {"type": "input_text"}]
STRICT: TypeAdapter[Any] = TypeAdapter(ConversationItem)


def spoilt(value: Any) -> Iterator[Any]:
    """Give a JSON value with each of its parts missing or replaced by junk, one at a time."""
    if isinstance(value, dict):
        for name in value:
            yield {key: one for key, one in value.items() if key != name}
            yield from ({**value, name: one} for one in [*JUNK, *spoilt(value[name])])
    elif isinstance(value, list):
        for at in range(len(value)):
            yield value[:at] + value[at + 1 :]
            for one in [*JUNK, *spoilt(value[at])]:
                yield [*value[:at], one, *value[at + 1 :]]


@pytest.mark.parametrize("item", [*SAID, *KEPT], ids=lambda one: one.get("type", "easy"))
def test_a_spoilt_item_is_refused_by_name_or_comes_back_sound(item: Any) -> None:
    """No field, missing or of whatever type, breaks the server or a strict client."""
    kept, params = 0, {"items[0]"}
    for one in spoilt(item):
        try:
            stored = stored_items([one], conversation_id="conv_1", now_ms=1)
        except InvalidRequest as exc:
            params.add(str(exc.param))
            continue
        [shown] = listed(stored)
        STRICT.validate_python(orjson.loads(orjson.dumps(shown)))
        kept += 1
    assert kept
    assert {one[:8] for one in params} == {"items[0]"}


def test_what_a_message_says_in_full_is_not_stored_twice() -> None:
    """A picture of megabytes would be."""
    image = {"type": "input_image", "image_url": PIXEL, "detail": None}
    items: Any = [
        {"role": "user", "content": "Hello"},
        {"role": "user", "content": [image, {"type": "input_text", "text": "What?"}]},
        {"role": "assistant", "content": "A picture."},
        {"type": "function_call", "call_id": "a", "name": "b", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "c", "status": None},
    ]
    stored = stored_items(items, conversation_id="conv_1", now_ms=1)
    assert [one.message.get("item") for one in stored] == [None] * 5


def test_an_answer_with_an_address_that_a_client_adds_is_vouched_for_by_nobody() -> None:
    """What it says could lead there."""
    said: Any = [
        {"role": "assistant", "content": word} for word in ("Hi.", "See https://a.example/")
    ]
    stored = stored_items(said, conversation_id="conv_1", now_ms=1)
    assert ["annotations" in one.message for one in stored] == [False, True]


def test_nulls_that_mean_left_out_are_left_out() -> None:
    """Clients in Python send what they were given with null for everything that was not there."""
    action = {"type": "search", "query": "x", "queries": None, "sources": None}
    given: Any = {"type": "web_search_call", "status": "completed", "action": action, "id": None}
    [stored] = stored_items([given], conversation_id="conv_1", now_ms=1)
    [shown] = listed([stored])
    assert shown["action"] == {"type": "search", "query": "x"}
    STRICT.validate_python(shown)
