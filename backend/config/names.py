"""Which names are settings, which stop the start, and which only look misspelt."""

from __future__ import annotations

from collections.abc import Iterable

from backend.config.errors import SettingsError
from backend.config.nearest import nearest
from backend.config.sources import Entry, Layer

STRICT_PREFIXES = (
    "SERVER_",
    "AUTH__",
    "MODELS__",
    "AGENT__",
    "QUERY__",
    "STORAGE__",
    "DATABASE__",
    "LOG__",
    "SANDBOX__",
    "TOOLS__",
    "UPSTREAM_OPENAI_",
    "ANSWER_CACHE__",
    "CREDENTIALS__",
)
"""An unknown name that starts so stops the start, in the environment too."""

OLLAMA_OWN = frozenset(
    f"OLLAMA_{name}"
    for name in [
        "AUTH",
        "CONTEXT_LENGTH",
        "DEBUG",
        "DEBUG_LOG_REQUESTS",
        "EDITOR",
        "FLASH_ATTENTION",
        "GPU_OVERHEAD",
        "INTEL_GPU",
        "KEEP_ALIVE",
        "KV_CACHE_TYPE",
        "LIBRARY_PATH",
        "LLM_LIBRARY",
        "LOAD_TIMEOUT",
        "MAX_LOADED_MODELS",
        "MAX_QUEUE",
        "MAX_TRANSFER_STREAMS",
        "MAX_VRAM",
        "MODELS",
        "MULTIUSER_CACHE",
        "NEW_ENGINE",
        "NO_CLOUD",
        "NOHISTORY",
        "NOPRUNE",
        "NUM_PARALLEL",
        "ORIGINS",
        "REMOTES",
        "RUNNERS_DIR",
        "SCHED_SPREAD",
        "TMPDIR",
        "VULKAN",
    ]
)
"""Variables of Ollama itself.

Source: https://github.com/ollama/ollama/blob/main/envconfig/config.go
"""

_STOP_WITHIN = 4
_WARN_WITHIN = 2


def check_names(layers: Iterable[Layer], *, known: frozenset[str]) -> tuple[str, ...]:
    """Refuse unknown names where names must be ours; return warnings for near misses elsewhere.

    Raises:
        SettingsError: with one line per unknown name.
    """
    problems: list[str] = []
    warnings: list[str] = []
    for layer in layers:
        for entry in layer.entries:
            if entry.name in known or _is_tool_option(entry.name):
                continue
            if layer.kind != "environment" or _must_be_ours(entry.name, known):
                problems.append(_unknown(entry, known))
            elif meant := _near_miss(entry.name, known):
                warnings.append(f"{entry.name} in the environment is unused: meant {meant}?")
    if problems:
        raise SettingsError(problems)
    return tuple(warnings)


def _is_tool_option(name: str) -> bool:
    """Tell a name of the shape TOOLS__<NAME>__<FIELD>; whether it exists is the tool's to say."""
    parts = name.split("__")
    return (
        name == name.upper()
        and parts[0] == "TOOLS"
        and parts[1:2] != ["DISABLED"]
        and len(parts) >= 3
        and all(parts)
    )


def _must_be_ours(name: str, known: frozenset[str]) -> bool:
    capitals = name.upper()
    if capitals.startswith("OLLAMA_"):
        return _near_miss(capitals, known) is not None
    return capitals.startswith(STRICT_PREFIXES)


def _near_miss(name: str, known: frozenset[str]) -> str | None:
    return None if name in OLLAMA_OWN else nearest(name, known, within=_WARN_WITHIN)


def _unknown(entry: Entry, known: frozenset[str]) -> str:
    name, capitals = entry.name, entry.name.upper()
    if capitals in OLLAMA_OWN:
        fix = "it belongs to Ollama itself, set it where Ollama is started"
    elif meant := nearest(capitals, known, within=_STOP_WITHIN):
        fix = f"did you mean {meant}?"
    elif capitals.startswith("TOOLS__"):
        fix = "write TOOLS__<TOOL>__<OPTION> or TOOLS__DISABLED, in capitals"
    else:
        fix = "remove it, or look for its name in docs/settings.md"
    return f"{name}: there is no such setting; {fix} ({entry.origin})"
