"""Runs an ASGI application on a socket until a stop signal comes.

Not for: building the application (`app.py`).
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from backend.api.waiting_connection import waiting_at_most

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_LONGER_THAN_PROXIES_KEEP_S = 75
_LONGER_THAN_UPLOADS_WAIT_S = 75  # they say why they were given up
_HEADERS_MAX_BYTES = 64 * 1024
_BACKLOG = 2048
_ENDS_STREAMS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOptions:
    """How long streams may end after a stop signal, heads of requests take to arrive and answers wait to be read; whose forwarded headers count; what is logged."""

    shutdown_grace_s: int = 20
    request_head_s: float = 20.0
    unread_answer_s: float = 60.0
    trusted_proxies: tuple[str, ...] = ()
    access_log: bool = False


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    Raises:
        OSError: when the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    # Connections take it over. Head and body of an answer are written apart: without this the body
    # waits for the client's acknowledgement of the head, 40 ms on Linux, on loops that leave it to us.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(listening: socket.socket) -> str:
    """Write the address people can open, such as http://127.0.0.1:8000."""
    name: tuple[str, int] = listening.getsockname()[:2]
    host, port = name
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - replaced, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def run_app(
    app: ASGIApp,
    listening: socket.socket,
    options: ServingOptions,
    *,
    on_stop: Callable[[], None],
) -> bool:
    """Serve until SIGINT or SIGTERM; tell whether the application started.

    `on_stop` is called on the event loop by every stop signal: the first closes the socket, the
    second is for `on_stop` alone, the third leaves without closing the application.

    One process, one worker: everything in memory is shared by all requests.
    """
    server = _Server(uvicorn_config(app, options), on_stop=on_stop)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_served)  # uvicorn raises the signal again once it is done
    server.run(sockets=[listening])
    return server.started


def uvicorn_config(app: ASGIApp, options: ServingOptions) -> uvicorn.Config:
    """Say how the server speaks HTTP, whoever runs it."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=waiting_at_most(
            head_s=options.request_head_s,
            pause_s=_LONGER_THAN_UPLOADS_WAIT_S,
            unread_s=options.unread_answer_s,
        ),
        ws="none",
        lifespan="on",
        workers=1,
        log_config=None,
        access_log=options.access_log,
        server_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=list(options.trusted_proxies),
        timeout_keep_alive=_LONGER_THAN_PROXIES_KEEP_S,
        timeout_graceful_shutdown=options.shutdown_grace_s,
        h11_max_incomplete_event_size=_HEADERS_MAX_BYTES,
        backlog=_BACKLOG,
    )


class _Server(uvicorn.Server):
    """A server that says when it begins to stop."""

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signals = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Remember the loop that serves."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Pass a stop signal on; uvicorn would take the second as leave to drop everything."""
        self._signals += 1
        if self._loop is not None:
            # Not in the context of whichever request the signal interrupted: it is nobody's.
            self._loop.call_soon_threadsafe(self._on_stop, context=Context())
        if self._signals != _ENDS_STREAMS:
            super().handle_exit(sig, frame)


def _already_served(_number: int, _frame: FrameType | None) -> None:
    """Let the process end by itself with its own exit code."""
