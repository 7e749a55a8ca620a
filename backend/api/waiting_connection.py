"""A connection that is closed when the request it begins does not arrive, or its answer is not read.

uvicorn would wait for ever. Not for: what becomes of an answer whose client is gone (`event_stream`).
"""

from __future__ import annotations

import struct
from asyncio import TimerHandle, Transport
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

try:
    import fcntl
    import termios
except ImportError:  # Windows tells nothing of what its sockets hold
    fcntl = termios = None

_INT = struct.Struct("i")


class WaitingConnection(HttpToolsProtocol):
    """Gives a head `head_s` seconds from its first byte, or from the connection, and a body `pause_s` between two reads.

    Nothing is closed that an answer still runs on, nor for bytes that this server itself does not take. A
    client that takes nothing for `unread_s` while more waits for it than is written ahead, or the rest
    of an answer that has ended, is dropped; 0 waits for ever.
    """

    head_s: float
    pause_s: float
    unread_s: float

    _arriving = True
    _in_body = False
    _due_s = 0.0
    _timer: TimerHandle | None = None
    _unread: TimerHandle | None = None
    _unread_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect()
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and wait for the rest if there must be one."""
        super().data_received(data)
        if self._arriving:
            if self._in_body:
                self._expect()
            if self._timer is None or self._timer.when() > self._due_s:
                self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._was_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Write no more before what waits is read, and see that it is."""
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        """Write again."""
        self._was_read()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """See that the rest is read."""
        super().on_response_complete()
        if self._unread is None and self.transport.get_write_buffer_size():
            self._await_reading()

    def on_message_begin(self) -> None:
        """Count from here."""
        self._arriving, self._in_body = True, False
        self._expect()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count pauses from here."""
        self._in_body = True
        self._expect()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is here."""
        self._arriving = False
        super().on_message_complete()

    def _expect(self) -> None:
        wait_s = self.pause_s if self._in_body else self.head_s
        self._due_s = self.loop.time() + wait_s

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._due_s, self._look)

    def _look(self) -> None:
        # One timer for many requests: it is set again only where it finds one that still arrives.
        self._timer = None
        if not self._arriving or self.transport.is_closing():
            return
        if self.flow.read_paused or (not self._in_body and self._answers()):
            self._expect()
        if self.loop.time() < self._due_s:
            self._arm()
        else:
            self.transport.close()

    def _await_reading(self) -> None:
        self._was_read()
        if self.unread_s:
            self._unread_bytes = self._waits()
            self._unread = self.loop.call_later(self.unread_s, self._look_whether_read)

    def _was_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _look_whether_read(self) -> None:
        self._unread = None
        waits = self._waits() if self.transport.get_write_buffer_size() else 0
        if waits and waits >= self._unread_bytes:
            self.transport.abort()  # closing would wait until all is read
        elif waits:
            self._await_reading()

    def _waits(self) -> int:
        """Count what waits here and in the system, which tells us of room only when there is much."""
        waits = self.transport.get_write_buffer_size()
        if fcntl is None or termios is None or self.transport.is_closing():
            return waits
        descriptor = self.transport.get_extra_info("socket").fileno()
        return waits + _INT.unpack(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(_INT.size)))[0]

    def _answers(self) -> bool:
        cycle = cast(RequestResponseCycle | None, self.cycle)  # None before the first request
        return cycle is not None and not cycle.response_complete


def waiting_at_most(*, head_s: float, pause_s: float, unread_s: float) -> type[WaitingConnection]:
    """Make the class of connections that wait so long."""
    limits = {"head_s": head_s, "pause_s": pause_s, "unread_s": unread_s}
    return type("WaitingConnection", (WaitingConnection,), limits)
