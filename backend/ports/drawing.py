"""Draws charts over the sandbox port: the data is a stranger's, and matplotlib is not the server's."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import ToolFailed
from backend.kit.charts import DATA_NAME, PICTURE_NAME, Chart
from backend.kit.plain_text import one_line
from backend.ports.sandbox import (
    CodeJob,
    InputFile,
    MadeFile,
    Sandbox,
    SandboxUnavailable,
)

_NEEDED = "matplotlib"
_MARK = b"\x89PNG\r\n\x1a\n"


async def draw(sandbox: Sandbox | None, chart: Chart, *, owner: str) -> MadeFile:
    """Draw a chart as PNG.

    Raises:
        ToolFailed: where there is no sandbox with matplotlib, or it did not finish.
    """
    if sandbox is None:
        raise ToolFailed("charts are off: this server has no sandbox to draw them in")
    try:
        report = await sandbox.ready()
        if report.kind != "full" or _NEEDED not in report.packages:
            msg = f"charts are off: the sandbox of this server has no matplotlib ({report.detail})"
            raise ToolFailed(msg)
        with _in_memory(chart.data()) as path:
            given = InputFile(name=DATA_NAME, path=path)
            outcome = await sandbox.run(CodeJob(code=chart.program(), owner=owner, files=(given,)))
    except SandboxUnavailable as exc:
        msg = f"charts are off: {exc}"
        raise ToolFailed(msg) from exc
    for made in outcome.files:
        if made.name == PICTURE_NAME and made.data.startswith(_MARK):
            return made
    reason = one_line(outcome.error.rpartition("\n")[2] or outcome.error, max_chars=200)
    msg = f"the chart could not be drawn ({outcome.exit}): {reason or 'no picture came of it'}"
    raise ToolFailed(msg)


@contextmanager
def _in_memory(data: bytes) -> Generator[Path]:
    """Lend a file that a server which dies leaves nowhere; a full sandbox has Linux below it."""
    descriptor = os.memfd_create(DATA_NAME, os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        yield Path(f"/proc/self/fd/{descriptor}")
