"""Groups of settings for what tools work with, such as SANDBOX__TIMEOUT_S.

Not for: options of single tools, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import MIB, Group
from backend.config.values import FolderInPlace


class SandboxSettings(Group):
    """How much Python code of models and users may use, and what it finds."""

    site_dir: FolderInPlace | None = Field(
        default=None,
        description="Folder of the packages code may import; otherwise what `make sandbox` made.",
    )
    timeout_s: float = Field(default=30.0, ge=1, le=3600, description="Longest time of one run.")
    cpu_s: int = Field(
        default=30, ge=1, le=3600, description="Processor time of each process of a run."
    )
    memory_bytes: int = Field(
        default=1024 * MIB,
        ge=256 * MIB,
        le=1_048_576 * MIB,
        description="Memory of all processes of a run together, with the files they write.",
    )
    processes: int = Field(
        default=32, ge=4, le=1024, description="Processes and threads of one run."
    )
    work_bytes: int = Field(
        default=64 * MIB, ge=MIB, description="Size of the working folder of one run."
    )
    work_files: int = Field(
        default=10_000, ge=10, le=1_000_000, description="Files in the working folder of one run."
    )
    output_bytes: int = Field(
        default=64 * 1024, ge=1024, le=64 * MIB, description="Most output of one run."
    )
    input_bytes: int = Field(
        default=200 * MIB, ge=1024, description="Size of the files given to one run."
    )
    input_files: int = Field(default=20, ge=0, le=200, description="Files given to one run.")
    made_files: int = Field(
        default=20, ge=0, le=200, description="Files kept of those that one run makes."
    )
    made_file_bytes: int = Field(
        default=16 * MIB, ge=1024, le=1024 * MIB, description="Largest file kept of one run."
    )
    made_total_bytes: int = Field(
        default=32 * MIB, ge=1024, le=1024 * MIB, description="Size of all files kept of one run."
    )
    concurrent: int = Field(
        default=2, ge=1, le=64, description="Runs at the same time; others wait."
    )
