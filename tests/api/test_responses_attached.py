"""Attachments and vector stores of `/v1/responses`, over the real reading and search of documents."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from tests.fakes.attaching import BLIND, EYES, uri
from tests.fakes.downloads import PIXEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import a_key
from tests.fakes.responses import RESPONSES, ask, texts
from tests.fakes.sample_files import pdf_of_lines
from tests.fakes.uploads import uploaded

RENT = "The rent is 900 euros a month."
NOTICE = "Either party may end the lease with a notice of 90 days."
LEASE = pdf_of_lines([[RENT], [NOTICE]])
NOTES = {
    "returns.txt": b"Returns are taken within 30 days after delivery.",
    "shipping.txt": b"Shipping is free above 50 euros; parcels leave on Mondays.",
}
SEARCH = Call(name="rag_retrieval", arguments={"query": "Within how many days are returns taken?"})


def said(*parts: Any) -> list[Any]:
    """Make the input of one message."""
    return [{"role": "user", "content": list(parts)}]


def file(**fields: Any) -> Any:
    """Make a file part."""
    return {"type": "input_file", **fields}


def words(text: str) -> Any:
    """Make a text part."""
    return {"type": "input_text", "text": text}


async def refusal(http: httpx.AsyncClient, given: Any, **body: Any) -> tuple[int, str]:
    """Ask what is refused; give the status and the place."""
    answer = await http.post(RESPONSES, json={"model": BLIND, "input": given, **body})
    return answer.status_code, answer.json()["error"]["param"]


async def test_a_file_in_the_input_is_read_cited_and_kept_by_reference(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Its bytes are kept once, as a file of the user's; a later response still knows of it."""
    ollama.queue(Reply(content="Ninety days [2]."))
    part = file(filename="lease.pdf", file_data=uri(LEASE, "application/pdf"))
    made = await ask(mine, said(words("What is the notice?"), part), model=BLIND)
    shown = orjson.dumps(ollama.chats[-1].body["messages"]).decode()
    assert NOTICE in shown
    [cited] = made["output"][-1]["content"][0]["annotations"]
    assert (cited["type"], cited["filename"]) == ("file_citation", "lease.pdf")
    [item] = (await mine.get(f"{RESPONSES}/{made['id']}/input_items")).json()["data"]
    kept = item["content"][1]
    assert kept == {"type": "input_file", "file_id": cited["file_id"], "filename": "lease.pdf"}
    ollama.queue(Reply(content="900 euros."))
    await ask(mine, "And the rent?", model=BLIND, previous_response_id=made["id"])
    assert "lease.pdf" in orjson.dumps(ollama.chats[-1].body["messages"]).decode()
    again = await mine.get(f"/v1/files/{cited['file_id']}")
    assert again.json().get("expires_at") is None


async def test_what_is_gone_of_an_earlier_response_is_told_and_not_refused(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Its file was deleted since."""
    file_id = await uploaded(mine, "lease.txt", NOTICE.encode())
    ollama.queue(Reply(content="Ninety."))
    made = await ask(mine, said(words("Notice?"), file(file_id=file_id)), model=BLIND)
    assert (await mine.delete(f"/v1/files/{file_id}")).status_code == 200
    ollama.queue(Reply(content="I cannot see it any more."))
    after = await ask(mine, "Again?", model=BLIND, previous_response_id=made["id"])
    assert texts(after) == "I cannot see it any more."


async def test_an_image_in_the_input_reaches_a_model_that_sees(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Also as what a function gave back."""
    pixel = f"data:image/png;base64,{PIXEL}"
    ollama.queue(Reply(content="Red."))
    await ask(mine, said(words("Colour?"), {"type": "input_image", "image_url": pixel}), model=EYES)
    assert ollama.chats[-1].body["messages"][-1]["images"] == [PIXEL]


@pytest.mark.parametrize(
    ("part", "place"),
    [
        (file(file_data="!"), "input[1].content[0].file_data"),
        (file(file_id="file-none"), "input[1].content[0].file_id"),
        (file(), "input[1].content[0]"),
        ({"type": "input_image", "image_url": "data:image/png;base64,!"}, "input[1].content[0].image_url"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_attachment_is_named_by_its_item(
    mine: httpx.AsyncClient, part: Any, place: str
) -> None:
    """As OpenAI names it, whatever stands before it."""
    before = {"type": "reasoning", "id": "rs_1", "summary": []}
    status, param = await refusal(mine, [before, *said(part)], model=EYES)
    assert (status in {400, 404}, param) == (True, place)


async def test_a_key_that_may_not_read_files_names_none(
    mine: httpx.AsyncClient, server: LiveServer
) -> None:
    """Whoever may only chat sees no document of its owner."""
    file_id = await uploaded(mine, "lease.txt", NOTICE.encode())
    key = await a_key(mine, "chat", "tools:math_calc")
    async with server.http(key) as http:
        status, param = await refusal(http, said(file(file_id=file_id)))
    assert (status, param) == (403, "input[0].content[0].file_id")


async def _store(http: httpx.AsyncClient) -> str:
    """Make a vector store with two files that have attributes."""
    store = (await http.post("/v1/vector_stores", json={"name": "shop"})).json()["id"]
    for name, content in NOTES.items():
        file_id = await uploaded(http, name, content)
        body = {"file_id": file_id, "attributes": {"about": name.partition(".")[0]}}
        answer = await http.post(f"/v1/vector_stores/{store}/files", json=body)
        assert answer.status_code == 200, answer.text
    return str(store)


async def test_a_file_search_brings_real_passages_with_score_and_attributes(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """A passage that was found before has both again."""
    store = await _store(mine)
    tools = [{"type": "file_search", "vector_store_ids": [store], "max_num_results": 1}]
    again = Call(name="rag_retrieval", arguments={"query": "returns taken within how many days"})
    ollama.queue(Reply(calls=[SEARCH]), Reply(calls=[again]), Reply(content="30 days [1]."))
    include = ["file_search_call.results"]
    made = await ask(mine, "Returns?", model=BLIND, tools=tools, include=include)
    first, second, message = made["output"]
    for one in (first, second):
        [result] = one["results"]
        assert (result["filename"], result["attributes"]) == ("returns.txt", {"about": "returns"})
        assert 0 < result["score"] <= 1
        assert "30 days" in result["text"]
    assert message["content"][0]["annotations"][0]["filename"] == "returns.txt"


async def test_a_file_search_keeps_to_filters_and_the_least_score(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """What does not reach it is as if it were not there, for the model too."""
    store = await _store(mine)
    about = {"type": "eq", "key": "about", "value": "shipping"}
    for more, found in (
        ({"ranking_options": {"score_threshold": 1.0}}, []),
        ({"filters": about}, []),
    ):
        tools = [{"type": "file_search", "vector_store_ids": [store], **more}]
        ollama.queue(Reply(calls=[SEARCH]), Reply(content="I do not know."))
        include = ["file_search_call.results"]
        made = await ask(mine, "Returns?", model=BLIND, tools=tools, include=include)
        names = [one["filename"] for one in made["output"][0]["results"]]
        assert [one for one in names if one == "returns.txt"] == found
        told = [one for one in ollama.chats[-1].body["messages"] if one["role"] == "tool"]
        assert "30 days" not in told[-1]["content"]


@pytest.mark.parametrize("least", [2, -1, "high", True])
async def test_a_score_that_no_passage_can_have_is_refused(
    mine: httpx.AsyncClient, least: Any
) -> None:
    """By its place."""
    tool = {"type": "file_search", "vector_store_ids": ["vs_1"]}
    tool["ranking_options"] = {"score_threshold": least}
    place = "tools[0].ranking_options.score_threshold"
    assert await refusal(mine, "Hi", tools=[tool]) == (400, place)
