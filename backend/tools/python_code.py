"""Runs Python that a model wrote, in the sandbox, over copies of the caller's files.

Not for: the sandbox itself (`ports.sandbox`) or keeping the files it makes (the toolbox does).
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AliasChoices, BeforeValidator, Field

from backend.errors import StewardError, ToolFailed, ToolRetry, ToolUnavailable
from backend.kit.code_fence import unfenced
from backend.kit.kept_code import KeepLimits, KeptCode, KeptPiece
from backend.kit.meant_files import means_any, name_list
from backend.kit.plain_text import one_line
from backend.ports.code_told import as_data, described, told
from backend.ports.documents import Documents, Listing
from backend.ports.documents_within import within
from backend.ports.own_files import NAMES_SHOWN, OwnFile, mentioned, original
from backend.ports.sandbox import CodeJob, CodeOutcome, InputFile, Sandbox, SandboxUnavailable
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)

NAME = "python_code"
DESCRIPTION = (
    "Runs Python and gives what it prints, the value of its last line, and the files and figures it "
    "makes. Use it for programs, simulations, data work and charts. There is no network. The user's "
    "files that are named in files, or in full in the code, lie in its working folder: "
    '{"code": "import pandas as pd\\npd.read_csv(\'sales.csv\').describe()"}. Every call starts '
    'anew; "keep": true goes on with what earlier calls defined.'
)
TOUCHES: frozenset[Touch] = frozenset({"executes", "reads_user_data"})

_NEWEST: Final = 5
_KNOWN: Final = ("numpy", "pandas", "matplotlib", "scipy", "sympy", "openpyxl")
NO_SESSION: Final = (
    "Nothing was kept: this request belongs to no session. Give everything in one call."
)
NOTHING_KEPT: Final = (
    "Nothing was kept from earlier calls (there were none, or the server was started again): "
    "this ran alone."
)


class Args(ToolArgs):
    """What to run."""

    code: Annotated[str, BeforeValidator(unfenced)] = Field(
        min_length=1,
        max_length=100_000,
        description="Python source. Print what you want to see, or end with an expression.",
        validation_alias=AliasChoices("code", "source", "script", "python", "input"),
    )
    files: Annotated[list[str], BeforeValidator(name_list)] = Field(
        default_factory=list,
        max_length=50,
        description="Names or ids of the user's files to have in the working folder.",
        validation_alias=AliasChoices("files", "file", "filename", "filenames", "file_ids"),
    )
    keep: bool = Field(
        default=False,
        description="Go on with what earlier calls of this conversation defined.",
        validation_alias=AliasChoices("keep", "keep_state", "stateful"),
    )


class Options(ToolOptions):
    """How much earlier code is kept to be run again for `keep`, and in how many sessions (places)."""

    keep_max_steps: int = Field(default=20, ge=0, le=1_000)
    keep_max_chars: int = Field(default=40_000, ge=0, le=1_000_000)
    keep_max_s: float = Field(default=15.0, ge=0, le=3_600)
    keep_max_places: int = Field(default=200, ge=1, le=100_000)


class PythonCode:
    """Gathers files and earlier code, has it run, and words the outcome."""

    def __init__(self, options: Options, sandbox: Sandbox, documents: Documents | None) -> None:
        self._sandbox = sandbox
        self._documents = documents
        self._packages: tuple[str, ...] = ()
        limits = KeepLimits(
            sessions=options.keep_max_places,
            pieces=options.keep_max_steps,
            chars=options.keep_max_chars,
            seconds=options.keep_max_s,
        )
        self._kept = KeptCode(limits)

    async def settle(self) -> str:
        """Wait for the sandbox's test and say which Python there is."""
        try:
            report = await self._sandbox.ready()
        except SandboxUnavailable as exc:
            msg = f"there is no sandbox to run code in: {exc}"
            raise ToolUnavailable(msg) from exc
        self._packages = report.packages
        return described(report, full=DESCRIPTION, known=_KNOWN)

    async def run(self, args: Args, context: ToolContext) -> ToolResult:
        """Run it; what goes wrong in the code is a result, so that output and files are not lost."""
        try:
            return await self._run(args, context)
        except StewardError as exc:
            msg = f"the user's files cannot be had now: {exc.message}"
            raise ToolFailed(msg) from exc
        except SandboxUnavailable as exc:
            msg = f"the sandbox could not be put up: {exc}"
            raise ToolFailed(msg) from exc

    async def _run(self, args: Args, context: ToolContext) -> ToolResult:
        session = (context.user_id, context.session_id)
        earlier = self._kept.of(session) if args.keep else ()
        files = await self._files(args, context, earlier)
        job = CodeJob(
            code=args.code,
            owner=context.user_id,
            files=tuple(InputFile(name=one.file.filename, path=one.path) for one in files),
            earlier=tuple(one.code for one in earlier),
        )
        outcome = await self._sandbox.run(job)
        hints = await self._hints(outcome, files, args, context)
        if args.keep and not earlier:
            hints.append(NOTHING_KEPT if context.session_id else NO_SESSION)
        if outcome.exit == "ok" and context.session_id:
            took_ms = outcome.duration_ms - sum(one.duration_ms for one in earlier)
            ids = tuple(one.file.id for one in files)
            piece = KeptPiece(code=args.code, duration_ms=max(0, took_ms), file_ids=ids)
            self._kept.add(session, piece)
        text = "\n".join([told(outcome), *hints])
        return ToolResult(text=text, data=as_data(outcome), files=outcome.files)

    async def _files(
        self, args: Args, context: ToolContext, earlier: tuple[KeptPiece, ...]
    ) -> list[OwnFile]:
        """Find the files named in the call, those whose names stand in the code, and earlier ones."""
        documents, user_id = self._documents_of(context), context.user_id
        if documents is None:
            if args.files:
                raise ToolRetry("this server keeps no files; put the data into the code")
            return []
        found: list[OwnFile] = []
        for name in args.files:
            names = [name]
            if means_any(name):
                newest = await documents.list(user_id, Listing(limit=_NEWEST))
                names = [one.id for one in newest.items]
            found += [await original(documents, user_id, one) for one in names]
        found += await mentioned(documents, user_id, args.code)
        for file_id in dict.fromkeys(one for piece in earlier for one in piece.file_ids):
            held = await documents.content(user_id, file_id)
            found += [OwnFile(file=held[0], path=held[1])] if held else []
        return list({one.file.id: one for one in found}.values())

    async def _hints(
        self, outcome: CodeOutcome, files: list[OwnFile], args: Args, context: ToolContext
    ) -> list[str]:
        """Say what would mend the usual failures."""
        last = outcome.error.strip().rpartition("\n")[2]
        if last.startswith("FileNotFoundError"):
            return [await self._names(files, context)]
        if last.startswith("ModuleNotFoundError") and self._packages:
            return [f"Packages at hand: {', '.join(self._packages)}; none can be installed."]
        kept = self._kept.of((context.user_id, context.session_id))
        if last.startswith("NameError") and kept and not args.keep:
            return ['Every call starts anew; "keep": true goes on with what earlier calls defined.']
        if last.startswith("PermissionError") and "socket" in outcome.error:
            return ["There is no network in here."]
        return []

    async def _names(self, files: list[OwnFile], context: ToolContext) -> str:
        here = "; ".join(one_line(one.file.filename, max_chars=100) for one in files)
        there = f"Files in the working folder: {here or 'none'}."
        documents = self._documents_of(context)
        if documents is None:
            return there
        newest = (await documents.list(context.user_id, Listing(limit=NAMES_SHOWN))).items
        names = "; ".join(one_line(one.filename, max_chars=100) for one in newest)
        return f"{there} The user's files, to be named in files: {names or 'none'}."

    def _documents_of(self, context: ToolContext) -> Documents | None:
        """Give the documents a call may use."""
        return self._documents and within(self._documents, context.file_ids)


def build(options: Options, services: Services) -> Tool:
    """Make the tool; ToolUnavailable on a server without a sandbox."""
    if services.sandbox is None:
        raise ToolUnavailable("this server has no sandbox to run code in")
    return PythonCode(options, services.sandbox, services.documents)
