"""Wire shapes of `/ready`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel

from backend.ports.values import Health


class CheckOut(BaseModel):
    """How one dependency is; `detail` says why, `fix` how to mend it.

    `off` was switched off on purpose, `checking` still tries itself, `limited` does a part of what it could.
    """

    ok: bool
    state: Literal["ok", "off", "checking", "limited", "failing"]
    detail: str
    fix: str

    @classmethod
    def of(cls, found: Health) -> Self:
        """Render what was found."""
        state = found.state or ("ok" if found.ok else "failing")
        return cls(ok=found.ok, state=state, detail=found.detail, fix=found.fix)


class ReadyOut(BaseModel):
    """Whether the server can answer, and how each dependency is."""

    status: Literal["ready", "not ready"]
    checks: dict[str, CheckOut]
