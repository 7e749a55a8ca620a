"""Serves frontend/ alone, on port 3000, and passes everything else on to the server.

For work on the page, or for a page on another machine than the server. The server itself serves
the page at / too; this file is not needed for that.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from backend.kit.page_files import PageFiles
from backend.kit.page_headers import page_headers

FOLDER = Path(__file__).resolve().parent / "frontend"
BACKEND = "http://127.0.0.1:8000"
PROXIED = ("/api", "/v1", "/health", "/ready", "/docs", "/openapi.json")
# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
HOP_BY_HOP = frozenset([
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
])

_files = web.AppKey("files", PageFiles)
_backend = web.AppKey("backend", URL)
_session = web.AppKey("session", aiohttp.ClientSession)


def make_app(*, folder: Path, backend: str) -> web.Application:
    """Build the application for one folder and one server."""
    app = web.Application()
    app[_files] = PageFiles(folder)
    app[_backend] = URL(backend.rstrip("/"))
    app.cleanup_ctx.append(_open_session)
    app.router.add_route("*", "/{path:.*}", _answer)
    return app


def make_runner(*, folder: Path, backend: str) -> web.AppRunner:
    """Build what runs the application; a client that leaves ends its request at the server too."""
    app = make_app(folder=folder, backend=backend)
    return web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=5)


async def _open_session(app: web.Application) -> AsyncIterator[None]:
    # No total time-out: a stream lasts as long as its answer.
    async with aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
    ) as session:
        app[_session] = session
        yield


async def _answer(request: web.Request) -> web.StreamResponse:
    if any(request.path == prefix or request.path.startswith(f"{prefix}/") for prefix in PROXIED):
        return await _pass_on(request)
    if request.method not in {"GET", "HEAD"}:
        return web.Response(status=405, headers={**page_headers(), "Allow": "GET, HEAD"})
    packed = request.headers.get("Accept-Encoding", "")
    found = await asyncio.to_thread(request.app[_files].read, request.path, packed)
    if found is None:
        return web.Response(status=404, text="There is no such page.\n", headers=page_headers())
    if request.headers.get("If-None-Match") == found.etag:
        return web.Response(status=304, headers=found.headers)
    return web.Response(body=found.body, headers=found.headers)


async def _pass_on(request: web.Request) -> web.StreamResponse:
    """Send the request to the server and its answer back, each part as soon as it comes."""
    url = URL(f"{request.app[_backend]}{request.rel_url.raw_path_qs}", encoded=True)
    headers = _end_to_end(request.headers)
    headers["X-Forwarded-For"] = request.remote or ""
    headers["X-Forwarded-Proto"] = request.scheme
    try:
        reply = await request.app[_session].request(
            request.method,
            url,
            headers=headers,
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        )
    except aiohttp.ClientError:
        return _unreachable(request.app[_backend])
    async with reply:
        return await _stream(request, reply)


async def _stream(request: web.Request, reply: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=_end_to_end(reply.headers))
    try:
        await response.prepare(request)
        async for part in reply.content.iter_any():
            await response.write(part)
        await response.write_eof()
    except aiohttp.ClientError:
        # Either side is gone: an answer cut short must look cut short, never complete.
        if request.transport is not None:
            request.transport.abort()
    return response


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Copy the headers that are not about the connection itself."""
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in HOP_BY_HOP and name.lower() not in named
    )


def _unreachable(backend: URL) -> web.Response:
    """Answer in OpenAI's error shape, which the page and every client understand."""
    error = {
        "message": f"The server at {backend} cannot be reached; start it with `make run`.",
        "type": "server_error",
        "param": None,
        "code": "unavailable",
    }
    return web.json_response({"error": error}, status=502, headers=page_headers())


async def _serve(arguments: argparse.Namespace) -> None:
    runner = make_runner(folder=arguments.folder, backend=arguments.backend)
    await runner.setup()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await web.TCPSite(runner, arguments.host, arguments.port).start()
        port = runner.addresses[0][1]
        sys.stdout.write(
            f"The page is at http://{arguments.host}:{port}, for {arguments.backend}\n"
        )
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()


def main() -> int:
    """Read the command line and serve until stopped; return the exit code."""
    parser = argparse.ArgumentParser(description="Serve the web page alone.")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=3000, help="port to bind (default: 3000)")
    parser.add_argument("--backend", default=BACKEND, help=f"the server (default: {BACKEND})")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the page (default: frontend/)")
    arguments = parser.parse_args()
    if URL(arguments.backend).scheme not in {"http", "https"}:
        parser.error("--backend: give an http:// or https:// address")
    try:
        asyncio.run(_serve(arguments))
    except OSError as exc:
        sys.stderr.write(f"run_frontend: port {arguments.port} cannot be bound ({exc.strerror})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
