"""What came of code, in words for a model and as data for a client, over the sandbox port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backend.ports.sandbox import CodeOutcome, SandboxReport
from backend.ports.values import JsonObject

_QUIET = "It ran and showed nothing. Print what you want to see."
_ONLY_FILES = "It ran and made files."
_LIMITED: Final = (
    "Limited Python: no packages but a small standard library, no yield, no files or figures made. "
    "Runs Python and gives what it prints and the value of its last line. Use it for small programs. "
)
_ALONE: Final = (
    "Runs Python and gives what it prints, the value of its last line, and the files it makes. It has "
    "the standard library alone: no pandas, no charts. Use it for programs and simulations. "
)
_PLAINLY: Final = (
    "There is no network. The user's files that are named in files, or in full in the code, lie in its "
    'working folder: {"code": "len(open(\'notes.txt\').read().split())"}. Every call starts anew; '
    '"keep": true goes on with what earlier calls defined.'
)


def described(report: SandboxReport, *, full: str, known: Sequence[str]) -> str:
    """Describe the Python there is, so that no package, file or figure is promised that cannot be had.

    `full` describes the one with packages, of which the `known` are named.
    """
    if report.kind == "limited":
        return _LIMITED + _PLAINLY
    at_hand = ", ".join(one for one in known if one in report.packages)
    return f"{full} At hand: {at_hand}." if at_hand else _ALONE + _PLAINLY


def told(outcome: CodeOutcome) -> str:
    """Word an outcome for a model: output, value, error with its kind, notes."""
    parts = [outcome.stdout.rstrip()]
    if outcome.stderr.strip():
        parts.append(f"stderr:\n{outcome.stderr.strip()}")
    if outcome.value:
        between = "\n" if "\n" in outcome.value else " "
        parts.append(f"Value:{between}{outcome.value}")
    if outcome.exit != "ok":
        parts.append(f"Error ({outcome.exit}):\n{outcome.error.strip()}")
    said = "\n".join(one for one in parts if one) or (_ONLY_FILES if outcome.files else _QUIET)
    return "\n".join([said, *(f"Note: {one}" for one in outcome.notes)])


def as_data(outcome: CodeOutcome) -> JsonObject:
    """Give everything but the files."""
    return {
        "exit": outcome.exit,
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "value": outcome.value,
        "error": outcome.error,
        "duration_ms": outcome.duration_ms,
    }
