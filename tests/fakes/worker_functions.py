"""Functions that a worker process is made to run in tests: obedient, hanging, greedy, dying."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Picky(ValueError):
    """An exception of the function's own."""


def act(order: dict[str, Any]) -> Any:
    """Do what the order names."""
    return _ACTS[order["do"]](order)


def _echo(order: dict[str, Any]) -> Any:
    return {"said": order.get("say"), "pid": os.getpid()}


def _spin(_: dict[str, Any]) -> Any:
    while True:
        pass


def _hang(order: dict[str, Any]) -> Any:
    if mark := order.get("mark"):
        pid = os.getpid()
        if order.get("with_child"):
            pid = subprocess.Popen(["/bin/sleep", "1000"]).pid
        Path(mark).write_text(str(pid))
    while True:
        time.sleep(1_000)


def _hog(_: dict[str, Any]) -> Any:
    kept = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def _die(order: dict[str, Any]) -> Any:
    if "signal" in order:
        os.kill(os.getpid(), order["signal"])
    os._exit(order.get("code", 7))


def _litter(_: dict[str, Any]) -> Any:
    sys.stdout.write("x" * 100_000)
    sys.stderr.write("y")
    os.write(1, b"\xff\xff\xff\xffgarbage")
    sys.stdout.flush()
    return "clean"


def _refuse(_: dict[str, Any]) -> Any:
    raise Picky("not with me")


def _flood(order: dict[str, Any]) -> Any:
    return "z" * order["size"]


def _strange(_: dict[str, Any]) -> Any:
    return object()


def _surroundings(_: dict[str, Any]) -> Any:
    names = sorted(os.environ)  # noqa: TID251 - the test looks at what a worker inherits
    return {"environment": names, "folder": str(Path.cwd()), "stdin": sys.stdin.read()}


_ACTS = {
    "echo": _echo,
    "spin": _spin,
    "hang": _hang,
    "hog": _hog,
    "die": _die,
    "litter": _litter,
    "refuse": _refuse,
    "flood": _flood,
    "strange": _strange,
    "surroundings": _surroundings,
}


def calculate(request: dict[str, Any]) -> Any:
    """Stand in for the calculator: the expression names what goes wrong."""
    return _ACTS[request["expression"]](request)
