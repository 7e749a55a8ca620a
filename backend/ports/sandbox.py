"""The sandbox port: running code that strangers wrote, and what came of it.

Everything that comes back was made by that code: text, names and bytes are data, never paths or markup.
Not for: which tool offers it (`tools/python_code`) or how it is walled in (`backend/sandbox`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Exit = Literal["ok", "exception", "time", "memory", "output", "killed"]
SandboxKind = Literal["full", "limited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file the code may read in its working folder under `name`; it is given a copy."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file that came out of a tool; `name` is only shown to people."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeJob:
    """One piece of Python to run.

    `earlier` is run first, in the same interpreter and unseen, to bring back what it defined;
    `timeout_s` bounds both together and can only shorten what the sandbox allows. Owners share the
    sandbox: where there is room for several jobs, no owner's fill all of it.
    """

    code: str
    owner: str = ""
    files: tuple[InputFile, ...] = ()
    earlier: tuple[str, ...] = ()
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOutcome:
    """What came of it.

    `value` is the text of the last expression's value, empty when there is none; `error` the
    traceback, trimmed to the code itself, or why it was stopped. `notes` say what was left out
    (files over a limit ...).
    """

    exit: Exit
    stdout: str = ""
    stderr: str = ""
    value: str = ""
    error: str = ""
    files: tuple[MadeFile, ...] = ()
    notes: tuple[str, ...] = ()
    duration_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxReport:
    """What the self-test found: which Python there is, and what it lacks.

    `packages` are the import names of the libraries at hand; `detail` is for people.
    """

    kind: SandboxKind
    packages: tuple[str, ...] = ()
    detail: str = ""


class SandboxUnavailable(Exception):
    """No wall that holds can be put up here; the message says why and what would mend it."""


class Sandbox(Protocol):
    """Runs code of strangers behind a wall."""

    async def ready(self) -> SandboxReport:
        """Wait for the self-test, which runs once.

        Raises:
            SandboxUnavailable: when no part of it holds; code is then never run.
        """
        ...

    async def run(self, job: CodeJob) -> CodeOutcome:
        """Run it; its own failure is an outcome, not an exception.

        Raises:
            SandboxUnavailable: as `ready`, or when the wall could not be put up this time.
        """
        ...

    async def aclose(self) -> None:
        """End everything that still runs."""
        ...
