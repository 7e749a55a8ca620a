"""One call of the data tool, as short as a test wants it."""

from __future__ import annotations

import asyncio
from typing import Any

from backend.kit.http import HttpClient
from backend.ports.tools import Services, ToolContext, ToolResult
from backend.tools import data_analysis
from tests.fakes.instant_clock import InstantClock

CONTEXT = ToolContext(user_id="u1")


def ask(*, options: dict[str, Any] | None = None, **args: Any) -> ToolResult:
    services = Services(http=HttpClient(), clock=InstantClock())
    tool = data_analysis.build(data_analysis.Options(**(options or {})), services)
    return asyncio.run(tool.run(data_analysis.Args.model_validate(args), CONTEXT))
