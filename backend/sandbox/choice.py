"""Chooses how code is run here: bubblewrap, else limited Python, else not at all.

Never a plain process of this machine: that would be no sandbox.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Protocol

from backend.kit.log_context import start_unbound
from backend.ports.sandbox import CodeJob, CodeOutcome, SandboxReport, SandboxUnavailable
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.limits import SandboxOptions
from backend.sandbox.mending import mend
from backend.sandbox.monty import Monty
from backend.sandbox.selftest import test_walls

logger = logging.getLogger(__name__)


class _Way(Protocol):
    async def run(self, job: CodeJob) -> CodeOutcome: ...

    async def aclose(self) -> None: ...


class ChosenSandbox:
    """The sandbox of a server. The first `ready` or `run` tests what there is; nothing runs before."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._way: _Way | None = None
        self._testing: asyncio.Task[SandboxReport] | None = None

    async def ready(self) -> SandboxReport:
        """Wait for the self-test, which runs once, however many wait and whoever stops waiting.

        Raises:
            SandboxUnavailable: when neither way holds here; the message says why and what mends it.
        """
        if self._testing is None:
            self._testing = start_unbound(self._choose())
        return await asyncio.shield(self._testing)

    async def run(self, job: CodeJob) -> CodeOutcome:
        """Run it the chosen way.

        Raises:
            SandboxUnavailable: as `ready`, or when the wall could not be put up this time.
        """
        await self.ready()
        assert self._way is not None
        return await self._way.run(job)

    async def aclose(self) -> None:
        """End everything that still runs."""
        if self._testing is not None:
            self._testing.cancel()
            await asyncio.wait({self._testing})
            if not self._testing.cancelled():
                self._testing.exception()
        if self._way is not None:
            await self._way.aclose()

    async def _choose(self) -> SandboxReport:
        try:
            return await self._full()
        except (SandboxUnavailable, OSError) as exc:
            reason = mend(str(exc))
            logger.warning("full Python is off: %s", reason)
        try:
            report = await self._limited()
        except (SandboxUnavailable, ImportError, OSError) as exc:
            msg = f"{reason}; and limited Python is no way out: {exc}"
            raise SandboxUnavailable(reason if str(exc) == reason else msg) from exc
        return replace(report, detail=f"{report.detail}. Full Python is off: {reason}")

    async def _limited(self) -> SandboxReport:
        limited = Monty(self._options)
        try:
            report = await limited.ready()
        except BaseException:
            await limited.aclose()
            raise
        self._way = limited
        return report

    async def _full(self) -> SandboxReport:
        full = Bubblewrap(self._options)
        try:
            report = await test_walls(full)
        except BaseException:
            await full.aclose()
            raise
        self._way = full
        return report
