"""The `TableEngine` of files: bounded child processes, their folders, and what is known of a file.

Not for: what happens inside the child (`child`).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backend.kit.table_answers import Question, Shown
from backend.kit.table_names import name_parts, table_names
from backend.kit.workers import (
    WorkerCrashed,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)
from backend.ports.clock import Clock
from backend.ports.query import (
    Analysis,
    ColumnInfo,
    QueryFailed,
    QueryRefused,
    Rows,
    TableFile,
    TableInfo,
)

logger = logging.getLogger(__name__)
_TARGET = "backend.query.files.child:serve"
_MIB = 1024 * 1024
_BESIDE_BYTES = 1536 * _MIB  # address space of the program itself; only little of it is ever used
_GRACE_S = 5.0
_ROW_BYTES = 1_000_000
_ANSWER_BYTES = 16 * _MIB  # rows, and plans of tables with very many columns
_MOST_PLANS = 500
_OPEN_FILES = 256
_TOO_LATE = "The query took too long and was stopped. Ask for less, or filter first."
Plan = dict[str, Any]
_Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQueryOptions:
    """Bounds of one call; see docs/settings.md for each. `folder` is cleared at the start."""

    folder: Path
    timeout_s: float = 30.0
    memory_bytes: int = 512 * _MIB
    temp_bytes: int = 2048 * _MIB
    view_bytes: int = 16 * _MIB
    threads: int = 2
    processes: int = 2
    idle_s: float = 120.0


class FileTables:
    """Answers each call in a process that sees its files only."""

    def __init__(self, options: FileQueryOptions, *, clock: Clock) -> None:
        self._options = options
        self._folders = _Folders(options.folder)
        self._plans: OrderedDict[_Key, Plan] = OrderedDict()
        limits = WorkerLimits(
            memory_bytes=options.memory_bytes + _BESIDE_BYTES,
            cpu_s=options.timeout_s * options.threads + _GRACE_S,
            wall_s=options.timeout_s + _GRACE_S,
            idle_s=options.idle_s,
            output_bytes=_ANSWER_BYTES + _MIB,
            open_files=_OPEN_FILES,
        )
        self._pool = WorkerPool(_TARGET, clock=clock, size=options.processes, limits=limits)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that run now."""
        return self._pool.pids

    @property
    def remembered(self) -> int:
        """How many files something is known of."""
        return len(self._plans)

    async def forget_erased(self) -> None:
        """Forget what is known of files that are gone: types, and values shown as samples."""
        known = list(self._plans)
        for key in await asyncio.to_thread(_gone, known):
            self._plans.pop(key, None)

    async def schema(self, files: Sequence[TableFile]) -> Sequence[TableInfo]:
        """Describe the tables."""
        known = [self._known(one) for one in files]
        plans = [plan for plan in known if plan is not None]
        if len(plans) < len(files):
            plans = (await self._call(files, {"what": "schema"}))["plans"]
        return _described(files, plans)

    async def query(self, files: Sequence[TableFile], sql: str, *, max_rows: int) -> Rows:
        """Run one SELECT."""
        asked = {"what": "query", "sql": sql, "max_rows": max_rows, "max_bytes": _ROW_BYTES}
        answer = await self._call(files, asked)
        return Rows(
            columns=tuple(ColumnInfo(name=name, type=kind) for name, kind in answer["columns"]),
            rows=tuple(tuple(row) for row in answer["rows"]),
            total=answer["total"],
            truncated=answer["truncated"],
            notes=tuple(answer["notes"]),
        )

    async def analyse(self, file: TableFile, question: Question, *, shown: Shown) -> Analysis:
        """Answer one question about a table."""
        asked = {"what": "analyse", "question": asdict(question), "shown": asdict(shown)}
        answer = await self._call([file], asked)
        return Analysis(text=answer["text"], data=answer["data"])

    async def aclose(self) -> None:
        """End the processes and remove what they left."""
        await self._pool.aclose()
        await asyncio.to_thread(self._folders.sweep)

    async def _call(self, files: Sequence[TableFile], asked: Mapping[str, Any]) -> dict[str, Any]:
        options = self._options
        keys = [_key(one) for one in files]
        async with self._folders.one() as folder:
            call = {
                **asked,
                "files": [
                    {
                        "name": one.name,
                        "path": str(one.path),
                        "kind": one.kind,
                        "plan": self._plans.get(key) if key else None,
                    }
                    for one, key in zip(files, keys, strict=True)
                ],
                "folder": str(folder),
                "memory_bytes": options.memory_bytes,
                "temp_bytes": options.temp_bytes,
                "view_bytes": options.view_bytes,
                "threads": options.threads,
                "seconds": options.timeout_s,
                "cpu_s": options.timeout_s * options.threads + _GRACE_S,
                "answer_bytes": _ANSWER_BYTES,
            }
            answer = await self._served(call, owner=files[0].owner if files else "")
        for file, key, plan in zip(files, keys, answer["plans"], strict=True):
            if key is not None and key == _key(file):  # it may have been erased meanwhile
                self._remember(key, plan)
        return answer

    async def _served(self, call: Mapping[str, Any], *, owner: str) -> dict[str, Any]:
        try:
            return await self._pool.call(call, owner=owner)
        except WorkerTimeout as exc:
            raise QueryFailed(_TOO_LATE) from exc
        except WorkerCrashed as exc:
            logger.info("a query process ended: %s", exc)
            msg = "The query needs more memory than allowed. Ask for less, or filter first."
            raise QueryFailed(msg) from exc
        except WorkerRefused as exc:
            if exc.kind == QueryRefused.__name__:
                raise QueryRefused(str(exc)) from exc
            if exc.kind != QueryFailed.__name__:
                logger.warning("a query failed with %s: %s", exc.kind, exc)
                raise QueryFailed("The query failed.") from exc
            raise QueryFailed(str(exc)) from exc

    def _known(self, file: TableFile) -> Plan | None:
        key = _key(file)
        return self._plans.get(key) if key else None

    def _remember(self, key: _Key, plan: Plan) -> None:
        self._plans[key] = plan
        self._plans.move_to_end(key)
        while len(self._plans) > _MOST_PLANS:
            self._plans.popitem(last=False)


class _Folders:
    """A folder for each running call, below one root that nobody else uses."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._used: set[str] = set()
        self.sweep()

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[Path]:
        """Lend one, and remove it with what is in it.

        Raises:
            QueryFailed: when the disk does not take it.
        """
        name = secrets.token_hex(8)
        folder = self._root / name
        self._used.add(name)
        try:
            _make(folder)
            yield folder
        finally:
            self._used.discard(name)
            # What a query spilt may be large: not on the event loop.
            await asyncio.shield(asyncio.to_thread(self.sweep))

    def sweep(self) -> None:
        """Remove what no running call uses: a process that was just killed may leave some."""
        if not self._root.is_dir():
            return
        for path in self._root.iterdir():
            if path.name not in self._used:
                shutil.rmtree(path, ignore_errors=True)


def _key(file: TableFile) -> _Key | None:
    """Name the bytes of a file as long as they stay the same; None when it is gone."""
    try:
        found = file.path.stat()
    except OSError:
        return None
    return (str(file.path), file.kind, found.st_size, found.st_mtime_ns)


def _gone(keys: Sequence[_Key]) -> list[_Key]:
    return [key for key in keys if not Path(key[0]).exists()]


def _described(files: Sequence[TableFile], plans: Sequence[Plan]) -> list[TableInfo]:
    tables = [
        (file, plan) for file, known in zip(files, plans, strict=True) for plan in known["tables"]
    ]
    names = table_names(name_parts(file.name, plan["part"]) for file, plan in tables)
    return [
        TableInfo(
            name=name,
            source=f"{file.name}, {plan['part']}" if plan["part"] else file.name,
            columns=tuple(
                ColumnInfo(name=one["name"], type=one["type"], samples=tuple(one["samples"]))
                for one in plan["columns"]
            ),
            rows=plan["rows"],
            notes=tuple(plan["notes"]),
        )
        for name, (file, plan) in zip(names, tables, strict=True)
    ]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as exc:
        msg = f"This server cannot make the folder a query needs ({exc.strerror})."
        raise QueryFailed(msg) from exc
