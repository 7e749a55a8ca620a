"""A user's files with their bytes on disk, and a sandbox that runs our own programs only."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.ports.documents import File
from backend.ports.sandbox import CodeJob, CodeOutcome, MadeFile, SandboxReport
from tests.fakes.found_documents import FoundDocuments
from tests.fakes.processes import ROOT

SITE = ROOT / ".sandbox" / "site"


@dataclass(slots=True)
class KeptFiles(FoundDocuments):
    """Files lie in `folder`; `kinds` says as what each was read, nothing for one that failed."""

    folder: Path = Path()
    kinds: dict[str, str] = field(default_factory=dict[str, str])

    def keep(self, user_id: str, name: str, content: bytes, *, kind: str = "") -> None:
        """Give a user a file."""
        self.give(user_id, {name: ""})
        self.kinds[name] = kind
        (self.folder / f"{user_id}-{len(self.texts[user_id]) - 1}").write_bytes(content)

    def files(self, user_id: str) -> list[File]:
        """List a user's files with their kinds."""
        return [
            replace(one, document=replace(one.document, kind=self.kinds[one.filename]))
            for one in FoundDocuments.files(self, user_id)
        ]

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        """Give a file with where it lies."""
        file = await self.get(user_id, file_id)
        return None if file is None else (file, self.folder / file_id.removeprefix("file-"))


@dataclass(slots=True)
class TrustingSandbox:
    """Runs code in a plain process: for programs that this repository wrote, never for others."""

    report: SandboxReport = field(
        default_factory=lambda: SandboxReport(kind="full", packages=("matplotlib",))
    )
    jobs: list[CodeJob] = field(default_factory=list[CodeJob])

    async def ready(self) -> SandboxReport:
        return self.report

    async def run(self, job: CodeJob) -> CodeOutcome:
        self.jobs.append(job)
        return await asyncio.to_thread(self._run, job)

    async def aclose(self) -> None:
        return None

    def _run(self, job: CodeJob) -> CodeOutcome:
        with TemporaryDirectory() as name:
            folder = Path(name)
            for given in job.files:
                (folder / given.name).write_bytes(given.path.read_bytes())
            ran = subprocess.run(
                [sys.executable, "-c", job.code],
                cwd=folder,
                env={"PYTHONPATH": str(SITE), "MPLCONFIGDIR": name, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            made = tuple(
                MadeFile(name=one.name, data=one.read_bytes()) for one in folder.glob("*.png")
            )
        if ran.returncode:
            return CodeOutcome(exit="exception", error=ran.stderr, files=made)
        return CodeOutcome(exit="ok", files=made)
