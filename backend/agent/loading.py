"""Load the agents with the first turn that needs one: LangGraph costs 40 MiB and about a second."""

from __future__ import annotations

import asyncio
import gc
import importlib
from types import ModuleType


class AgentModules:
    """Imports `backend.agent.<name>` off the event loop, each once.

    One at a time: `sys.modules` already lists a module that another thread still imports.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, ModuleType] = {}
        self._importing = asyncio.Lock()

    async def load(self, name: str) -> ModuleType:
        """Give an agent's module."""
        async with self._importing:
            if name not in self._loaded:
                path = f"backend.agent.{name}"
                self._loaded[name] = await asyncio.to_thread(importlib.import_module, path)
                gc.freeze()  # what was imported stays: full collections need not look at it
        return self._loaded[name]
