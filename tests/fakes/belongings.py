"""What a user has on a server, one of each kind, and everywhere that an id of it can stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.completions import CHAT, HI, MODEL
from tests.fakes.uploads import uploaded

PDF_FREE = b"Whales are blue. Penguins eat fish."
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
RESPONSES = "/v1/responses"
CONVERSATIONS = "/v1/conversations"
STORES = "/v1/vector_stores"


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere an id stands: `#` in the path, or what `body` puts it into.

    `whose` names the belonging; `@whose` in a path is another one of the same owner, `~whose` one of
    the asker.
    """

    whose: str
    method: str
    path: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.whose} in {self.method} {self.path}"


def filled(value: Any, made: str) -> Any:
    """Put an id where `#` stands, anywhere in a JSON value."""
    if isinstance(value, dict):
        return {key: filled(it, made) for key, it in value.items()}
    if isinstance(value, list):
        return [filled(it, made) for it in value]
    return value.replace("#", made) if isinstance(value, str) else value


def like(made: str) -> str:
    """Give an id of the same form that nobody has."""
    return made[:-8] + ("0" * 8 if not made.endswith("0" * 8) else "1" * 8)


async def belongings(http: AsyncClient) -> dict[str, str]:
    """Make one of each, and give their ids."""
    file = await uploaded(http, "whales.txt", PDF_FREE)
    sent = {"file": ("a.png", PIXEL)}
    image = (await http.post("/v1/files", files=sent, data={"purpose": "vision"})).json()["id"]
    store = (await http.post(STORES, json={"name": "x", "file_ids": [file]})).json()["id"]
    batch = await http.post(f"{STORES}/{store}/file_batches", json={"file_ids": [file]})
    response = (await http.post(RESPONSES, json={"model": MODEL, "input": "Hi"})).json()
    items = {"items": [{"type": "message", "role": "user", "content": "Hi"}]}
    conversation = (await http.post(CONVERSATIONS, json=items)).json()["id"]
    listed = (await http.get(f"{CONVERSATIONS}/{conversation}/items")).json()["data"]
    body = {"model": MODEL, "messages": HI, "store": True}
    completion = (await http.post(CHAT, json=body)).json()
    told = {"filename": "a.txt", "bytes": 3, "mime_type": "text/plain", "purpose": "assistants"}
    upload = (await http.post("/v1/uploads", json=told)).json()["id"]
    part = await http.post(f"/v1/uploads/{upload}/parts", files={"data": ("x", b"abc")})
    return {
        "file": file,
        "image": image,
        "store": store,
        "batch": batch.json()["id"],
        "response": response["id"],
        "said": response["output"][-1]["id"],
        "conversation": conversation,
        "item": listed[0]["id"],
        "completion": completion["id"],
        "session": completion["x_session_id"],
        "run": completion["x_agent"]["run_id"],
        "upload": upload,
        "part": part.json()["id"],
    }


def _asked(**more: Any) -> Any:
    return {"model": MODEL, "input": "Hi", **more}


def _saying(*parts: Any) -> Any:
    return _asked(input=[{"role": "user", "content": [*parts]}])


def _chat(*parts: Any) -> Any:
    return {"model": "llava", "messages": [{"role": "user", "content": [*parts]}]}


_SEARCH = {"type": "file_search", "vector_store_ids": ["#"]}
_MEMBERS = "/v1/vector_stores/#"
PLACES = [
    Place("response", "GET", f"{RESPONSES}/#"),
    Place("response", "GET", f"{RESPONSES}/#?stream=true"),
    Place("response", "GET", f"{RESPONSES}/#/input_items"),
    Place("response", "POST", f"{RESPONSES}/#/cancel"),
    Place("response", "DELETE", f"{RESPONSES}/#"),
    Place("response", "POST", RESPONSES, _asked(previous_response_id="#")),
    Place("response", "POST", f"{RESPONSES}/input_tokens", _asked(previous_response_id="#")),
    Place("said", "POST", RESPONSES, _asked(input=[{"type": "item_reference", "id": "#"}])),
    Place("conversation", "POST", RESPONSES, _asked(conversation="#")),
    Place("conversation", "POST", RESPONSES, _asked(conversation={"id": "#"})),
    Place("conversation", "POST", f"{RESPONSES}/input_tokens", _asked(conversation="#")),
    Place("conversation", "POST", CHAT, {"model": MODEL, "messages": HI, "session_id": "#"}),
    Place("store", "POST", RESPONSES, _asked(tools=[_SEARCH])),
    Place("file", "POST", RESPONSES, _saying({"type": "input_file", "file_id": "#"})),
    Place("file", "POST", CHAT, _chat({"type": "file", "file": {"file_id": "#"}})),
    Place("image", "POST", CHAT, _chat({"type": "image_url", "image_url": {"file_id": "#"}})),
    Place("conversation", "GET", f"{CONVERSATIONS}/#"),
    Place("conversation", "POST", f"{CONVERSATIONS}/#", {"metadata": {}}),
    Place("conversation", "DELETE", f"{CONVERSATIONS}/#"),
    Place("conversation", "GET", f"{CONVERSATIONS}/#/items"),
    Place("conversation", "POST", f"{CONVERSATIONS}/#/items", {"items": []}),
    Place("conversation", "GET", f"{CONVERSATIONS}/#/items/@item"),
    Place("conversation", "DELETE", f"{CONVERSATIONS}/#/items/@item"),
    Place("item", "GET", f"{CONVERSATIONS}/~conversation/items/#"),
    Place("item", "DELETE", f"{CONVERSATIONS}/~conversation/items/#"),
    Place("item", "GET", f"{CONVERSATIONS}/~conversation/items?after=#"),
    Place("session", "GET", "/api/conversations/#"),
    Place("session", "DELETE", "/api/conversations/#"),
    Place("session", "GET", "/api/conversations/#/export"),
    Place("session", "GET", "/api/conversations/#/export?format=markdown"),
    Place("completion", "GET", f"{CHAT}/#"),
    Place("completion", "POST", f"{CHAT}/#", {"metadata": {}}),
    Place("completion", "DELETE", f"{CHAT}/#"),
    Place("completion", "GET", f"{CHAT}/#/messages"),
    Place("completion", "GET", f"{CHAT}?after=#"),
    Place("run", "GET", "/api/runs/#"),
    Place("run", "GET", "/api/runs/#/events"),
    Place("run", "GET", "/api/runs/#/approvals"),
    Place("run", "POST", "/api/runs/#/cancel"),
    Place("file", "GET", "/v1/files/#"),
    Place("file", "GET", "/v1/files/#/content"),
    Place("file", "DELETE", "/v1/files/#"),
    Place("file", "GET", "/v1/files?after=#"),
    Place("store", "GET", _MEMBERS),
    Place("store", "POST", _MEMBERS, {}),
    Place("store", "DELETE", _MEMBERS),
    Place("store", "POST", f"{_MEMBERS}/search", {"query": "whales"}),
    Place("store", "GET", f"{_MEMBERS}/files"),
    Place("store", "POST", f"{_MEMBERS}/files", {"file_id": "~file"}),
    Place("store", "GET", f"{_MEMBERS}/files/@file"),
    Place("store", "POST", f"{_MEMBERS}/files/@file", {"attributes": {}}),
    Place("store", "GET", f"{_MEMBERS}/files/@file/content"),
    Place("store", "DELETE", f"{_MEMBERS}/files/@file"),
    Place("store", "POST", f"{_MEMBERS}/file_batches", {"file_ids": ["~file"]}),
    Place("store", "GET", f"{_MEMBERS}/file_batches/@batch"),
    Place("store", "GET", f"{_MEMBERS}/file_batches/@batch/files"),
    Place("store", "POST", f"{_MEMBERS}/file_batches/@batch/cancel"),
    Place("batch", "GET", f"{STORES}/~store/file_batches/#"),
    Place("batch", "GET", f"{STORES}/~store/file_batches/#/files"),
    Place("batch", "POST", f"{STORES}/~store/file_batches/#/cancel"),
    Place("image", "GET", f"{STORES}/~store/files/#"),
    Place("image", "POST", f"{STORES}/~store/files/#", {"attributes": {}}),
    Place("image", "DELETE", f"{STORES}/~store/files/#"),
    Place("image", "GET", f"{STORES}/~store/files/#/content"),
    Place("image", "POST", f"{STORES}/~store/files", {"file_id": "#"}),
    Place("image", "POST", f"{STORES}/~store/file_batches", {"file_ids": ["#"]}),
    Place("image", "POST", STORES, {"file_ids": ["#"]}),
    Place("upload", "POST", "/v1/uploads/#/complete", {"part_ids": ["@part"]}),
    Place("upload", "POST", "/v1/uploads/#/cancel"),
    Place("part", "POST", "/v1/uploads/~upload/complete", {"part_ids": ["#"]}),
]
EVERY_PLACE = pytest.mark.parametrize("place", PLACES, ids=str)
