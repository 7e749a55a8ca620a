"""Uploads: what is taken, under which name, what is refused, and that nothing is left lying about."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.people import a_key
from tests.fakes.refusals import error_of
from tests.fakes.uploads import (
    DOCUMENTS,
    END,
    FORM,
    SLOW,
    TEXT,
    UPLOAD,
    field,
    halted_worker,
    part,
    upload,
    uploaded,
)


async def test_an_uploaded_file_is_ready_and_described_in_the_answer(
    mine: AsyncClient, server: LiveServer
) -> None:
    """One file answers flat; its bytes are kept as they came, and the incoming folder is empty."""
    answer = await upload(mine)
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert {name: body[name] for name in ("filename", "size", "state")} == {
        "filename": "terms.txt",
        "size": len(TEXT),
        "state": "ready",
    }
    assert (body["file_id"][:5], bool(body["doc_id"]), "error" in body) == ("file-", True, False)
    assert (await mine.get(f"{DOCUMENTS}/{body['file_id']}/content")).content == TEXT
    assert server.incoming == []


@pytest.mark.parametrize("name", ["file", "files", "file[]"])
async def test_several_files_answer_in_their_order(mine: AsyncClient, name: str) -> None:
    """A folder in one request, whichever of the usual field names it uses."""
    files = [(name, (f"{n}.txt", f"Text {n}".encode())) for n in range(12)]
    answer = await mine.post(UPLOAD, files=files)
    shown = answer.json()["files"]
    assert answer.status_code == 200
    assert [one["filename"] for one in shown] == [f"{n}.txt" for n in range(12)]
    assert {one["state"] for one in shown} == {"ready"}
    assert len({one["file_id"] for one in shown}) == 12


async def test_a_file_that_is_refused_does_not_touch_the_others(
    mine: AsyncClient, server: LiveServer
) -> None:
    """It stands among them with its error."""
    body = (
        part(b"One", filename="1.txt")
        + part(b"", filename="empty.txt")
        + part(b"\x7fELF\x02\x01\x01", filename="tool")
        + part(b"x", filename="x" * 300)
        + part(b"Two", filename="2.txt")
    )
    answer = await mine.post(UPLOAD, content=body + END, headers=FORM)
    shown = answer.json()["files"]
    assert [one["state"] for one in shown] == ["ready", "failed", "failed", "failed", "ready"]
    assert [one.get("error", {}).get("code") for one in shown] == [
        None,
        "empty_file",
        "unsupported_file",
        None,
        None,
    ]
    assert all(one["reason"] and "file_id" not in one for one in shown[1:4])
    assert len((await mine.get(DOCUMENTS)).json()["documents"]) == 2
    assert server.incoming == []


async def test_the_same_bytes_twice_are_one_document(mine: AsyncClient) -> None:
    """Under another name they are another file; under the same name they are the file there is."""
    first, again, renamed = [
        (await upload(mine, name)).json() for name in ("a.txt", "a.txt", "b.txt")
    ]
    assert first["file_id"] == again["file_id"] != renamed["file_id"]
    assert first["doc_id"] == again["doc_id"] == renamed["doc_id"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.docx", "plan.docx"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("folder/deep/notes.md", "notes.md"),
        ("Überblick – naïve.txt", "Überblick – naïve.txt"),
        ("U\u0308ber.txt", "Über.txt"),
        ("报告 2024.txt", "报告 2024.txt"),
        ("👩\u200d🔬.txt", "👩\u200d🔬.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\x00.txt", "a.txt"),
        ("  two   spaces\t.txt ", "two spaces .txt"),
        ("say %22hi%22.txt", 'say "hi".txt'),
        ('say \\"hi\\".txt', 'say "hi".txt'),
        ("100% sure; really.txt", "100% sure; really.txt"),
        (".env", ".env"),
        ("x" * 251 + ".txt", "x" * 251 + ".txt"),
        (b"caf\xe9.txt", "café.txt"),
    ],
)
async def test_a_name_is_kept_as_people_read_it(
    mine: AsyncClient, given: str | bytes, kept: str
) -> None:
    """Without folders, and without marks that make it look like another."""
    body = part(filename=given) + END
    answer = await mine.post(UPLOAD, content=body, headers=FORM)
    assert answer.json().get("filename") == kept, answer.text
    found = await mine.get(f"{DOCUMENTS}/{answer.json()['file_id']}")
    assert found.json()["filename"] == kept


HEAD = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n'
BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "closing boundary"),
    "no parts": (END, "no file"),
    "no form": (b"hello", "not valid"),
    "cut in a header": (HEAD[:30], "closing boundary"),
    "cut in a file": (part()[:-20], "closing boundary"),
    "cut before the end": (part(), "closing boundary"),
    "another boundary": (part().replace(b"--x", b"--y") + END, "not valid"),
    "no disposition": (b"--x\r\ncontent-type: text/plain\r\n\r\nx\r\n" + END, "Disposition"),
    "no name": (b"--x\r\ncontent-disposition: form-data\r\n\r\nx\r\n" + END, "Disposition"),
    "not a file": (field("text", name="file") + END, "file name"),
    "another field": (part(name="document") + END, "'document'"),
    "only fields": (field("1", name="wait") + END, "no file"),
    "nothing chosen": (part(b"", filename="") + END, "no file"),
    "no file name": (part(filename="") + END, "no name"),
    "a name of dots": (part(filename="../..") + END, "no name"),
    "a name that cannot be seen": (part(filename="\u202e\u200f") + END, "no name"),
    "a name too long": (part(filename="x" * 256) + END, "255"),
    "a name of 10,000": (part(filename="x" * 10_000) + END, "header size"),
    "no bytes": (part(b"") + END, "empty"),
    "10,000 files": (part(b"x") * 10_000 + END, "at most 1000 files"),
    "10,000 fields": (field("x", name="a") * 10_000 + END, "at most 20 fields"),
    "a field too large": (field("x" * 100_000, name="a") + part() + END, "larger than"),
    "100 headers": (HEAD + b"x-a: b\r\n" * 100 + b"\r\nx\r\n" + END, "header count"),
    "a header of 100,000": (HEAD + b"x: " + b"a" * 100_000 + b"\r\n\r\n" + END, "header size"),
    "a header without end": (HEAD + b"a" * 100_000, "header size"),
    "a bad header": (HEAD + b"a b: c\r\n\r\nx\r\n" + END, "invalid character"),
    "wait is no number": (part() + field("soon", name="wait") + END, "wait"),
    "wait below nothing": (part() + field("-1", name="wait") + END, "wait"),
    "wait for ever": (part() + field("inf", name="wait") + END, "wait"),
    "an odd purpose": (part() + field("a/b", name="purpose") + END, "purpose"),
}


@pytest.mark.parametrize("kind", BAD_BODIES)
async def test_a_bad_form_is_a_400_that_says_what_is_wrong(
    mine: AsyncClient, server: LiveServer, kind: str
) -> None:
    """And nothing of it is kept."""
    body, said = BAD_BODIES[kind]
    answer = await mine.post(UPLOAD, content=body, headers=FORM)
    assert answer.status_code == 400, answer.text
    assert said in error_of(answer)["message"]
    assert (await mine.get(DOCUMENTS)).json()["documents"] == []
    assert server.incoming == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=" + "x" * 1000, 400),
        (None, 415),
        ('Multipart/Form-Data; charset=utf-8; boundary="x"', 200),
    ],
)
async def test_only_a_form_with_a_boundary_is_taken(
    mine: AsyncClient, kind: str | None, status: int
) -> None:
    """Whatever else is sent is told what is wanted."""
    headers = {"content-type": kind} if kind else {}
    answer = await mine.post(UPLOAD, content=part() + END, headers=headers)
    assert answer.status_code == status, answer.text
    if status != 200:
        error_of(answer)


async def test_bytes_that_look_like_a_boundary_stay_in_the_file(mine: AsyncClient) -> None:
    """Also where the pieces of the body are cut in the middle of one."""
    content = b"\r\n--" * 9 + b"\r\n--y\r\n--xy\r\n--x" + b"-" + b"\r" * 70_000 + b"\r\n-"
    body = part(content) + b"--x--\r\nand more that nobody reads"

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 777):
            yield body[at : at + 777]

    answer = await mine.post(UPLOAD, content=pieces(), headers=FORM)
    assert answer.status_code == 200, answer.text
    kept = await mine.get(f"{DOCUMENTS}/{answer.json()['file_id']}/content")
    assert hashlib.sha256(kept.content).digest() == hashlib.sha256(content).digest()


async def test_a_file_over_the_limit_is_a_413_and_the_others_are_kept(
    tmp_path: Path, doubles: Doubles
) -> None:
    """The limit is that of a file, not of the body of other requests."""
    environ = {"DOCUMENTS__MAX_FILE_BYTES": "100000", "SERVER__REQUEST_BODY_MAX_BYTES": "1024"}
    served = live_server(tmp_path, **doubles.environ(), **environ)
    async with served as live, live.http(await live.log_in()) as http:
        fits = await upload(http, "fits.txt", b"x" * 100_000)
        alone = await upload(http, "large.txt", b"x" * 100_001)
        files = [("file", (name, b"y" * size)) for name, size in (("l", 300_000), ("s", 9))]
        both = (await http.post(UPLOAD, files=files)).json()["files"]
        left = live.incoming
    assert fits.status_code == 200
    assert (alone.status_code, error_of(alone)["code"]) == (413, "file_too_large")
    assert "'large.txt' is larger than 100000 bytes" in error_of(alone)["message"]
    assert [one["state"] for one in both] == ["failed", "ready"]
    assert left == []


async def test_a_body_beyond_any_upload_is_a_413_at_once(server: LiveServer) -> None:
    """By its length before it is read, and when it comes without one."""
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.token}\r\n"
        "content-type: multipart/form-data; boundary=x\r\nconnection: close\r\n"
    )
    async with asyncio.timeout(30):
        answer = await server.raw(f"{head}content-length: {10**9}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"request_too_large"' in answer


async def test_a_body_without_a_length_is_stopped_where_it_grows_too_large(
    tmp_path: Path, doubles: Doubles
) -> None:
    """And nothing of it is left."""

    async def much() -> AsyncIterator[bytes]:
        yield part()[:-2]
        for _ in range(50):
            yield b"x" * 65_536

    environ = {"DOCUMENTS__MAX_FILE_BYTES": "100000", **doubles.environ()}
    async with live_server(tmp_path, **environ) as live:
        async with live.http(await live.log_in()) as http, asyncio.timeout(30):
            answer = await http.post(UPLOAD, content=much(), headers=FORM)
        left = live.incoming
    assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")
    assert left == []


async def test_a_stranger_is_refused_before_anything_is_read(server: LiveServer) -> None:
    """The answer comes although the body does not."""
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n"
        "content-type: multipart/form-data; boundary=x\r\nconnection: close\r\n\r\n"
    )
    async with asyncio.timeout(30):
        answer = await server.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_an_upload_that_is_broken_off_leaves_nothing(
    mine: AsyncClient, server: LiveServer
) -> None:
    """Neither a file nor a trace in the log."""
    token = mine.headers["authorization"]
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n"
        "content-type: multipart/form-data; boundary=x\r\ncontent-length: 5000000\r\n\r\n"
    )
    host, port = server.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + part(b"x" * 3_000_000)[:-2])
    await writer.drain()
    async with asyncio.timeout(30):
        while not server.incoming:
            await mine.get("/health")
        writer.transport.abort()
        while server.incoming:
            await mine.get("/health")
    assert (await mine.get(DOCUMENTS)).json()["documents"] == []


async def test_a_file_that_arrives_is_private(mine: AsyncClient, server: LiveServer) -> None:
    """Nobody else on the machine reads it, not even while it arrives."""
    modes: list[int] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield part(b"x" * 2_000_000)[:-2]
        while not server.incoming:
            await mine.get("/health")
        modes.extend(one.stat().st_mode & 0o777 for one in server.incoming)
        modes.append(server.incoming[0].parent.stat().st_mode & 0o777)
        yield b"\r\n" + END

    async with asyncio.timeout(30):
        answer = await mine.post(UPLOAD, content=slowly(), headers=FORM)
    assert answer.status_code == 200
    assert modes == [0o600, 0o700]


@pytest.mark.parametrize("how", ["query", "form", "both"])
async def test_who_does_not_wait_is_told_that_it_is_being_read(mine: AsyncClient, how: str) -> None:
    """The address counts before the form."""
    options: dict[str, Any] = {"data": {"wait": "0" if how == "form" else "60"}}
    if how != "form":
        options = {"params": {"wait": "0"}, **({} if how == "query" else options)}
    async with halted_worker(mine), asyncio.timeout(30):
        answer = await upload(mine, "slow.txt", SLOW, **options)
    assert answer.json()["state"] == "processing"


async def test_an_upload_waits_until_the_file_is_ready(mine: AsyncClient) -> None:
    """And not a moment longer."""
    async with halted_worker(mine) as go_on, asyncio.timeout(30):
        sending = asyncio.create_task(upload(mine, "slow.txt", SLOW, params={"wait": 60}))
        listed: list[Any] = []
        while not listed:
            listed = (await mine.get(DOCUMENTS, params={"name": "slow"})).json()["documents"]
        assert (listed[0]["state"], listed[0]["progress"]) == ("queued", 0.0)
        go_on()
        assert (await sending).json()["state"] == "ready"


async def test_a_file_that_cannot_be_read_says_why(mine: AsyncClient) -> None:
    """It is kept, in the state `failed`."""
    body = (await upload(mine, "odd.txt", b"\xff\xfe\xff")).json()
    assert (body["state"], bool(body["reason"]), bool(body["file_id"])) == ("failed", True, True)


@pytest.mark.parametrize("wait", ["-1", "nan", "inf", "soon"])
async def test_a_wait_that_is_no_time_is_refused(mine: AsyncClient, wait: str) -> None:
    """By name."""
    answer = await upload(mine, params={"wait": wait})
    assert (answer.status_code, error_of(answer)["param"]) == (400, "wait")


async def test_a_purpose_is_kept(mine: AsyncClient) -> None:
    """As OpenAI's clients send one."""
    file_id = await uploaded(mine, data={"purpose": "assistants"})
    assert (await mine.get(f"{DOCUMENTS}/{file_id}")).json()["purpose"] == "assistants"


async def test_a_key_for_files_uploads(server: LiveServer, http: AsyncClient) -> None:
    """And one for chats does not."""
    found = []
    for scope in ("files", "chat"):
        async with server.http(await a_key(http, scope)) as with_key:
            found.append((await upload(with_key, f"{scope}.txt")).status_code)
    assert found == [200, 403]


async def test_a_server_without_documents_says_so(tmp_path: Path, doubles: Doubles) -> None:
    """503 with the reason, before the body is read."""
    async with live_server(tmp_path, **doubles.environ()) as live:
        live.app.state.services = replace(live.app.state.services, documents=None)
        async with live.http(await live.log_in()) as http:
            answer = await upload(http)
    assert (answer.status_code, error_of(answer)["code"]) == (503, "unavailable")
