"""One LangChain tool behind the tool port: called in a thread of its own, its failures in words.

Time, budget and audit are the toolbox's. Nothing in arguments or results is ever revived as an
object. Not for: importing it (`loading`) or its arguments (`arguments`).
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, ValidationError

from backend.community.loading import faults, short
from backend.community.options import CommunityImport
from backend.errors import ToolFailed, ToolRetry
from backend.kit.json_values import dump_json
from backend.kit.side_threads import SideThreads
from backend.kit.waiting import SlotsFull
from backend.ports.tools import ToolContext, ToolResult

_MAX_TEXT_CHARS = 400_000
_NO_CALLBACKS: dict[str, Any] = {"callbacks": []}


class CommunityTool:
    """Calls the tool with what the model gave, and words what comes of it."""

    def __init__(self, tool: BaseTool, entry: CommunityImport, threads: SideThreads) -> None:
        self._tool = tool
        self._entry = entry
        self._threads = threads

    async def run(self, args: BaseModel, context: ToolContext) -> ToolResult:  # noqa: ARG002 - the port's signature
        """Call it; ToolRetry when it says that the arguments are wrong, ToolFailed otherwise."""
        call = _Call(self._tool, args.model_dump(by_alias=True, exclude_unset=True))
        try:
            text = await self._threads.run(call.text)
        except asyncio.CancelledError:
            call.cancel()
            raise
        except SlotsFull as exc:
            raise ToolFailed(self._full()) from exc
        except ValidationError as exc:
            msg = f"the arguments are not valid: {faults(exc)}"
            raise ToolRetry(msg) from exc
        except ToolException as exc:
            raise ToolRetry(short(exc, self._entry)) from exc
        except Exception as exc:  # a stranger's code may raise anything
            raise ToolFailed(short(exc, self._entry)) from exc
        return ToolResult(text=text)

    def _full(self) -> str:
        hanging = self._threads.abandoned
        why = f"{hanging} earlier calls hang; tell the administrator" if hanging else "try later"
        return f"every place for tools of the community is taken: {why}"


class _Call:
    """One call, made in a thread; one that only exists as a coroutine gets a loop of its own there."""

    def __init__(self, tool: BaseTool, given: dict[str, Any]) -> None:
        self._tool = tool
        self._given = given
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def text(self) -> str:
        """Make the call and give its result as text."""
        if _only_async(self._tool):
            return as_text(asyncio.run(self._awaited()))
        try:
            return as_text(self._tool.invoke(self._given, cast("Any", _NO_CALLBACKS)))
        except NotImplementedError:
            return as_text(asyncio.run(self._awaited()))

    def cancel(self) -> None:
        """Cancel a coroutine that runs; a function that runs cannot be ended."""
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def _awaited(self) -> Any:  # noqa: ANN401 - whatever the tool gives
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        return await self._tool.ainvoke(self._given, cast("Any", _NO_CALLBACKS))


def as_text(result: object) -> str:
    """Write a result as text: content blocks by their text, other values as JSON."""
    if isinstance(result, str):
        return result[:_MAX_TEXT_CHARS]
    content = getattr(result, "content", None)  # a message
    if isinstance(content, str):
        return content[:_MAX_TEXT_CHARS]
    blocks = _block_texts(result)
    return ("\n".join(blocks) if blocks else dump_json(result))[:_MAX_TEXT_CHARS]


def _block_texts(result: object) -> list[str]:
    found: list[str] = []
    for one in cast("list[object]", result) if isinstance(result, list) else []:
        block = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        if block.get("type") != "text" or not isinstance(block.get("text"), str):
            return []
        found.append(block["text"])
    return found


def _only_async(tool: BaseTool) -> bool:
    return getattr(tool, "coroutine", None) is not None and getattr(tool, "func", None) is None
