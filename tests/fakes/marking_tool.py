"""A tool of the community whose effect can be counted, and which tells a test when it has had it."""

from __future__ import annotations

import threading
from pathlib import Path

from langchain_core.tools import tool

EFFECTS, TOLD = "effects.txt", "told.fifo"


@tool
def mark(text: str) -> str:
    """Writes a line into a file of the working folder; then it tells of it, and hangs while there is a pipe."""
    with Path(EFFECTS).open("a", encoding="utf-8") as effects:
        effects.write(text + "\n")
    if Path(TOLD).exists():
        Path(TOLD).write_text("done", encoding="utf-8")
        threading.Event().wait()
    return f"marked {text}"
