"""What an examination of the installation found; `doctor` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `fix` says what to do unless the state is `ok`."""

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""
