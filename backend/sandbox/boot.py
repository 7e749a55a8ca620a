"""The program that runs inside the sandbox, as `python -c` with this text: limits, code, results.

It stands alone: nothing of this project can be imported there, and it imports little so that it
starts fast. It shares its interpreter with the code it runs, so the other side believes none of it:
what protects is outside (`bwrap`, `seccomp`, `watchdog`) and the limits set before the code begins.
"""

from __future__ import annotations

import builtins
import marshal
import os
import resource
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing these would take time
    from collections.abc import Callable, Iterator
    from typing import Any

AST_ONLY = 0x400
KINDS = {"hello": b"H", "value": b"V", "error": b"E", "note": b"N", "file": b"F", "end": b"X"}
ERROR_CHARS = 8_000
ENTRIES_SEEN = 5_000
DEEPEST = 5
FRAMES = 12
SLEEP_S = 3_600


class Results:
    """The pipe to the other side; frames are kind, two lengths, name, data."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.write, self.pid, self.leave = os.write, os.getpid, os._exit
        self.owner = os.getpid()
        os.set_inheritable(descriptor, False)

    def leave_if_forked(self) -> None:
        """End a process that the code has forked and that came back here: it has no say."""
        if self.pid() != self.owner:
            flush(sys.stdout, sys.stderr)
            self.leave(0)

    def send(self, kind: str, name: str = "", data: bytes = b"") -> None:
        """Send one frame."""
        self.leave_if_forked()
        title = name.encode("utf-8", "backslashreplace")
        head = KINDS[kind] + len(title).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        left = memoryview(head + title + data)
        while left:
            left = left[self.write(self.descriptor, left) :]

    def text(self, kind: str, name: str, text: str) -> None:
        """Send one frame of text."""
        self.send(kind, name, text.encode("utf-8", "backslashreplace"))


def flush(*streams: Any) -> None:
    """Write out what is buffered, as far as that still works."""
    for stream in streams:
        try:
            stream.flush()
        except Exception:
            continue


class Limits:
    """Numbers from the command line, in the order `bwrap` writes them."""

    def __init__(self, numbers: list[str]) -> None:
        (
            self.cpu_s,
            self.memory,
            self.processes,
            self.open_files,
            self.file_size,
            self.value_chars,
            self.made_files,
            self.made_file_bytes,
            self.made_total_bytes,
        ) = map(int, numbers)

    def impose(self) -> None:
        """Set them hard: nothing in here can raise them again."""
        hard = (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_AS, self.memory),
            (resource.RLIMIT_NPROC, self.processes),
            (resource.RLIMIT_NOFILE, self.open_files),
            (resource.RLIMIT_FSIZE, self.file_size),
            (resource.RLIMIT_MEMLOCK, 0),
            (resource.RLIMIT_MSGQUEUE, 0),
            (resource.RLIMIT_SIGPENDING, 64),
        )
        for which, most in hard:
            resource.setrlimit(which, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_s, self.cpu_s + 1))


class Runner:
    """Runs pieces of code in one namespace, as `__main__`."""

    def __init__(self) -> None:
        self.module = type(sys)("__main__")
        self.sources: dict[str, str] = {}
        sys.modules["__main__"] = self.module
        builtins.exit = builtins.quit = sys.exit

    def run(self, source: str, name: str) -> Any:
        """Run it and give the value of its last expression, None when it ends otherwise."""
        self.sources[name] = source
        tree: Any = compile(source, name, "exec", AST_ONLY, dont_inherit=True)
        last = None
        if tree.body and type(tree.body[-1]).__name__ == "Expr":
            last = tree.body.pop()
        space = self.module.__dict__
        exec(compile(tree, name, "exec", dont_inherit=True), space)
        if last is None:
            return None
        import _ast

        expression: Any = _ast.Expression(body=last.value)
        return eval(compile(expression, name, "eval", dont_inherit=True), space)

    def told(self, error: BaseException) -> str:
        """Write an exception down as the code's author would want to see it: own lines only."""
        import linecache
        import traceback

        for name, source in self.sources.items():
            lines = f"{source}\n".splitlines(
                True
            )  # without the last end of line, marks are one off
            linecache.cache[name] = (len(source), None, lines, name)
        whole = traceback.TracebackException.from_exception(error, compact=True)
        waiting: list[Any] = [whole]
        seen: set[int] = set()
        while waiting:
            one = waiting.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            own = [frame for frame in one.stack if frame.filename in self.sources]
            cut = own if len(own) <= FRAMES else own[:2] + own[-(FRAMES - 2) :]
            one.stack = traceback.StackSummary.from_list(cut)
            waiting += [one.__cause__, one.__context__]
        return "".join(whole.format())


def shown(value: Any, most: int) -> str:
    """Write a value as the interactive interpreter would, tables in full width."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        wide = ("display.width", 200, "display.max_columns", 40, "display.max_rows", 60)
        with pandas.option_context(*wide):
            text = repr(value)
    else:
        text = repr(value)
    if "<matplotlib." in text or text.startswith("<Figure "):
        return ""  # what was drawn is shown as a picture
    return text if len(text) <= most else text[:most] + f"... ({len(text)} characters)"


class Folder:
    """The working folder, and which of its files are new."""

    def __init__(self, inputs: list[str]) -> None:
        self.inputs = set(inputs)
        self.before: dict[str, tuple[int, int, int]] = {}

    def remember(self) -> None:
        """Take what is there now for old."""
        self.before = dict(self.files())

    def files(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        """Walk it without following links: (path, what tells whether it changed)."""
        waiting, seen = [("/box", 0)], 0
        while waiting and seen < ENTRIES_SEEN:
            folder, depth = waiting.pop()
            for entry in sorted(os.scandir(folder), key=lambda one: one.name):
                seen += 1
                if self.passed_over(entry.name, depth):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    yield entry.path, (found.st_ino, found.st_mtime_ns, found.st_size)

    def passed_over(self, name: str, depth: int) -> bool:
        """Tell whether it is hidden, was given, or lies too deep."""
        given = depth == 0 and name in self.inputs
        return given or depth > DEEPEST or name.startswith(".") or name == "__pycache__"

    def made(self) -> list[str]:
        """List new and changed files, oldest first."""
        new = [(mark[1], path) for path, mark in self.files() if self.before.get(path) != mark]
        return [path for _, path in sorted(new)]


def read_regular(path: str, most: int) -> bytes | None:
    """Read a file that is one; None when it is something else or too large."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)
        if found.st_mode & 0o170000 != 0o100000 or found.st_size > most:
            return None
        parts: list[bytes] = []
        left = most + 1
        while left and (part := os.read(descriptor, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts) if left else None
    finally:
        os.close(descriptor)


def send_files(results: Results, folder: Folder, limits: Limits) -> None:
    """Send what the code made, within the limits; say what is left out."""
    count = total = 0
    for path in folder.made():
        name = path[len("/box/") :]
        if count >= limits.made_files:
            results.text("note", "", f"only the first {count} files were kept")
            return
        try:
            data = read_regular(path, limits.made_file_bytes)
        except OSError:
            data = None
        if data is None or total + len(data) > limits.made_total_bytes:
            results.text("note", "", f"the file {name[:100]!r} is too large and was not kept")
            continue
        count, total = count + 1, total + len(data)
        results.send("file", name, data)


def figure_finder(source: str) -> Any:
    """Make what `figures` defines; its text comes with the job, for this is no file to import."""
    space: dict[str, Any] = {"__name__": "steward_figures_finder"}
    exec(compile(source, "<figures>", "exec", dont_inherit=True), space)
    return space["FigureFinder"]()


class Silence:
    """While it lasts, output goes nowhere; also that of C libraries."""

    def __enter__(self) -> None:
        """Put the real descriptors aside."""
        flush(sys.stdout, sys.stderr)
        self.kept = (os.dup(1), os.dup(2))
        nowhere = os.open("/dev/null", os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)

    def __exit__(self, *what: object) -> None:
        """Put them back."""
        flush(sys.stdout, sys.stderr)
        for descriptor, kept in zip((1, 2), self.kept, strict=True):
            os.dup2(kept, descriptor)
            os.close(kept)


class Work:
    """One job from its arrival to its end."""

    def __init__(self, results: Results, limits: Limits, job: dict[str, Any]) -> None:
        self.results = results
        self.limits = limits
        self.code: str = job["code"]
        self.earlier: list[str] = job["earlier"]
        self.runner, self.figures = Runner(), figure_finder(job["figures"])
        self.folder = Folder(job["inputs"])
        sys.meta_path.insert(0, self.figures)

    def replay(self) -> None:
        """Run earlier pieces again, unseen, to bring back what they defined."""
        self.figures.quiet = True
        with Silence():
            for at, source in enumerate(self.earlier, 1):
                try:
                    self.runner.run(source, f"<earlier code {at}>")
                except BaseException as error:
                    what = f"{type(error).__name__}: {error}"
                    text = f"earlier code {at} failed when it was run again: {what}"
                    self.results.text("note", "", text[:500])
            self.figures.finish()
        self.figures.quiet = False
        self.folder.remember()

    def run(self) -> None:
        """Run the code and tell its value; threads that are not daemons are waited for."""
        value = self.runner.run(self.code, "<code>")
        if value is not None:
            self.results.text("value", "", shown(value, self.limits.value_chars))
        threading: Any = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()

    def attempt(self, part: Callable[[], None]) -> str:
        """Do a part; tell and give how it ended."""
        try:
            part()
        except SystemExit as stopped:
            if stopped.code in {None, 0}:
                return "ok"
            self.results.text(
                "error", "exception", f"SystemExit: {str(stopped.code)[:ERROR_CHARS]}"
            )
            return "exception"
        except BaseException as error:
            self.results.leave_if_forked()
            ending = "memory" if isinstance(error, MemoryError) else "exception"
            self.results.text("error", ending, self.error_text(error))
            return ending
        return "ok"

    def error_text(self, error: BaseException) -> str:
        """Write it down, shortened in its middle."""
        try:
            text = self.runner.told(error)
        except BaseException:
            return type(error).__name__
        if len(text) <= ERROR_CHARS:
            return text
        return text[: ERROR_CHARS // 2] + "\n...\n" + text[-ERROR_CHARS // 2 :]

    def carry_out(self) -> None:
        """Everything in its order."""
        streams = (sys.stdout, sys.stderr)
        if self.earlier:
            self.replay()
        ending = self.attempt(self.run)
        self.results.leave_if_forked()
        drawn = self.attempt(self.figures.finish)
        flush(*streams, sys.stdout, sys.stderr)
        send_files(self.results, self.folder, self.limits)
        self.results.send("end", ending if ending != "ok" else drawn)


def main() -> None:
    """Set limits, say hello, take the job, carry it out, wait for the end."""
    results = Results(int(sys.argv[1]))
    limits = Limits(sys.argv[2:])
    limits.impose()
    sleep = time.sleep
    results.send("hello")
    job = marshal.loads(sys.stdin.buffer.read())
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    streams: list[Any] = [sys.stdout, sys.stderr]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")
    sys.argv[:] = ["code.py"]
    sys.path.insert(0, "/box")
    sys.path.append("/sbx/site")
    Work(results, limits, job).carry_out()
    sleep(SLEEP_S)
    results.leave(0)


if __name__ == "__main__":
    main()
