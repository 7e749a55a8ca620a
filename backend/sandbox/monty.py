"""Limited Python without walls of the system: an interpreter of its own (pydantic-monty) in a worker process.

It knows no files but those given, no network, no processes and no third-party packages, and has no
generators. Each run has a fresh worker, which its end or a cancellation ends.

Source: https://github.com/pydantic/monty
"""

from __future__ import annotations

import ast
import asyncio
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from backend.kit.fair_places import FairPlaces
from backend.kit.plain_text import shorten
from backend.ports.sandbox import (
    CodeJob,
    CodeOutcome,
    Exit,
    SandboxReport,
    SandboxUnavailable,
)
from backend.sandbox.limits import MIB, SandboxOptions
from backend.sandbox.staging import NotStaged, StagedRun, Staging

if TYPE_CHECKING:
    import pydantic_monty

_FOLDER: Final = "/box"
_VALUE: Final = "__value_of_last_line__"
_MEMORY_BYTES: Final = 128 * MIB
_FILE_BYTES: Final = 32 * MIB
_GRACE_S: Final = 0.5  # its own limit says where in the code it was
_CODE_CHARS: Final = 200_000
_ERROR_CHARS: Final = 8_000
_OUT_OF_TIME: Final = ("feed time limit exceeded", "sleep limit exceeded")
_AROUND: Final = re.compile(rf"{_VALUE} = \((.*)\)(?:\n +~+)?")
LACKS: Final = (
    "no third-party packages, no generators (yield), few standard modules, writes no files"
)


@dataclass(slots=True)
class _Printed:
    """What was printed, up to a bound."""

    most: int
    kept: dict[str, str] = field(default_factory=lambda: {"stdout": "", "stderr": ""})
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Take a piece; the worker is not trusted to stop by itself."""
        room = self.most - sum(map(len, self.kept.values()))
        self.kept[stream] += text[: max(room, 0)]
        if len(text) > room:
            self.over.set()


class Monty:
    """Runs jobs, a few at a time, each in a worker of its own."""

    def __init__(self, options: SandboxOptions) -> None:
        self._limits = options.limits
        self._staging = Staging(options.folder)
        self._places = FairPlaces(options.concurrent)

    async def ready(self) -> SandboxReport:
        """Try it: a sum, an endless loop, and a file of this machine.

        Raises:
            SandboxUnavailable: when one of them does not come out as it must.
        """
        small = replace(self._limits, timeout_s=1.0)
        checks = (
            ("40 + 2", "ok"),
            ("while True: pass", "time"),
            (f"open({__file__!r}).read()", "exception"),
        )
        for code, wanted in checks:
            found = await self._run(CodeJob(code=code, timeout_s=small.timeout_s))
            if found.exit != wanted:
                msg = f"limited Python did not pass its test: {found.exit} {found.error[:200]}"
                raise SandboxUnavailable(msg)
        return SandboxReport(kind="limited", detail=f"pydantic-monty: {LACKS}")

    async def run(self, job: CodeJob) -> CodeOutcome:
        """Run it once there is a place; cancelling ends it.

        Raises:
            SandboxUnavailable: when the worker cannot be started.
        """
        async with self._places.place(job.owner):
            return await self._run(job)

    async def aclose(self) -> None:
        """Remove what was staged; workers end with their calls."""
        await asyncio.to_thread(self._staging.close)

    async def _run(self, job: CodeJob) -> CodeOutcome:
        started_s = time.monotonic()
        staged = StagedRun(self._staging.folder)
        try:
            if job.files:
                await asyncio.to_thread(staged.fill, job.files, self._limits, named=True)
            outcome = await self._timed(job, str(staged.folder) if job.files else None)
        except NotStaged as exc:
            return CodeOutcome(exit="exception", error=f"Nothing was run: {exc}.")
        except OSError as exc:  # erased just now, or no room for its copy
            said = f"Nothing was run: a file cannot be read: {exc.strerror}"
            return CodeOutcome(exit="exception", error=said)
        finally:
            staged.stop()
            if job.files:
                await asyncio.shield(asyncio.to_thread(staged.remove))
        return replace(outcome, duration_ms=int((time.monotonic() - started_s) * 1000))

    async def _timed(self, job: CodeJob, folder: str | None) -> CodeOutcome:
        seconds = min(job.timeout_s or self._limits.timeout_s, self._limits.timeout_s)
        printed = _Printed(self._limits.output_bytes)
        work = asyncio.create_task(self._fed(job, folder, printed, seconds))
        over = asyncio.create_task(printed.over.wait())
        try:
            # Real time on purpose: the worker's own clock stands still while it sleeps.
            await asyncio.wait(
                {work, over}, timeout=seconds + _GRACE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if printed.over.is_set():
                bound = self._limits.output_bytes
                outcome = _stopped("output", f"it wrote more than {bound} characters of output")
            elif not work.done():
                outcome = _stopped("time", f"it took more than {seconds:g} seconds")
            else:
                outcome = work.result()
        finally:
            over.cancel()
            work.cancel()
            await asyncio.wait({work, over})
        return replace(outcome, stdout=printed.kept["stdout"], stderr=printed.kept["stderr"])

    async def _fed(
        self, job: CodeJob, folder: str | None, printed: _Printed, seconds: float
    ) -> CodeOutcome:
        import pydantic_monty as monty  # noqa: PLC0415 - an optional way of running, loaded on first use

        notes: list[str] = []
        async with AsyncExitStack() as stack:
            try:
                pool = monty.AsyncMonty(max_processes=1, request_timeout=seconds)
                await stack.enter_async_context(pool)
                session = await stack.enter_async_context(pool.checkout(limits=_limits(seconds)))
            except (OSError, RuntimeError, monty.MontyError) as exc:
                msg = f"the worker of limited Python cannot be started: {exc}"
                raise SandboxUnavailable(msg) from exc
            if folder is not None:
                mount = monty.MountDir(
                    host_path=folder,
                    virtual_path=_FOLDER,
                    mode="read-only",
                    memory_usage_limit=_FILE_BYTES,
                )
                stack.enter_context(mount)
            else:
                mount = None

            async def feed(code: str, sink: Any) -> Any:  # noqa: ANN401 - what the code made
                return await session.feed_run(
                    code, print_callback=sink, mount=mount, cwd=_FOLDER if mount else None
                )

            for at, earlier in enumerate(job.earlier, 1):
                try:
                    await feed(_with_value(earlier), _nowhere)
                except monty.MontyError as exc:
                    notes.append(f"earlier code {at} failed when it was run again: {exc}"[:500])
            outcome = await self._told(job.code, feed, printed)
        return replace(outcome, notes=tuple(notes))

    async def _told(self, code: str, feed: Any, printed: _Printed) -> CodeOutcome:  # noqa: ANN401
        import pydantic_monty as monty  # noqa: PLC0415 - as above

        try:
            await feed(_with_value(code), printed)
            most = self._limits.value_chars
            value = await feed(f"None if {_VALUE} is None else repr({_VALUE})[:{most}]", _nowhere)
        except monty.MontyCrashedError as exc:
            return _stopped("time" if exc.timed_out else "killed", f"its worker ended: {exc}")
        except (monty.MontyRuntimeError, monty.MontySyntaxError) as exc:
            return CodeOutcome(exit=_kind(exc), error=_told_error(exc.display()))
        except monty.MontyError as exc:
            return CodeOutcome(exit="exception", error=shorten(str(exc), _ERROR_CHARS))
        return CodeOutcome(exit="ok", value=value if isinstance(value, str) else "")


def _told_error(text: str) -> str:
    """Leave out what was put around the last line, and the marks below it that no longer fit."""
    return shorten(_AROUND.sub(r"\1", text), _ERROR_CHARS)


def _limits(seconds: float) -> pydantic_monty.ResourceLimits:
    return {
        "max_feed_duration_secs": seconds,
        "max_memory": _MEMORY_BYTES,
        "max_total_sleep_secs": seconds,
        "max_recursion_depth": 500,
    }


def _nowhere(stream: str, text: str) -> None:
    """Drop what is printed."""


def _stopped(how: Exit, why: str) -> CodeOutcome:
    return CodeOutcome(exit=how, error=f"Stopped: {why}.")


def _kind(exc: pydantic_monty.MontyError) -> Exit:
    inner = exc.exception()
    if isinstance(inner, MemoryError):
        return "memory"
    if isinstance(inner, TimeoutError) and str(inner).startswith(_OUT_OF_TIME):
        return "time"
    return "exception"


def _with_value(code: str) -> str:
    """Have the value of the last expression kept inside, so that only its text comes out.

    As an object it would be built in this process, as large as the code likes.
    """
    nothing = f"\n{_VALUE} = None"
    try:
        body = ast.parse(code).body if len(code) <= _CODE_CHARS else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        body = []
    if not body or not isinstance(body[-1], ast.Expr):
        return code + nothing
    last = body[-1].value
    lines = code.encode("utf-8", "replace").splitlines(keepends=True)
    start = sum(map(len, lines[: last.lineno - 1])) + last.col_offset
    end = sum(map(len, lines[: (last.end_lineno or 1) - 1])) + (last.end_col_offset or 0)
    whole = b"".join(lines)
    made = whole[:start] + f"{_VALUE} = (".encode() + whole[start:end] + b")" + whole[end:]
    return made.decode("utf-8", "replace")
