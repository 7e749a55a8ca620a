"""LangGraph's synchronous savers, asynchronous by threads of their own: at most one hop per operation.

What need not be stored, or is stored by what comes right behind it, makes none. Imported by the first
agent turn only (`checkpoints`): it brings LangGraph with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from zlib import crc32

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from backend.errors import Unavailable

MOST_FORGOTTEN = 1_000
SOON_S = 0.02
P = ParamSpec("P")
T = TypeVar("T")
Place = tuple[str, str]  # a thread, and a checkpoint in it
Put = tuple[RunnableConfig, Checkpoint, CheckpointMetadata, ChannelVersions]


def strict_serializer() -> JsonPlusSerializer:
    """Make what takes plain values only: no pickle, no types beyond LangGraph's own."""
    return JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)


@dataclass(slots=True, eq=False)
class Begun:
    """A graph that begins in a new thread; `stored` tells whether anything of it may be on the disk."""

    stops_only: bool
    stored: bool = False
    last: Put | None = None


class ThreadedSaver(BaseCheckpointSaver[Any]):
    """Runs the synchronous methods of the class beside it; Unavailable when they fail.

    What belongs to one LangGraph thread runs in one thread of ours, one after the other: what was
    written before a thread is forgotten does not come back after it.
    """

    _threads: tuple[ThreadPoolExecutor, ...]
    _forgotten: dict[str, None]
    _begun: dict[str, Begun]
    _coming: dict[Place, asyncio.Future[asyncio.Future[bool]]]
    _troubles: tuple[type[Exception], ...]

    def begin_threads(self, number: int, *, troubles: tuple[type[Exception], ...]) -> None:
        """Make the threads; `troubles` are what the driver raises."""
        self._threads = tuple(
            ThreadPoolExecutor(1, thread_name_prefix="checkpoints") for _ in range(number)
        )
        self._forgotten, self._begun, self._coming = {}, {}, {}
        self._troubles = troubles

    @contextmanager
    def beginning(self, thread_id: str, *, stops_only: bool) -> Generator[Begun]:
        """Run a graph in the block that begins in a thread of which nothing is stored.

        With `stops_only` nothing but where it stops to ask is stored: its last checkpoint waits for what
        is asked, which LangGraph writes behind it, and goes with the block where nothing is.
        """
        begun = self._begun[thread_id] = Begun(stops_only)
        try:
            yield begun
        finally:
            del self._begun[thread_id]

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Find a thread's newest checkpoint, or the one named."""
        begun = self._begun.get(_thread_id(config))
        if begun is not None and not begun.stored:
            return None
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
        """Store a checkpoint, and with it what its step has written."""
        if self._is_late(config):
            return config
        put: Put = (config, checkpoint, metadata, new_versions)
        begun = self._begun.get(_thread_id(config))
        if begun is not None:
            if begun.stops_only and not begun.stored:
                begun.last = put
                return config
            begun.stored = True
        coming = self._coming.pop(_place(config), None)
        if coming is None:
            return await self.hop(_thread_id(config), self.put, *put)
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        coming.set_result(stored)
        try:
            made = await self.hop(_thread_id(config), self.put, *put)
            stored.set_result(True)
        finally:
            if not stored.done():
                stored.set_result(False)
        return made

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task has written, so that it need not run again.

        Not when the checkpoint behind its step comes right after it, as it does where no other task of
        the step is still at work: that holds it all.
        """
        if self._is_late(config):
            return
        begun = self._begun.get(_thread_id(config))
        last: Put | None = None
        if begun is not None:
            last, begun.last, begun.stored = begun.last, None, True
        if last is None and await self._is_overtaken(config, writes):
            return

        def stored() -> None:
            if last is not None:
                self.put(*last)
            self.put_writes(config, writes, task_id, task_path)

        await self.hop(_thread_id(config), stored)

    async def _is_overtaken(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]]
    ) -> bool:
        """Wait a moment for the checkpoint behind a step; tell whether one came and was stored.

        Behind a question, a failure or an answer to a question comes none.
        """
        if any(channel in WRITES_IDX_MAP for channel, _ in writes):
            return False
        place = _place(config)
        coming = self._coming.get(place)
        if coming is None:
            coming = self._coming[place] = asyncio.get_running_loop().create_future()
        await asyncio.wait((coming,), timeout=SOON_S)
        if not coming.done():
            self._coming.pop(place, None)
            return False
        return await coming.result()

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


def _place(config: RunnableConfig) -> Place:
    return _thread_id(config), str(config.get("configurable", {}).get("checkpoint_id", ""))
