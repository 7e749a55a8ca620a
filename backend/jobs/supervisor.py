"""Keeps one worker process running while there is work, and hears what it tells.

The process reads lines from standard input (each means "look for work"; the end means "stop") and
writes JSON lines to standard output. It may end by itself when idle. Not for: the work itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from asyncio import StreamReader
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson

from backend.errors import StewardError
from backend.kit.log_context import start_unbound
from backend.ports.clock import Clock
from backend.ports.values import Health, JsonObject

logger = logging.getLogger(__name__)
LONGEST_PAUSE_S = 60.0
STEADY_S = 60.0
LOOK_AGAIN_S = 5.0


class WorkerSupervisor:
    """Starts `command` on the first `wake`, and again after it ended, as long as work is waiting.

    `pending` tells whether work is waiting; `died` gives back what a process that ended by accident held; `told` gets every JSON object the process writes. A process that dies
    within a minute is started again after a pause that doubles up to a minute.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        pending: Callable[[], Awaitable[bool]],
        died: Callable[[], Awaitable[object]],
        told: Callable[[JsonObject], None],
        clock: Clock,
    ) -> None:
        self._command = tuple(command)
        self._environ = dict(environ)
        self._pending = pending
        self._died = died
        self._told = told
        self._clock = clock
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False
        self._failures = 0
        self._code = 0
        self._began_s = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def wake(self) -> None:
        """Let the process look for work; start it when it does not run."""
        if self._closed:
            return
        if self._keeper is None:
            self._keeper = start_unbound(self._keep())
        if self.pid is None:
            self._wanted.set()
        else:
            self._say(b"work\n")

    async def health(self) -> Health:
        """Tell how the process ended, until it has run for a while or ended as it should."""
        running = self.pid is not None
        steady = running and self._clock.monotonic_s() - self._began_s >= STEADY_S
        if self._failures and not steady:
            fix = "See the server's log; `python -m backend doctor` looks at what it needs."
            detail = f"The process that reads documents ended with code {self._code}."
            return Health(ok=False, detail=detail, fix=fix)
        return Health(
            ok=True, detail="It runs." if running else "It starts with the next document."
        )

    async def aclose(self, *, grace_s: float = 5.0) -> None:
        """Ask the process to stop, and end it when it has not within `grace_s`."""
        self._closed = True
        process = self._process
        if process is not None and process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace_s)
            if process.returncode is None:
                process.kill()
                await process.wait()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def _say(self, line: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                process.stdin.write(line)

    async def _keep(self) -> None:
        while not self._closed:
            await self._wanted.wait()
            self._wanted.clear()
            self._began_s = self._clock.monotonic_s()
            code = await self._run()
            lasted_s = self._clock.monotonic_s() - self._began_s
            self._code = code
            self._failures = 0 if code == 0 or lasted_s >= STEADY_S else self._failures + 1
            if self._closed:
                return
            if code != 0:
                logger.warning("the worker process ended with code %d", code)
            if not await self._work_waits(died=code != 0):
                continue
            if self._failures:
                await self._clock.sleep(min(LONGEST_PAUSE_S, 2.0**self._failures))
            self._wanted.set()

    async def _work_waits(self, *, died: bool) -> bool:
        """Look for work; when nobody can tell, look again later: a keeper that ended would start nothing."""
        while True:
            try:
                if died:
                    await self._died()
                return await self._pending()
            except StewardError as exc:
                logger.warning("looking for work failed: %s", exc.message)
                await self._clock.sleep(LOOK_AGAIN_S)

    async def _run(self) -> int:
        """Run the process to its end; give its exit code, -1 when it cannot start."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                env=self._environ,
                start_new_session=True,  # Ctrl-C at a terminal is for the server, which ends this
            )
        except OSError:
            logger.exception("the worker process cannot start")
            return -1
        self._process = process
        assert process.stdout is not None
        try:
            while line := await _line(process.stdout):
                self._hear(line)
            return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()

    def _hear(self, line: bytes) -> None:
        try:
            said: object = orjson.loads(line)
        except orjson.JSONDecodeError:
            logger.warning("the worker wrote a line that is not JSON")
            return
        if isinstance(said, dict):
            self._told(said)  # pyright: ignore[reportUnknownArgumentType] - a JSON object


async def _line(stream: StreamReader) -> bytes:
    """Read one line, a blank one in place of what is too long to be a message of ours."""
    try:
        return await stream.readline()
    except ValueError:
        return b"\n"
