"""Cut a stream of bytes into lines, and server-sent events into their data.

Event format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

MAX_LINE_BYTES = 32 * 1024 * 1024


class LineTooLong(Exception):
    """A line, or an event, passed the limit; what is read is not a stream of lines."""


class LineSplitter:
    """Lines as they become whole, without their line feeds; characters may be split anywhere."""

    def __init__(self, *, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._max_bytes = max_bytes

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and give the lines they complete; raise LineTooLong."""
        lines = data.split(b"\n")
        tail = lines.pop()
        if lines and self._parts:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts = []
            self._size = 0
        if tail:
            self._parts.append(tail)
            self._size += len(tail)
            if self._size > self._max_bytes:
                raise LineTooLong
        return lines

    def rest(self) -> bytes:
        """Give what came after the last line feed and forget it."""
        rest = b"".join(self._parts)
        self._parts = []
        self._size = 0
        return rest


class SseReader:
    """The `data` of server-sent events; comments and other fields are left out."""

    def __init__(self, *, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._lines = LineSplitter(max_bytes=max_bytes)
        self._max_bytes = max_bytes
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._fresh = True

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and give the data of each event they complete; raise LineTooLong."""
        if self._after_cr or b"\r" in data:
            data = self._line_feeds(data)
        events: list[bytes] = []
        for line in self._lines.feed(data):
            self._take(line, events)
        return events

    def rest(self) -> list[bytes]:
        """Give the event that the stream's end left without its blank line, if there is one."""
        events: list[bytes] = []
        self._take(self._lines.rest(), events)
        self._take(b"", events)
        return events

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if self._fresh:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._fresh = False
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data = []
                self._size = 0
        elif line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            self._size += len(line)
            if self._size > self._max_bytes:
                raise LineTooLong

    def _line_feeds(self, data: bytes) -> bytes:
        if not data:
            return data
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
