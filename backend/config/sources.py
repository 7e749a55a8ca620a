"""The places settings come from, with the line each value stood in."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dotenv.parser import parse_stream

from backend.config.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as written, and where; it may be a secret, so it has no readable form."""

    name: str
    value: str
    origin: str

    def __repr__(self) -> str:
        """Leave the value out."""
        return f"Entry({self.name!r}, {self.origin!r})"


@dataclass(frozen=True, slots=True)
class Layer:
    """All values of one place."""

    kind: Literal["file", "environment", "overrides"]
    entries: tuple[Entry, ...]


def read_layers(
    *, env_file: Path, environ: Mapping[str, str], overrides: Mapping[str, str]
) -> tuple[Layer, ...]:
    """Read the three places, the weakest first."""
    return (
        Layer("file", tuple(_read_env_file(env_file))),
        Layer("environment", tuple(Entry(k, v, "environment") for k, v in environ.items())),
        Layer("overrides", tuple(Entry(k, v, "command line") for k, v in overrides.items())),
    )


def as_tree(values: Mapping[str, Entry]) -> dict[str, Any]:
    """Turn `A__B` names into nested lower-case keys; tool options go below `tools.options`."""
    tree: dict[str, Any] = {}
    for name, entry in values.items():
        path = name.lower().split("__")
        if path[0] == "tools" and len(path) > 2:
            path.insert(1, "options")
        branch: Any = tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
            if isinstance(branch, str):
                break
        if isinstance(branch, str) or path[-1] in branch:
            msg = f"{name}: a part of this name has a value of its own; keep one ({entry.origin})"
            raise SettingsError([msg])
        branch[path[-1]] = entry.value
    return tree


def _read_env_file(path: Path) -> Iterable[Entry]:
    """Read NAME=value lines with python-dotenv's grammar; `${...}` is not replaced."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except UnicodeDecodeError as exc:
        msg = f"{path}: it is not UTF-8 text; save it as UTF-8"
        raise SettingsError([msg]) from exc
    except OSError as exc:
        msg = f"{path}: it cannot be read ({exc.strerror}); mend its permissions or remove it"
        raise SettingsError([msg]) from exc
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text)):
        written = binding.original.string
        blank_lines = written[: len(written) - len(written.lstrip())].count("\n")
        line = binding.original.line + blank_lines
        if binding.error or (binding.key and binding.value is None):
            msg = f"{path} line {line}: it cannot be read; write NAME=value"
            raise SettingsError([msg])
        if not binding.key:
            continue
        if binding.key in lines:
            msg = f"{binding.key}: it stands twice in {path}, lines {lines[binding.key]} and {line}; keep one"
            raise SettingsError([msg])
        lines[binding.key] = line
        yield Entry(binding.key, binding.value or "", f"{path} line {line}")
