"""What comes back of code that is not hostile: output, values, tracebacks, files, figures, state."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from backend.ports.sandbox import CodeJob, CodeOutcome, InputFile, MadeFile
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.limits import SandboxOptions
from tests.fakes.left_processes import sandbox_processes

PNG = b"\x89PNG\r\n\x1a\n"


def plain(outcome: CodeOutcome) -> CodeOutcome:
    """Leave out how long it took, which differs from run to run."""
    return CodeOutcome(
        **{name: getattr(outcome, name) for name in CodeOutcome.__slots__} | {"duration_ms": 0}
    )


async def test_output_and_the_last_value_come_back(run) -> None:
    """The whole outcome of the plain case."""
    code = "import sys\nprint('hello', 'wörld')\nprint('careful', file=sys.stderr)\n40 + 2"
    assert plain(await run(code)) == CodeOutcome(
        exit="ok", stdout="hello wörld\n", stderr="careful\n", value="42"
    )


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("x = 1", ""),
        ("None", ""),
        ("'text'", "'text'"),
        ("# nothing at all", ""),
        ("for n in range(2): n", ""),
        ("if __name__ == '__main__':\n    print('x')", ""),
        ("'\\ud800'", "'\\ud800'"),
        ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(3)", "P(x=3)"),
        ("import asyncio\nasyncio.run(asyncio.sleep(0, 7))", "7"),
        ("import input_of_mine", None),
    ],
)
async def test_the_value_is_that_of_a_last_expression(run, code, value) -> None:
    """As in the interactive interpreter; anything else has none."""
    outcome = await run(code)
    assert (outcome.exit == "ok") == (value is not None), outcome
    assert outcome.value == (value or "")


async def test_a_traceback_shows_the_code_alone(run) -> None:
    """With its lines, without ours, and with what it was the cause of."""
    code = "import json\ndef read(text):\n    return json.loads(text)\ntry:\n    read('{')\nexcept ValueError as e:\n    raise KeyError('no') from e"
    outcome = await run(code)
    assert outcome.exit == "exception"
    assert set(re.findall(r'File "(.*?)"', outcome.error)) == {"<code>"}
    assert "    return json.loads(text)\n" in outcome.error
    assert "JSONDecodeError" in outcome.error
    assert outcome.error.rstrip().endswith("KeyError: 'no'")


async def test_marks_stand_under_what_failed(run) -> None:
    """In the last line too, which has no end of line."""
    outcome = await run("x = 0\nprint(1/x)")
    assert "    print(1/x)\n          ~^~\n" in outcome.error


@pytest.mark.parametrize(
    ("code", "exit_", "error"),
    [
        ("x = = 1", "exception", "SyntaxError: invalid syntax"),
        ("exit()", "ok", ""),
        ("import sys; sys.exit(0)", "ok", ""),
        ("import sys; sys.exit('why')", "exception", "SystemExit: why"),
        ("raise KeyboardInterrupt", "exception", "KeyboardInterrupt"),
        ("input()", "exception", "EOFError"),
        ("class A:\n    def __repr__(self): raise ValueError('bad')\nA()", "exception", "ValueError: bad"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "exception", "E: <exception str() failed>"),
        ("import sys, io\nsys.stdout = io.StringIO()\nprint(1)", "ok", ""),
        ("import sys\nsys.stdout.close()", "ok", ""),
        ("import os\nos.close(1); os.close(2)", "ok", ""),
        ("(" * 500 + ")" * 500, "exception", "too many nested"),
    ],
)  # fmt: skip
async def test_other_endings_are_named(run, code, exit_, error) -> None:
    """None of them takes the way back with it."""
    outcome = await run(code)
    assert outcome.exit == exit_, outcome
    assert error in outcome.error


async def test_output_before_a_stop_is_not_lost(run) -> None:
    """What was flushed when the time was over is shown."""
    outcome = await run("print('begun', flush=True)\nwhile True: pass", timeout_s=1.0)
    assert (outcome.exit, outcome.stdout) == ("time", "begun\n")


async def test_threads_are_waited_for(run) -> None:
    """As at the end of any program."""
    code = "import threading, time\ndef late():\n    time.sleep(0.1)\n    print('late')\nthreading.Thread(target=late).start()"
    assert (await run(code)).stdout == "late\n"


async def test_programs_it_starts_write_to_its_output(run) -> None:
    """The interpreter itself is one of them."""
    code = (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(6 * 7)']).returncode"
    )
    outcome = await run(code)
    assert (outcome.stdout, outcome.value) == ("42\n", "0")


async def test_files_are_given_under_their_names(run, tmp_path) -> None:
    """Copies, readable also when the originals are their owner's alone; names are made safe."""
    files = []
    for number, name in enumerate(["table.csv", "table.csv", "../../up.txt", "naïve ☃.txt"]):
        path = tmp_path / str(number)
        path.write_text(name, encoding="utf-8")
        path.chmod(0o600)
        files.append(InputFile(name=name, path=path))
    outcome = await run("import os\n{n: open(n).read() for n in sorted(os.listdir('.'))}", *files)
    assert outcome.value == repr({
        "naïve ☃.txt": "naïve ☃.txt",
        "table (2).csv": "table.csv",
        "table.csv": "table.csv",
        "up.txt": "../../up.txt",
    })
    assert outcome.files == ()


async def test_input_over_the_limits_is_refused(run, tmp_path) -> None:
    """Before anything is run."""
    large = tmp_path / "large"
    large.write_bytes(b"x" * 3_000_000)
    outcome = await run("1", InputFile(name="large", path=large))
    assert (
        outcome.error == "Nothing was run: the files are too large together for the working folder."
    )
    small = [InputFile(name="f", path=tmp_path / "none")] * 5
    assert "5 files are too many; 4 are allowed" in (await run("1", *small)).error
    gone = (await run("1", small[0])).error
    assert gone == "Nothing was run: the files cannot be copied: No such file or directory."


async def test_new_files_come_back_and_nothing_else(run, given) -> None:
    """Regular files by flat names; no symbolic links, nothing hidden, nothing that was given."""
    outcome = await run(
        """
import os
os.makedirs('out/deep')
open('out/deep/a.txt', 'w').write('A')
open('b.bin', 'wb').write(bytes(range(4)))
open('.hidden', 'w').write('x')
open('/tmp/elsewhere', 'w').write('x')
os.symlink('/etc/passwd', 'passwd')
os.symlink('b.bin', 'link.bin')
os.link('b.bin', 'twin.bin')
open('e\\u202excod.txt', 'w').close()
""",
        given,
    )
    assert outcome.exit == "ok", outcome
    assert sorted(outcome.files, key=lambda one: one.name) == [
        MadeFile(name="b.bin", data=bytes(range(4))),
        MadeFile(name="excod.txt", data=b""),
        MadeFile(name="out-deep-a.txt", data=b"A"),
        MadeFile(name="twin.bin", data=bytes(range(4))),
    ]


async def test_files_over_the_limits_are_left_out_and_told(run) -> None:
    """By number, by size, by size together."""
    many = await run("for n in range(9): open(f'{n}.txt', 'w').close()")
    assert [one.name for one in many.files] == [f"{n}.txt" for n in range(5)]
    assert many.notes == ("only the first 5 files were kept",)
    large = await run(
        "open('large.bin', 'wb').write(b'x' * 1_500_000)\nopen('ok.txt', 'w').close()"
    )
    assert [one.name for one in large.files] == ["ok.txt"]
    assert large.notes == ("the file 'large.bin' is too large and was not kept",)


async def test_files_come_back_also_after_an_error(run) -> None:
    """What was made before it is not lost."""
    outcome = await run("open('a.txt', 'w').write('x')\n1/0")
    assert (outcome.exit, outcome.files) == ("exception", (MadeFile(name="a.txt", data=b"x"),))


async def test_earlier_code_brings_back_what_it_defined(run) -> None:
    """Unseen: its output is dropped, its files are there but not new."""
    earlier = (
        "print('loud')\nimport math\ndef area(r): return round(math.pi * r * r, 2)",
        "open('kept.txt', 'w').write('from before')\nr = 2",
    )
    outcome = await run("print(open('kept.txt').read())\narea(r)", earlier=earlier)
    assert plain(outcome) == CodeOutcome(exit="ok", stdout="from before\n", value="12.57")


async def test_earlier_code_that_fails_now_is_told(run) -> None:
    """The code itself is run all the same."""
    outcome = await run("x", earlier=("x = 1", "1/0"))
    assert outcome.value == "1"
    assert outcome.notes == (
        "earlier code 2 failed when it was run again: ZeroDivisionError: division by zero",
    )


async def test_the_time_counts_for_earlier_code_too(run) -> None:
    """Else a session could grow slower without a bound."""
    outcome = await run("1", earlier=("while True: pass",), timeout_s=1.0)
    assert outcome.exit == "time"


async def test_nothing_is_shared_between_runs(run) -> None:
    """Each has folders of its own."""
    await run("open('/box/a', 'w').close(); open('/tmp/b', 'w').close()")
    assert (
        await run("import os\nos.listdir('/box'), os.listdir('/tmp')")
    ).value == "([], ['matplotlib'])"


async def test_runs_go_on_side_by_side_and_others_wait(sandbox: Bubblewrap) -> None:
    """Two at a time here, each with its own user; none gets what is another's."""
    jobs = [CodeJob(code=f"import os, time\ntime.sleep(0.1)\n{n}, os.getuid()") for n in range(5)]
    outcomes = await asyncio.gather(*map(sandbox.run, jobs))
    assert [one.value.partition(",")[0] for one in outcomes] == [f"({n}" for n in range(5)]


async def test_cancelling_ends_everything_before_it_returns(sandbox: Bubblewrap, given) -> None:
    """Processes and copies are gone when the cancelled call is."""
    code = "import os, time\nos.fork()\nopen('/box/x', 'w').close()\ntime.sleep(600)"
    call = asyncio.create_task(sandbox.run(CodeJob(code=code, files=(given,))))
    while len(sandbox_processes()) < 4 and not call.done():
        await asyncio.to_thread(sandbox_processes)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert sandbox_processes() == []
    assert [one.name for one in sandbox._staging.folder.iterdir()] == ["steward.lock"]


async def test_one_owner_with_many_jobs_does_not_keep_another_out(sandbox: Bubblewrap) -> None:
    """One place is left: who has one short job gets its answer while the long ones still run."""
    endless = CodeJob(code="while True: pass", owner="anna")
    hogs = [asyncio.create_task(sandbox.run(endless)) for _ in range(4)]
    outcome = await sandbox.run(CodeJob(code="40 + 2", owner="ben"))
    assert (outcome.value, [one.done() for one in hogs]) == ("42", [False] * 4)
    for one in hogs:
        one.cancel()
    await asyncio.wait(hogs)
    assert sandbox_processes() == []


async def test_cancelling_at_any_moment_leaves_nothing(sandbox: Bubblewrap, given) -> None:
    """While it is copied, started, greeted, run."""
    for turns in range(0, 60, 3):
        call = asyncio.create_task(sandbox.run(CodeJob(code="1", files=(given,))))
        for _ in range(turns):
            await asyncio.wait({call}, timeout=0.001)
        call.cancel()
        await asyncio.wait({call})
    assert sandbox_processes() == []
    assert [one.name for one in sandbox._staging.folder.iterdir()] == ["steward.lock"]
    assert (await sandbox.run(CodeJob(code="2"))).value == "2"


async def test_closing_ends_what_runs(sandbox: Bubblewrap) -> None:
    """A server that stops leaves nothing."""
    call = asyncio.create_task(sandbox.run(CodeJob(code="import time; time.sleep(600)")))
    while not sandbox_processes():
        await asyncio.to_thread(sandbox_processes)
    await sandbox.aclose()
    assert (await call).exit == "killed"
    assert sandbox_processes() == []


class TestPackages:
    async def test_a_table_is_shown_in_full_width(self, roomy: Bubblewrap) -> None:
        """As text, not folded into blocks of columns."""
        code = "import pandas as pd\npd.DataFrame({f'column_{n}': [n] for n in range(12)})"
        outcome = await roomy.run(CodeJob(code=code))
        assert outcome.value.splitlines()[0].split() == [f"column_{n}" for n in range(12)]

    async def test_a_spreadsheet_can_be_read_and_written(self, roomy: Bubblewrap) -> None:
        """pandas with openpyxl."""
        code = "import pandas as pd\npd.DataFrame({'a': [1, 2]}).to_excel('t.xlsx', index=False)\nint(pd.read_excel('t.xlsx')['a'].sum())"
        outcome = await roomy.run(CodeJob(code=code))
        assert (outcome.value, [one.name for one in outcome.files]) == ("3", ["t.xlsx"])

    @pytest.mark.parametrize(
        ("end", "names"),
        [
            ("plt.show()", ["figure-1.png"]),
            ("", ["figure-1.png"]),
            ("plt.savefig('mine.png')", ["mine.png"]),
            ("plt.savefig('mine.pdf')\nplt.show()", ["mine.pdf"]),
            ("plt.show()\nplt.plot([3])\nplt.show()", ["figure-1.png", "figure-2.png"]),
            ("plt.close()", []),
            (
                "import matplotlib\nmatplotlib.use('Agg')\nplt.close()\nplt.plot([1])",
                ["figure-1.png"],
            ),
            ("plt.switch_backend('agg')\nplt.plot([1])\nplt.savefig('mine.png')", ["mine.png"]),
        ],
    )
    async def test_figures_come_back_once(self, roomy: Bubblewrap, end, names) -> None:
        """Shown, left open or saved by name."""
        code = f"import matplotlib.pyplot as plt\nplt.plot([1, 2])\n{end}"
        outcome = await roomy.run(CodeJob(code=code))
        assert (outcome.exit, outcome.stderr, outcome.value) == ("ok", "", "")
        assert [one.name for one in outcome.files] == names
        assert all(one.data.startswith((PNG, b"%PDF")) for one in outcome.files)

    async def test_earlier_figures_are_not_shown_again(self, roomy: Bubblewrap) -> None:
        """Only what this call draws comes back."""
        earlier = ("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",)
        outcome = await roomy.run(CodeJob(code="plt.plot([2])\nplt.show()", earlier=earlier))
        assert [one.name for one in outcome.files] == ["figure-1.png"]

    async def test_the_rest_can_be_imported(self, roomy: Bubblewrap) -> None:
        """Compiled parts and all, under the limits."""
        code = "import numpy, scipy.stats, scipy.optimize, sympy\nx = sympy.Symbol('x')\nstr(sympy.integrate(x**2, x))"
        assert (await roomy.run(CodeJob(code=code))).value == "'x**3/3'"


FILLED = """
import os, signal, time
made = []
try:
    while len(made) < 40:
        child = os.fork()
        if not child:
            signal.pause()
            os._exit(0)
        made.append(child)
except OSError:
    pass

time.sleep(3)
len(made)
"""


async def test_two_servers_of_a_machine_do_not_count_each_others_processes(
    options: SandboxOptions, sandbox: Bubblewrap
) -> None:
    """Each of two runs that fill their bound at the same time has all of it."""
    other = Bubblewrap(replace(options, folder=options.folder.with_name("other")))
    ended = await asyncio.gather(*(one.run(CodeJob(code=FILLED)) for one in (sandbox, other)))
    await other.aclose()
    assert [one.exit for one in ended] == ["ok", "ok"]
    # The program itself counts, and where no user id is its own, what starts it.
    assert min(int(one.value) for one in ended) >= options.limits.processes - 2
