"""The inside of a worker process: reads calls, runs one function, writes answers.

Started by `workers.WorkerPool`. Messages are JSON behind a four-byte big-endian length; the first
one is the set-up (`target`, `memory_bytes`, `open_files`, `output_bytes`, `cpu_s`). Not for:
importing elsewhere, and not a wall against hostile code (the sandbox is that).
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn

from backend.kit.own_process import die_with_parent

try:
    import resource
except ImportError:  # not on Windows, which has no such limits
    resource = None

LENGTH = struct.Struct(">I")


def main(parent_pid: int) -> NoReturn:
    """Serve calls until the pipe from the parent ends."""
    die_with_parent(parent_pid)
    calls, answers = _take_the_pipes()
    setup = _read(calls)
    if setup is None:
        sys.exit(0)
    _set_limits(setup)
    try:
        function = _load(setup["target"])
    except MemoryError:
        _write(answers, {"memory": "loading needs more memory than allowed"}, max_bytes=1_000)
        sys.exit(1)
    except (ImportError, AttributeError, OSError) as exc:
        _write(answers, {"broken": str(exc)[:500]}, max_bytes=1_000)
        sys.exit(1)
    _write(answers, {"ok": "ready"}, max_bytes=1_000)
    while (call := _read(calls)) is not None:
        _limit_cpu(setup["cpu_s"])
        answer = _answer(function, call)
        _limit_cpu(0)
        _write(answers, answer, max_bytes=setup["output_bytes"])
    sys.exit(0)


def _answer(function: Callable[[Any], Any], call: object) -> dict[str, Any]:
    try:
        return {"ok": function(call)}
    except MemoryError:
        return {"memory": "the work needs more memory than allowed"}
    except Exception as exc:  # noqa: BLE001 - this is the edge of a process: the parent raises it again
        return {"refused": str(exc), "kind": type(exc).__name__}


def _load(target: str) -> Callable[[Any], Any]:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _take_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the protocol off descriptors 0 and 1, so that nothing printed can reach it."""
    calls = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return calls, answers


def _read(calls: BinaryIO) -> Any:  # noqa: ANN401 - any JSON
    head = calls.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    body = calls.read(size)
    return json.loads(body) if len(body) == size else None


def _write(answers: BinaryIO, answer: dict[str, Any], *, max_bytes: int) -> None:
    try:
        body = json.dumps(answer, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        body = json.dumps({"refused": str(exc)[:500], "kind": "NotJson"}).encode()
    except MemoryError:
        body = b'{"memory": "the answer needs more memory than allowed"}'
    if len(body) > max_bytes:
        said = f"the answer has {len(body)} bytes, more than {max_bytes}"
        body = json.dumps({"refused": said, "kind": "TooLarge"}).encode()
    answers.write(LENGTH.pack(len(body)) + body)
    answers.flush()


def _set_limits(setup: dict[str, Any]) -> None:
    if resource is None:
        return
    bounds = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: setup["open_files"]}
    if sys.platform == "linux":  # macOS refuses to lower its address space
        bounds[resource.RLIMIT_AS] = setup["memory_bytes"]
    for which, bound in bounds.items():
        _, hard = resource.getrlimit(which)
        lower = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (lower, lower))


def _limit_cpu(seconds: float) -> None:
    """Let SIGPROF end the process after so much CPU from here; 0 takes the limit back.

    RLIMIT_CPU would count over all calls of the process.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)
