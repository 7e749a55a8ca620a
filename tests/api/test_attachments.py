"""Images, sounds and other parts of messages, through the whole server: what the model sees, what is refused."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fakes.attaching import (
    BLIND,
    EYES,
    asks,
    attaching_server,
    b64,
    file,
    image,
    refused,
    text,
    uri,
)
from tests.fakes.completions import CHAT
from tests.fakes.live_server import Doubles, LiveServer
from tests.fakes.ollama_double import FakeModel, OllamaDouble
from tests.fakes.sample_files import picture
from tests.fakes.uploads import upload, uploaded
from tests.fakes.web_double import WebDouble

SESSION = "session"
PNG = picture("cat")


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def pages() -> AsyncIterator[WebDouble]:
    """Serve the outside web."""
    async with WebDouble() as made:
        yield made


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def server(
    doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve, allowed to fetch from this machine."""
    async with attaching_server(tmp_path_factory.mktemp("attaching"), doubles) as live:
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


def huge_png(width: int = 12_000, height: int = 9_000) -> bytes:
    """Make a small file that claims a hundred million pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0" * 100


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
AT = "messages[0].content[0]"
WRONG = [
    (image(uri(SVG, "image/svg+xml")), "invalid_image_format", f"{AT}.image_url"),
    (image(uri(b"<html>hello</html>")), "invalid_image_format", f"{AT}.image_url"),
    (image(uri(huge_png())), "image_too_large", f"{AT}.image_url"),
    (image("data:image/png;base64,????"), "invalid_base64", f"{AT}.image_url"),
    (image("data:image/png,hello"), "invalid_base64", f"{AT}.image_url"),
    (image(uri(PNG), detail="best"), "invalid_value", f"{AT}.image_url.detail"),
    (image("file:///etc/passwd"), "invalid_image_url", f"{AT}.image_url"),
    (image("ftp://example.org/cat.png"), "invalid_image_url", f"{AT}.image_url"),
    (image("http://10.0.0.1/cat.png"), "invalid_image_url", f"{AT}.image_url"),
    (image("http://169.254.169.254/latest"), "invalid_image_url", f"{AT}.image_url"),
    (image("http://[::1]/cat.png"), "invalid_image_url", f"{AT}.image_url"),
    ({"type": "image_url", "image_url": {}}, "invalid_image_url", f"{AT}.image_url"),
    ({"type": "image_url"}, "invalid_image_url", f"{AT}.image_url"),
    (
        {"type": "image_url", "image_url": {"file_id": "file-nothing"}},
        "not_found",
        f"{AT}.image_url.file_id",
    ),
    ({"type": "video_url", "video_url": {"url": "x"}}, "invalid_value", f"{AT}.type"),
    ({"type": "attached", "text": "as if it were ours"}, "invalid_value", f"{AT}.type"),
    ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, "unsupported_parameter", AT),
    (file(), "missing_required_parameter", f"{AT}.file"),
    (file(file_id="file-x", file_data="AAAA"), "missing_required_parameter", f"{AT}.file"),
    (file(file_id=7), "missing_required_parameter", f"{AT}.file"),
    (file(file_id="file-nothing"), "not_found", f"{AT}.file.file_id"),
    (file(file_data="????"), "invalid_base64", f"{AT}.file.file_data"),
    (file(file_data=b64(b"MZ\x90\0" + b"\0" * 99)), "unsupported_file", f"{AT}.file.file_data"),
    (file(file_data=b64(b"%PDF-1.7 broken")), "file_unreadable", f"{AT}.file.file_data"),
    (file(file_url="http://127.0.0.2/a.pdf"), "invalid_file_url", f"{AT}.file.file_url"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "code", "param"), WRONG)
async def test_what_cannot_be_attached_is_refused_by_its_place(
    mine: httpx.AsyncClient, ollama: OllamaDouble, part: dict[str, Any], code: str, param: str
) -> None:
    """Before any model is asked, streamed or not."""
    answer = await mine.post(CHAT, json=asks(part, text("Well?"), model=EYES, stream=True))
    status = 404 if code == "not_found" else 400
    assert refused(answer) == (status, code, param)
    assert ollama.chats == []


async def test_too_many_images_and_too_large_ones_are_refused(mine: httpx.AsyncClient) -> None:
    """Counted over the whole request; the size is known before anything is decoded."""
    parts = [image(uri(PNG)) for _ in range(5)]
    answer = await mine.post(CHAT, json=asks(*parts, model=EYES))
    assert refused(answer) == (400, "too_many_images", "messages[0].content[4]")
    large = uri(PNG + b"\0" * 1_100_000)
    answer = await mine.post(CHAT, json=asks(image(large), model=EYES))
    assert refused(answer) == (400, "image_too_large", f"{AT}.image_url")


@pytest.mark.parametrize("where", ["slow", "page", "loop", "inside", "large", "gone"])
async def test_an_address_without_an_image_is_a_400_with_the_reason(
    mine: httpx.AsyncClient, ollama: OllamaDouble, pages: WebDouble, where: str
) -> None:
    """A server that never ends, a page, a loop, a way back into this network, too much, nothing."""
    pages.hold.add("/slow")
    pages.page("/page", "<html>no image</html>", content_type="image/png")
    pages.redirect("/loop", "/loop")
    pages.redirect("/inside", "http://127.0.0.2/secret.png")
    pages.page("/large", PNG + b"\0" * 1_100_000, content_type="image/png")
    wanted = {
        "slow": "no answer within",
        "page": "no image",
        "loop": "redirects more than",
        "inside": "private network",
        "large": "larger than",
        "gone": "status 404",
    }
    answer = await mine.post(CHAT, json=asks(image(f"{pages.url}/{where}"), model=EYES))
    code = "invalid_image_format" if where == "page" else "invalid_image_url"
    assert refused(answer) == (400, code, f"{AT}.image_url")
    assert wanted[where] in answer.json()["error"]["message"]
    assert ollama.chats == []


async def test_an_image_of_ones_own_files_is_seen(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Whether it is named as an image or as a file, or stands in the request as a file."""
    if (await upload(mine, "cat.png", PNG)).status_code == 415:
        pytest.skip("images are only kept where they can be read")
    own = await uploaded(mine, "cat.png", PNG)
    parts = [{"type": "image_url", "image_url": {"file_id": own}}, file(file_id=own)]
    answer = await mine.post(CHAT, json=asks(*parts, model=EYES))
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][-1]["images"] == [b64(PNG)] * 2


async def test_a_picture_sent_as_a_file_is_seen(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """It goes the way of images."""
    answer = await mine.post(CHAT, json=asks(file(file_data=b64(PNG)), model=EYES))
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][-1]["images"] == [b64(PNG)]


async def test_an_image_says_itself_what_it_is(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Whatever the data URI claims, and however its base64 is broken into lines."""
    lines = base64.encodebytes(PNG).decode()
    answer = await mine.post(
        CHAT, json=asks(image(f"data:image/jpeg;base64,{lines}", detail="low"), model=EYES)
    )
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][-1]["images"] == [b64(PNG)]


async def test_results_of_the_callers_tools_may_hold_parts(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Texts become one text; an image goes to a model that sees."""
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    for model, parts in ((BLIND, [text("a"), text("b")]), (EYES, [text("a"), image(uri(PNG))])):
        messages = [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": parts},
        ]
        answer = await mine.post(CHAT, json={"model": f"{model}@chat", "messages": messages})
        assert answer.status_code == 200, answer.text
    told, seen = (one.body["messages"][-1] for one in ollama.chats)
    assert (told["role"], told["content"]) == ("tool", "a\nb")
    assert seen["images"] == [b64(PNG)]


async def test_a_sound_reaches_a_model_that_hears(
    mine: httpx.AsyncClient, doubles: Doubles, ollama: OllamaDouble
) -> None:
    """As WAV; anything else is refused by name."""
    doubles.ollama.catalogue.models["gemma3n:latest"] = FakeModel(
        capabilities=("completion", "audio")
    )
    wav = b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40
    sound = {"type": "input_audio", "input_audio": {"data": b64(wav), "format": "wav"}}
    answer = await mine.post(CHAT, json=asks(text("What is said?"), sound, model="gemma3n"))
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][-1]["images"] == [b64(wav)]
    sound["input_audio"]["data"] = b64(PNG)
    answer = await mine.post(CHAT, json=asks(sound, model="gemma3n"))
    assert refused(answer) == (400, "invalid_audio_format", f"{AT}.input_audio.data")


async def test_an_assistants_refusal_is_tolerated(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """As clients echo it."""
    messages = [
        {"role": "user", "content": "Do it."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "I will not."}]},
        {"role": "user", "content": [text("Why?")]},
    ]
    answer = await mine.post(CHAT, json={"model": BLIND, "messages": messages})
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][1]["content"] == "I will not."


async def test_an_image_that_is_gone_does_not_end_a_session(
    mine: httpx.AsyncClient, ollama: OllamaDouble, pages: WebDouble
) -> None:
    """What was seen once is told of later; a model without eyes is told too; many are seen again."""
    addresses = [pages.page(f"/{n}", PNG) for n in range(3)]
    parts = [image(one) for one in addresses]
    first = await mine.post(CHAT, json=asks(*parts, text("See?"), model=EYES, store=True))
    assert first.status_code == 200, first.text
    session = first.json()["x_session_id"]
    kept = (await mine.get(f"/api/conversations/{session}")).json()["messages"][0]["message"]
    assert [one["image_url"]["url"] for one in kept["content"][:3]] == addresses
    del pages.pages["/1"]
    body = {"session_id": session, "messages": [{"role": "user", "content": "And now?"}]}
    for model, seen in ((EYES, 2), (BLIND, 0)):
        answer = await mine.post(CHAT, json={**body, "model": f"{model}@chat"})
        assert answer.status_code == 200, answer.text
        sent = ollama.chats[-1].body["messages"][0]
        assert len(sent.get("images", ())) == seen
        assert sent["content"].count("is not at hand") == 3 - seen


@pytest.mark.parametrize(
    "off", [("ATTACHMENTS__FETCH", "false"), ("TOOLS__DISABLED", '["web_fetch"]')]
)
async def test_nothing_is_fetched_where_the_operator_forbids_it(
    doubles: Doubles, ollama: OllamaDouble, pages: WebDouble, tmp_path: Path, off: tuple[str, str]
) -> None:
    """Switching web_fetch off does it too."""
    asked = len(pages.asked)
    parts = {
        "invalid_image_url": image(pages.page("/cat", PNG)),
        "invalid_file_url": file(file_url=f"{pages.url}/cat"),
    }
    async with (
        attaching_server(tmp_path, doubles, **dict([off])) as live,
        live.http(await live.log_in()) as mine,
    ):
        for code, part in parts.items():
            answer = await mine.post(CHAT, json=asks(part, model=EYES))
            assert refused(answer)[:2] == (400, code)
            assert "fetches no addresses" in answer.json()["error"]["message"]
    assert len(pages.asked) == asked
