"""Runs one piece of work in a fork of a worker process, so that nothing of it stays for the next.

For targets of `workers.WorkerPool` that load slowly or must give up rights for one call only. The
fork is in the worker's process group and dies with it. Not for: processes with threads that work.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn

from backend.kit.own_process import die_with_parent

CAN_FORK = hasattr(os, "fork")
_KEPT = 3  # descriptors 0 to 2 lead nowhere in a worker


class ForkDied(Exception):
    """The fork ended without an answer; `signal` is what ended it, 0 for nothing."""

    def __init__(self, number: int) -> None:
        self.signal = number
        super().__init__(f"ended by signal {number}" if number else "it ended without an answer")


class ForkFailed(Exception):
    """The work raised; `kind` names the class of the exception."""

    def __init__(self, message: str, *, kind: str) -> None:
        self.kind = kind
        super().__init__(message)


def in_fork(work: Callable[[], Any], *, cpu_s: float, answer_bytes: int) -> Any:  # noqa: ANN401 - any JSON
    """Run it there and give its JSON value, or here on a system that cannot fork.

    Raises:
        ForkFailed: it raised, or its answer has more than `answer_bytes` bytes.
        ForkDied: it died; SIGPROF means that its CPU time was over.
    """
    if not CAN_FORK:
        answer = _outcome(work, answer_bytes)
    else:
        parent = os.getpid()
        receiving, sending = os.pipe()
        child = os.fork()
        if child == 0:
            _inside(work, sending, parent=parent, cpu_s=cpu_s, answer_bytes=answer_bytes)
        os.close(sending)
        with os.fdopen(receiving, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        if not answer:
            raise ForkDied(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
    found = json.loads(answer)
    if "failed" in found:
        raise ForkFailed(found["failed"], kind=found["kind"])
    return found["ok"]


def _inside(
    work: Callable[[], Any], sending: int, *, parent: int, cpu_s: float, answer_bytes: int
) -> NoReturn:
    """Be the fork: whatever happens, end here."""
    try:
        die_with_parent(parent)
        os.dup2(sending, _KEPT)
        os.closerange(_KEPT + 1, os.sysconf("SC_OPEN_MAX"))
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_PROF, cpu_s)
        with os.fdopen(_KEPT, "wb") as pipe:
            _send(pipe, _outcome(work, answer_bytes))
    finally:
        os._exit(0)


def _send(pipe: BinaryIO, answer: bytes) -> None:
    pipe.write(answer)
    pipe.flush()


def _outcome(work: Callable[[], Any], answer_bytes: int) -> bytes:
    try:
        answer = json.dumps({"ok": work()}, allow_nan=False).encode()
    except Exception as exc:  # noqa: BLE001 - the edge of a process: the other side raises it again
        answer = json.dumps({"failed": str(exc)[:5_000], "kind": type(exc).__name__}).encode()
    if len(answer) > answer_bytes:
        said = f"the answer has more than {answer_bytes} bytes"
        return json.dumps({"failed": said, "kind": "TooLarge"}).encode()
    return answer
