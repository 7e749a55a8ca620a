"""How much code in the sandbox may use, and where the sandbox keeps its things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Bounds of one run. `memory_bytes` is the total of all its processes and of what they wrote."""

    timeout_s: float = 30.0
    cpu_s: int = 30
    start_s: float = 20.0
    memory_bytes: int = 1024 * MIB
    processes: int = 32
    open_files: int = 64
    work_bytes: int = 64 * MIB
    work_files: int = 10_000
    temp_bytes: int = 32 * MIB
    output_bytes: int = 64 * 1024
    value_chars: int = 20_000
    input_bytes: int = 200 * MIB
    input_files: int = 20
    made_files: int = 20
    made_file_bytes: int = 16 * MIB
    made_total_bytes: int = 32 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """Where things lie, and the bounds. `site_dir` holds the libraries that code may import."""

    folder: Path
    site_dir: Path | None = None
    concurrent: int = 2
    limits: RunLimits = RunLimits()
