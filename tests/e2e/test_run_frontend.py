"""run_frontend.py over real sockets: page files with headers, and an unbuffered way to the server."""

import asyncio
import gzip
import signal
import socket
import urllib.request

import aiohttp
import pytest
from aiohttp import web

from backend.kit.page_headers import page_headers
from run_frontend import make_runner
from tests.fakes.processes import ROOT, running_program


async def started(runner, stack):
    await runner.setup()
    stack.append(runner)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def stack():
    runners = []
    yield runners
    for runner in reversed(runners):
        await runner.cleanup()


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "app.js").write_text("1")
    return tmp_path


class Backend:
    """Answers like the server: it echoes, streams in two steps, and notices who leaves."""

    def __init__(self):
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_route("*", "/v1/stream", self.stream)
        self.app.router.add_route("*", "/v1/cut", self.cut)
        self.app.router.add_route("*", "/v1/packed", self.packed)
        self.app.router.add_route("*", "/{path:.*}", self.echo)

    async def start(self, stack):
        return await started(web.AppRunner(self.app, handler_cancellation=True), stack)

    async def packed(self, _request):
        return web.Response(body=gzip.compress(b"text"), headers={"Content-Encoding": "gzip"})

    async def echo(self, request):
        body = await request.read()
        seen = {
            "method": request.method,
            "path": request.raw_path,
            "host": request.headers["Host"],
            "client": request.headers["X-Forwarded-For"],
            "key": request.headers.get("Authorization"),
            "body": body.decode(),
        }
        response = web.json_response(seen, status=203)
        response.headers.add("Set-Cookie", "a=1; HttpOnly")
        response.headers.add("Set-Cookie", "b=2")
        return response

    async def stream(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: one\n\n")
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        await response.write(b"data: two\n\n")
        return response

    async def cut(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        await self.go_on.wait()
        request.transport.abort()
        return response


async def test_the_page_comes_with_its_headers(folder, stack, client):
    """The same headers the server itself sends."""
    page = await started(make_runner(folder=folder, backend="http://127.0.0.1:1"), stack)
    async with client.get(page + "/") as reply:
        assert (reply.status, await reply.text()) == (200, "<p>page</p>")
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        wanted = page_headers()
        assert {name: reply.headers.get(name) for name in wanted} == wanted
        etag = reply.headers["ETag"]
    async with client.get(page + "/", headers={"If-None-Match": etag}) as reply:
        assert (reply.status, await reply.read()) == (304, b"")
    async with client.post(page + "/app.js") as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "target",
    ["/../run_frontend.py", "/%2e%2e/x.txt", "/..%2fx.txt", "/.git/config", "/missing", "//x"],
)
async def test_there_is_no_way_out_of_the_folder(folder, stack, target):
    """Paths go over the wire exactly as written, as an attacker would send them."""
    (folder.parent / "x.txt").write_text("secret")
    page = await started(make_runner(folder=folder, backend="http://127.0.0.1:1"), stack)
    port = int(page.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
    assert b"secret" not in answer


async def test_api_requests_are_passed_on_whole(folder, stack, client):
    """Method, path as written, query, body, key and both cookies arrive; the client is named."""
    backend = await Backend().start(stack)
    page = await started(make_runner(folder=folder, backend=backend), stack)
    headers = {"Authorization": "Bearer k", "X-Forwarded-For": "6.6.6.6"}
    url = page + "/v1/%41%2fb?q=%20x"
    async with client.post(
        aiohttp.client.URL(url, encoded=True), data="hi", headers=headers
    ) as reply:
        assert reply.status == 203
        assert reply.headers.getall("Set-Cookie") == ["a=1; HttpOnly", "b=2"]
        assert await reply.json() == {
            "method": "POST",
            "path": "/v1/%41%2fb?q=%20x",
            "host": page.removeprefix("http://"),
            "client": "127.0.0.1",
            "key": "Bearer k",
            "body": "hi",
        }


@pytest.mark.parametrize("path", ["/api/runs/x", "/health", "/ready", "/docs", "/openapi.json"])
async def test_every_address_of_the_server_is_passed_on(folder, stack, client, path):
    """The page uses no other."""
    backend = await Backend().start(stack)
    page = await started(make_runner(folder=folder, backend=backend), stack)
    async with client.get(page + path) as reply:
        assert (reply.status, (await reply.json())["path"]) == (203, path)


async def test_a_packed_answer_is_passed_on_as_it_is(folder, stack, client):
    """Unpacking it would break its headers and cost time."""
    page = await started(make_runner(folder=folder, backend=await Backend().start(stack)), stack)
    async with client.get(page + "/v1/packed") as reply:
        assert (reply.headers["Content-Encoding"], await reply.read()) == ("gzip", b"text")


async def test_a_stream_is_not_held_back(folder, stack, client):
    """The first event arrives while the server still works on the second."""
    fake = Backend()
    page = await started(make_runner(folder=folder, backend=await fake.start(stack)), stack)
    async with client.get(page + "/v1/stream") as reply:
        assert await reply.content.readany() == b"data: one\n\n"
        fake.go_on.set()
        assert await reply.content.read() == b"data: two\n\n"


async def test_a_client_that_leaves_is_noticed_by_the_server(folder, stack, client):
    """Otherwise the model would go on writing for nobody."""
    fake = Backend()
    page = await started(make_runner(folder=folder, backend=await fake.start(stack)), stack)
    reply = await client.get(page + "/v1/stream")
    assert await reply.content.readany() == b"data: one\n\n"
    reply.close()
    await asyncio.wait_for(fake.left.wait(), 10)


async def test_an_answer_cut_short_does_not_look_complete(folder, stack, client):
    """Half an answer with a regular end would be taken for the whole."""
    fake = Backend()
    page = await started(make_runner(folder=folder, backend=await fake.start(stack)), stack)
    async with client.get(page + "/v1/cut") as reply:
        assert await reply.content.readany() == b"half"
        fake.go_on.set()
        with pytest.raises(aiohttp.ClientError):
            await reply.content.read()


async def test_a_missing_server_is_an_error_clients_understand(folder, stack, client):
    """OpenAI's error shape, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        backend = f"http://127.0.0.1:{unused.getsockname()[1]}"
    page = await started(make_runner(folder=folder, backend=backend), stack)
    async with client.get(page + "/v1/models") as reply:
        assert (reply.status, await reply.json()) == (
            502,
            {
                "error": {
                    "message": f"The server at {backend} cannot be reached;"
                    " start it with `make run`.",
                    "type": "server_error",
                    "param": None,
                    "code": "unavailable",
                }
            },
        )


def test_the_program_serves_a_folder_and_stops_cleanly(folder):
    """The command itself, with the options a person gives."""
    program = str(ROOT / "run_frontend.py")
    with running_program(
        program, "--port", "0", "--folder", str(folder), folder=folder, ready="The page is at "
    ) as (process, line):
        address = line.split()[4].rstrip(",")
        with urllib.request.urlopen(f"{address}/app.js", timeout=60) as reply:
            assert reply.read() == b"1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=180) == 0
