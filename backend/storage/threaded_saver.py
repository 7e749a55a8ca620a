"""LangGraph's synchronous savers, asynchronous by threads of their own: one hop per operation.

Imported by the first agent turn only (`checkpoints`): it brings LangGraph with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar
from zlib import crc32

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from backend.errors import Unavailable

MOST_FORGOTTEN = 1_000
P = ParamSpec("P")
T = TypeVar("T")


def strict_serializer() -> JsonPlusSerializer:
    """Make what takes plain values only: no pickle, no types beyond LangGraph's own."""
    return JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)


class ThreadedSaver(BaseCheckpointSaver[Any]):
    """Runs the synchronous methods of the class beside it; Unavailable when they fail.

    What belongs to one LangGraph thread runs in one thread of ours, one after the other: what was
    written before a thread is forgotten does not come back after it.
    """

    _threads: tuple[ThreadPoolExecutor, ...]
    _forgotten: dict[str, None]
    _troubles: tuple[type[Exception], ...]

    def begin_threads(self, number: int, *, troubles: tuple[type[Exception], ...]) -> None:
        """Make the threads; `troubles` are what the driver raises."""
        self._threads = tuple(
            ThreadPoolExecutor(1, thread_name_prefix="checkpoints") for _ in range(number)
        )
        self._forgotten = {}
        self._troubles = troubles

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Find a thread's newest checkpoint, or the one named."""
        return await self.hop(_thread_id(config), self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the base class's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """List checkpoints, newest first."""

        def listed() -> list[CheckpointTuple]:
            found: Iterator[CheckpointTuple] = self.list(
                config, filter=filter, before=before, limit=limit
            )
            return list(found)

        for one in await self.hop(_thread_id(config), listed):
            yield one

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint."""
        if self._is_late(config):
            return config
        return await self.hop(
            _thread_id(config), self.put, config, checkpoint, metadata, new_versions
        )

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task has written, so that it need not run again."""
        if not self._is_late(config):
            await self.hop(_thread_id(config), self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread for good: a cancelled graph may still write after it has ended."""
        self._forgotten[thread_id] = None
        if len(self._forgotten) > MOST_FORGOTTEN:
            del self._forgotten[next(iter(self._forgotten))]
        await self.hop(thread_id, self.delete_thread, thread_id)

    async def hop(
        self, thread_id: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run something in the thread that a LangGraph thread belongs to."""
        loop = asyncio.get_running_loop()
        thread = self._threads[crc32(thread_id.encode()) % len(self._threads)]
        try:
            return await loop.run_in_executor(thread, lambda: work(*args, **kwargs))
        except self._troubles as exc:
            lines = str(exc).strip().splitlines() or [type(exc).__name__]
            msg = f"The checkpoints cannot be written: {lines[0]}"
            raise Unavailable(msg) from exc

    def end_threads(self) -> None:
        """End the threads after the work under way."""
        for thread in self._threads:
            thread.shutdown()

    def _is_late(self, config: RunnableConfig) -> bool:
        return _thread_id(config) in self._forgotten


def _thread_id(config: RunnableConfig | None) -> str:
    return str((config or {}).get("configurable", {}).get("thread_id", ""))
