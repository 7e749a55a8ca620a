"""Images and files in messages, through the whole server: what the model sees, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fakes.completions import CHAT
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.sample_files import pdf_of_lines, picture
from tests.fakes.web_double import WebDouble

SESSION = "session"
EYES = "llava"
BLIND = "llama3.2"
RENT = "The rent is 900 euros a month."
NOTICE = "Either party may end the lease with a notice of 90 days."
LEASE = pdf_of_lines([[RENT], [NOTICE]])
PNG = picture("cat")


def b64(data: bytes) -> str:
    """Write base64."""
    return base64.b64encode(data).decode()


def image(url: str, **more: Any) -> dict[str, Any]:
    """Make an image part."""
    return {"type": "image_url", "image_url": {"url": url, **more}}


def uri(data: bytes, kind: str = "image/png") -> str:
    """Write a data URI."""
    return f"data:{kind};base64,{b64(data)}"


def text(words: str) -> dict[str, Any]:
    """Make a text part."""
    return {"type": "text", "text": words}


def file(**fields: Any) -> dict[str, Any]:
    """Make a file part."""
    return {"type": "file", "file": fields}


def asks(*parts: dict[str, Any], model: str = BLIND, **more: Any) -> dict[str, Any]:
    """Make a request of one user message."""
    return {"model": model, "messages": [{"role": "user", "content": list(parts)}], **more}


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def pages() -> AsyncIterator[WebDouble]:
    """Serve the outside web."""
    async with WebDouble() as made:
        yield made


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def server(
    doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve, allowed to fetch from this machine, with bounds that a test can pass."""
    folder = tmp_path_factory.mktemp("attaching")
    more = {
        "WEB__ALLOW_NETWORKS": '["127.0.0.1/32"]',
        "ATTACHMENTS__FETCH_TIMEOUT_S": "2",
        "ATTACHMENTS__MAX_IMAGES": "4",
    }
    async with live_server(folder, **doubles.environ(), **more) as live:
        live.token = await live.log_in()
        yield live


async def test_an_image_reaches_a_model_that_sees(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """As base64 beside the text, without parts."""
    answer = await mine.post(CHAT, json=asks(text("What is it?"), image(uri(PNG)), model=EYES))
    assert answer.status_code == 200, answer.text
    [sent] = ollama.chats[-1].body["messages"]
    assert sent == {"role": "user", "content": "What is it?", "images": [b64(PNG)]}


async def test_the_text_of_a_file_stands_beside_the_question_and_can_be_cited(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """A PDF in the request: its whole text, numbered; the marker becomes an annotation that resolves."""
    ollama.script(lambda _: Reply(content="Ninety days [2]."))
    part = file(filename="lease.pdf", file_data=uri(LEASE, "application/pdf"))
    answer = await mine.post(CHAT, json=asks(part, text("What notice does my lease ask for?")))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    sent = ollama.chats[-1].body
    assert "tools" not in sent
    assert NOTICE in sent["messages"][-1]["content"]
    [note] = body["choices"][0]["message"]["annotations"]
    assert note["url_citation"]["title"] == "lease.pdf, p. 2"
    cited = await mine.get("/api/citations/" + note["url_citation"]["url"].rsplit("/", 1)[1])
    assert cited.json()["text"] == NOTICE


@pytest.mark.parametrize("mode", ["", "@chat", "@react", "@plan"])
async def test_the_builtin_model_answers_from_an_attached_file_in_every_mode(
    mine: httpx.AsyncClient, mode: str
) -> None:
    """With the page it stands on."""
    part = file(filename="lease.pdf", file_data=b64(LEASE))
    body = asks(text("What notice does the lease ask for?"), part, model=f"builtin{mode}")
    answer = (await mine.post(CHAT, json=body)).json()
    message = answer["choices"][0]["message"]
    assert NOTICE in message["content"]
    assert message["annotations"][0]["url_citation"]["title"] == "lease.pdf, p. 2"


async def test_an_address_is_fetched_for_an_image(
    mine: httpx.AsyncClient, ollama: OllamaDouble, pages: WebDouble
) -> None:
    """Through redirects, judged by its bytes and not by its header; twice named, once fetched."""
    at = pages.page("/cat", PNG, content_type="text/plain")
    moved = pages.redirect("/old", at)
    answer = await mine.post(CHAT, json=asks(image(moved), image(moved), model=EYES))
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][-1]["images"] == [b64(PNG)] * 2
    assert pages.asked.count("/old") == 1
