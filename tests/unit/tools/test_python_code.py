"""The tool over the sandbox: which files and earlier code it gives, and how it words what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable, Unavailable
from backend.kit.http import HttpClient
from backend.ports.documents import File, Listing
from backend.ports.sandbox import CodeJob, CodeOutcome, MadeFile, SandboxReport
from backend.ports.stores import Page
from backend.ports.tools import Services, ToolContext, ToolResult
from backend.tools import python_code
from tests.fakes.found_documents import FoundDocuments
from tests.fakes.instant_clock import InstantClock
from tests.fakes.scripted_sandbox import ScriptedSandbox

ANN = "user_ann"


class UploadedFiles(FoundDocuments):
    """Files whose bytes lie somewhere; nothing here reads them. `failure` is that of every question."""

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        found = await self.get(user_id, file_id)
        return (found, Path("/uploads", found.id)) if found else None

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        if self.failure is not None:
            raise self.failure
        return await FoundDocuments.list(self, user_id, listing)


@pytest.fixture
def sandbox() -> ScriptedSandbox:
    return ScriptedSandbox()


@pytest.fixture
def documents() -> FoundDocuments:
    made = UploadedFiles()
    made.give(ANN, {"sales.csv": "a,b", "staff list.xlsx": "x"})
    return made


@pytest.fixture
async def make(sandbox, documents):
    http = HttpClient()

    def build(**options: Any):
        services = Services(http=http, clock=InstantClock(), documents=documents, sandbox=sandbox)
        return python_code.build(python_code.Options(**options), services)

    yield build
    await http.aclose()


@pytest.fixture
def call(make):
    tool = make()

    async def run(
        code: str,
        *,
        session: str | None = "conv_1",
        user: str = ANN,
        within: tuple[str, ...] | None = None,
        **args,
    ) -> ToolResult:
        given = python_code.Args.model_validate({"code": code, **args})
        context = ToolContext(user_id=user, session_id=session, file_ids=within)
        return await tool.run(given, context)

    return run


async def test_the_description_says_which_python_there_is(make, sandbox) -> None:
    """Full with its packages, without any, or limited; nothing is promised that is not there."""
    assert (await make().settle()).endswith("At hand: numpy, pandas.")
    sandbox.report = SandboxReport(kind="full")
    alone = await make().settle()
    assert "the standard library alone: no pandas, no charts." in alone
    sandbox.report = SandboxReport(kind="limited")
    limited = await make().settle()
    assert limited.startswith("Limited Python: no packages")
    for said in (alone, limited):
        assert "import pandas" not in said
        assert "Use it for programs, simulations, data work and charts" not in said
        assert '"keep": true' in said


async def test_without_a_wall_the_tool_is_off_and_says_why(make, sandbox) -> None:
    """With what would mend it."""
    sandbox.broken = "bubblewrap is not installed"
    with pytest.raises(ToolUnavailable, match="no sandbox to run code in: bubblewrap is not"):
        await make().settle()


async def test_the_whole_outcome_is_told(call, sandbox) -> None:
    """Output, errors, value and notes for the model; everything as data; files to be kept."""
    sandbox.outcomes = [
        CodeOutcome(
            exit="exception",
            stdout="a\n",
            stderr="warned\n",
            value="1",
            error="ValueError: no\n",
            files=(MadeFile(name="a.txt", data=b"x"),),
            notes=("only the first 5 files were kept",),
            duration_ms=12,
        )
    ]
    assert await call("x") == ToolResult(
        text="a\nstderr:\nwarned\nValue: 1\nError (exception):\nValueError: no\n"
        "Note: only the first 5 files were kept",
        data={
            "exit": "exception", "stdout": "a\n", "stderr": "warned\n", "value": "1",
            "error": "ValueError: no\n", "duration_ms": 12,
        },
        files=(MadeFile(name="a.txt", data=b"x"),),
    )  # fmt: skip


async def test_silence_is_told_too(call) -> None:
    """Else a model would take nothing for a fault."""
    assert (await call("x = 1")).text == "It ran and showed nothing. Print what you want to see."


async def test_a_fence_around_the_code_is_taken_off(call, sandbox) -> None:
    """Models often write one."""
    await call("```python\nprint(1)\n```")
    assert sandbox.jobs == [CodeJob(code="print(1)", owner=ANN)]


async def test_files_come_by_name_and_by_being_mentioned(call, sandbox) -> None:
    """Each once, under the name its owner knows."""
    await call("open('sales.csv')", files="staff list")
    assert [one.name for one in sandbox.jobs[0].files] == ["staff list.xlsx", "sales.csv"]
    await call("1", files=["the attached file"])
    assert {one.name for one in sandbox.jobs[1].files} == {"staff list.xlsx", "sales.csv"}


async def test_files_outside_of_the_turn_s_scope_do_not_come(call, sandbox) -> None:
    """Neither by being mentioned, by a word for all, by name nor from earlier code."""
    sales, staff = f"file-{ANN}-0", f"file-{ANN}-1"
    await call("open('sales.csv')")
    await call("open('sales.csv'); 2", within=(staff,), files=["the attached file"])
    await call("3", within=(staff,), keep=True)
    await call("4", within=(), files=["all"])
    assert [[one.name for one in job.files] for job in sandbox.jobs] == [
        ["sales.csv"], ["staff list.xlsx"], ["staff list.xlsx"], []
    ]  # fmt: skip
    with pytest.raises(ToolRetry) as refused:
        await call("5", within=(staff,), files=[sales])
    assert "sales.csv" not in refused.value.message


async def test_nobody_elses_files_come(call, sandbox) -> None:
    """Neither by name nor by being mentioned."""
    await call("open('sales.csv')", user="user_bob")
    assert sandbox.jobs[0].files == ()
    with pytest.raises(ToolRetry, match="has no files"):
        await call("1", user="user_bob", files="sales.csv")


async def test_a_name_that_fits_no_file_is_answered_with_the_names_there_are(call, sandbox) -> None:
    """Before and after the code is run."""
    with pytest.raises(ToolRetry, match=r"staff list\.xlsx; sales\.csv"):
        await call("1", files="budget.csv")
    error = "Traceback\nFileNotFoundError: [Errno 2] No such file or directory: 'sale.csv'"
    sandbox.outcomes = [CodeOutcome(exit="exception", error=error)]
    assert (await call("open('sale.csv')")).text.endswith(
        "Files in the working folder: none. The user's files, to be named in files: "
        "staff list.xlsx; sales.csv."
    )


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("ModuleNotFoundError: No module named 'seaborn'", "at hand: numpy, pandas"),
        ("s = socket.socket()\nPermissionError: [Errno 1]", "There is no network in here."),
    ],
)
async def test_usual_failures_are_answered_with_what_mends_them(make, sandbox, error, hint) -> None:
    """The next call can be right."""
    tool = make()
    await tool.settle()
    sandbox.outcomes = [CodeOutcome(exit="exception", error=error)]
    found = await tool.run(python_code.Args(code="x"), ToolContext(user_id=ANN))
    assert hint in found.text


async def test_earlier_code_of_the_session_is_run_again_when_asked(call, sandbox) -> None:
    """What failed is not, and no other session's or user's."""
    await call("a = open('sales.csv')")
    sandbox.outcomes = [CodeOutcome(exit="exception", error="NameError: name 'q' is not defined")]
    assert '"keep": true' in (await call("q")).text
    await call("b = 2", keep=True)
    await call("c = 3", keep=True)
    assert [one.earlier for one in sandbox.jobs[2:]] == [
        ("a = open('sales.csv')",),
        ("a = open('sales.csv')", "b = 2"),
    ]
    assert [one.name for one in sandbox.jobs[3].files] == ["sales.csv"]
    for elsewhere in ({"session": "conv_2"}, {"user": "user_bob"}):
        told = await call("d", keep=True, **elsewhere)
        assert sandbox.jobs[-1].earlier == ()
        assert python_code.NOTHING_KEPT in told.text


async def test_a_request_without_a_session_keeps_nothing_and_says_so(call, sandbox) -> None:
    """All such requests of a user are strangers to each other."""
    await call("a = 1", session=None)
    assert python_code.NO_SESSION in (await call("a", session=None, keep=True)).text
    assert sandbox.jobs[1].earlier == ()


async def test_what_is_kept_is_bounded(make, sandbox) -> None:
    """By number, characters, time to run it again, and sessions; the oldest goes first."""

    async def kept_after(codes: list[str], took_ms: int = 1, **options) -> tuple[str, ...]:
        tool = make(**options)
        for number, code in enumerate([*codes, "last"]):
            sandbox.outcomes = [CodeOutcome(exit="ok", duration_ms=took_ms)]
            args = python_code.Args(code=code, keep=number == len(codes))
            await tool.run(args, ToolContext(user_id=ANN, session_id="conv_1"))
        return sandbox.jobs[-1].earlier

    assert await kept_after(["a", "b", "c"], keep_max_steps=2) == ("b", "c")
    assert await kept_after(["a" * 9, "b" * 9], keep_max_chars=10) == ("b" * 9,)
    assert await kept_after(["a", "b"], took_ms=900, keep_max_s=1) == ("b",)
    tool = make(keep_max_places=1)
    for session in ("conv_1", "conv_2"):
        await tool.run(python_code.Args(code="x"), ToolContext(user_id=ANN, session_id=session))
    await tool.run(
        python_code.Args(code="y", keep=True), ToolContext(user_id=ANN, session_id="conv_1")
    )
    assert sandbox.jobs[-1].earlier == ()


async def test_failures_around_the_code_are_failures_of_the_tool(call, sandbox, documents) -> None:
    """A wall that could not be put up, files that cannot be had."""
    sandbox.broken = "no namespaces left"
    with pytest.raises(ToolFailed, match="could not be put up: no namespaces left"):
        await call("1")
    documents.failure = Unavailable("the database is locked")
    with pytest.raises(ToolFailed, match=r"cannot be had now: the database is locked"):
        await call("1", files="sales.csv")


async def test_a_server_without_a_sandbox_has_the_tool_off() -> None:
    """With the reason."""
    http = HttpClient()
    with pytest.raises(ToolUnavailable, match="no sandbox"):
        python_code.build(python_code.Options(), Services(http=http, clock=InstantClock()))
    await http.aclose()
