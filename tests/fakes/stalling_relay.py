"""A way to PostgreSQL over TCP that can fall silent without a word, as a network that is cut does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

_PIECE_BYTES = 65_536


class Relay:
    """Takes connections and passes on what comes, unless it is stalled; nothing is closed then."""

    def __init__(self, url: str) -> None:
        self._made = make_url(url)
        self._flows = threading.Event()
        self._flows.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listening]
        self._run(self._take)

    @property
    def url(self) -> str:
        """Where PostgreSQL is found by way of this."""
        port: int = self._listening.getsockname()[1]
        through = self._made.set(host="127.0.0.1", port=port, query={})
        return through.render_as_string(hide_password=False)

    def stall(self) -> None:
        """Pass nothing on any more; whoever connects is taken, and hears nothing."""
        self._flows.clear()

    def go_on(self) -> None:
        """Pass on again, also what was held."""
        self._flows.set()

    def close(self) -> None:
        """End every connection."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._flows.set()

    def _take(self) -> None:
        while True:
            near, _ = self._listening.accept()
            far = self._reach()
            self._open += [near, far]
            self._run(self._pass_on, near, far)
            self._run(self._pass_on, far, near)

    def _reach(self) -> socket.socket:
        plain = self._made.set(drivername="postgresql").render_as_string(hide_password=False)
        given = conninfo_to_dict(plain)
        host, port = str(given.get("host") or "127.0.0.1"), int(given.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        while piece := source.recv(_PIECE_BYTES):
            self._flows.wait()
            target.sendall(piece)
        target.shutdown(socket.SHUT_RDWR)

    def _run(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        def run() -> None:
            with suppress(OSError):
                work(*arguments)

        threading.Thread(target=run, daemon=True).start()


@contextmanager
def stalling_relay(url: str) -> Iterator[Relay]:
    """Open one before a PostgreSQL."""
    relay = Relay(url)
    try:
        yield relay
    finally:
        relay.close()
