"""Keeps log lines in the database: taken where they are logged, written in batches behind the work.

Taking a line costs a few microseconds and waits for nothing; making it free of secrets and writing it is
done later, in threads. When the database fails, lines wait, a bounded number of them; what does not fit
is dropped and counted. Nothing that happens while lines are written is taken again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from backend.errors import StewardError
from backend.kit.log_context import log_context
from backend.kit.redaction import redact
from backend.kit.safe_trace import trace_of
from backend.ports.clock import Clock
from backend.ports.inside import LogLine, LogStore

logger = logging.getLogger(__name__)
OWN = "backend.observability."
MOST_WAITING = 5_000
MOST_AT_ONCE = 500
MOST_CHARS = 4_000
MOST_TRACE_CHARS = 20_000
WRITE_AFTER_S = 0.5
MOST_PAUSE_S = 60.0


class _Taken(NamedTuple):
    """A line as it was logged. Not the record: its error would keep alive all that was at work."""

    at_s: float
    level: int
    logger: str
    message: str
    trace: str
    context: Mapping[str, str]


class KeptLines(logging.Handler):
    """Takes lines from any thread; `run` writes them until it is cancelled.

    `dropped` counts those that did not fit.
    """

    def __init__(
        self, store: LogStore, clock: Clock, *, server: str, level: int, with_texts: bool = False
    ) -> None:
        super().__init__(level)
        self.dropped = 0
        self._store = store
        self._clock = clock
        self._server = server
        self._with_texts = with_texts
        self._waiting: deque[_Taken] = deque()
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; never one of our own, of which there would be no end."""
        if record.name.startswith(OWN):
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        try:
            message = record.getMessage()[: 2 * MOST_CHARS]
        except (TypeError, ValueError):  # whoever logged gave arguments that do not fit
            self.handleError(record)
            return
        trace = trace_of(record.exc_info, with_texts=self._with_texts)
        taken = (record.created, record.levelno, record.name, message, trace, log_context())
        self._waiting.append(_Taken(*taken))
        if len(self._waiting) == 1:
            self._wake()

    async def run(self) -> None:
        """Write what is taken, a little later; after a failure, ever later."""
        pause_s = WRITE_AFTER_S
        while True:
            await self._news.wait()
            await self._clock.sleep(pause_s)
            written = await self._write()
            pause_s = WRITE_AFTER_S if written else min(MOST_PAUSE_S, 2 * pause_s)

    async def write_now(self) -> None:
        """Write what waits; what cannot be written goes on waiting."""
        await self._write()

    async def _write(self) -> bool:
        async with self._writing:
            self._news.clear()
            while self._waiting:
                batch = [self._waiting[at] for at in range(min(MOST_AT_ONCE, len(self._waiting)))]
                try:
                    await self._store.add(await asyncio.to_thread(self._lines, batch))
                except StewardError as exc:
                    logger.warning("log lines wait, they cannot be kept: %s", exc.for_log)
                    self._news.set()
                    return False
                for _ in batch:
                    self._waiting.popleft()
            return True

    def _lines(self, batch: Sequence[_Taken]) -> list[LogLine]:
        return [self._line(one) for one in batch]

    def _line(self, taken: _Taken) -> LogLine:
        """Make a line free of secrets, before it is cut: half a secret would not be known for one."""
        context = taken.context
        return LogLine(
            at_ms=int(taken.at_s * 1000),
            level=taken.level,
            server=self._server,
            logger=taken.logger[:200],
            message=redact(taken.message)[:MOST_CHARS],
            request_id=context.get("request_id", ""),
            user_id=context.get("user_id", ""),
            run_id=context.get("run_id", ""),
            trace=redact(taken.trace)[-MOST_TRACE_CHARS:],
        )

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:  # the loop has ended: what is logged now is for standard error alone
            self.dropped += 1
