"""What came of code, in words for a model and as data for a client, over the sandbox port."""

from __future__ import annotations

from backend.ports.sandbox import CodeOutcome
from backend.ports.values import JsonObject

_QUIET = "It ran and showed nothing. Print what you want to see."
_ONLY_FILES = "It ran and made files."


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
