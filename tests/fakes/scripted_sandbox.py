"""A sandbox that runs nothing: it gives the outcomes it was told to and remembers the jobs."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.ports.sandbox import CodeJob, CodeOutcome, SandboxReport, SandboxUnavailable


@dataclass(slots=True)
class ScriptedSandbox:
    """Answers with `outcomes` in turn, then with plain success; `broken` says why it is not there."""

    report: SandboxReport = field(
        default_factory=lambda: SandboxReport(kind="full", packages=("numpy", "pandas"))
    )
    outcomes: list[CodeOutcome] = field(default_factory=list[CodeOutcome])
    jobs: list[CodeJob] = field(default_factory=list[CodeJob])
    broken: str = ""

    async def ready(self) -> SandboxReport:
        """Report, or say why not."""
        if self.broken:
            raise SandboxUnavailable(self.broken)
        return self.report

    async def run(self, job: CodeJob) -> CodeOutcome:
        """Remember the job and give the next outcome."""
        await self.ready()
        self.jobs.append(job)
        return self.outcomes.pop(0) if self.outcomes else CodeOutcome(exit="ok", duration_ms=100)

    async def aclose(self) -> None:
        """Nothing runs."""
