"""The servers people compare Steward with, beside it: the same double, the same load, the same run.

    RIVAL_LITELLM=VENV RIVAL_OGX=VENV RIVAL_OPEN_WEBUI=VENV python benchmarks/rivals.py

Each variable names a virtual environment that has the rival, installed by whoever measures; where one is
not set its rows are left out and the report says so. What is measured stands in serving.py, how a rival is
set up in rival_servers.py. A load that takes a rival more than three minutes is ended there, and streams
not finished by then count as errors, like those that miss a token.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.processes import Server
from benchmarks.rival_servers import MARK, MOST_S, Place, litellm, ogx, open_webui
from benchmarks.serving import (
    FEW_RATE,
    MANY_RATE,
    MANY_STREAMS,
    MANY_TOKENS,
    Door,
    Row,
    double,
    many,
    measure,
    steward,
)

Running = Callable[[str], AbstractContextManager[tuple[Server, Door]]]

HEAD = (
    "server",
    "CPU us/token",
    "CPU ms/request",
    "first token p50 ms",
    "p99 ms",
    "start s",
    "idle MiB",
    "500 streams: tokens/s",
    "errors",
    "first token p99 ms",
    "a request includes",
)


@dataclass(frozen=True, slots=True)
class Rival:
    """One rival in one configuration; `distribution` is its name on PyPI."""

    name: str
    variable: str
    distribution: str
    includes: str
    running: Callable[[Place], AbstractContextManager[tuple[Server, Door]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table; `failed` says why there are no figures."""

    name: str
    includes: str
    row: Row | None = None
    many_first_p99_ms: float | None = None
    failed: str = ""


RIVALS = (
    Rival(
        "litellm proxy, `ollama_chat`",
        "RIVAL_LITELLM",
        "litellm",
        "master key, choice of a deployment; nothing is stored",
        partial(litellm, provider="ollama_chat"),
    ),
    Rival(
        "litellm proxy, `openai` on Ollama's /v1",
        "RIVAL_LITELLM",
        "litellm",
        "master key, choice of a deployment; nothing is stored",
        partial(litellm, provider="openai"),
    ),
    Rival(
        "OGX, starter's stores",
        "RIVAL_OGX",
        "ogx",
        "API key from the configuration, the chat stored in SQLite",
        ogx,
    ),
    Rival(
        "Open WebUI",
        "RIVAL_OPEN_WEBUI",
        "open-webui",
        "user's API key, access to the model, filters; a chat over the API is not stored",
        open_webui,
    ),
)
OURS = "user's API key, routing to an agent mode, limits and usage, the turn stored in SQLite"


def version_of(venv: Path, distribution: str) -> str:
    """Read an installed version from the name of its metadata folder; empty when it is not there."""
    wanted = re.sub(r"[-_.]+", "_", distribution).lower()
    for path in sorted(venv.glob("lib/python*/site-packages/*.dist-info")):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        if re.sub(r"[-_.]+", "_", name).lower() == wanted:
            return version
    return ""


def installed(rival: Rival, environment: Mapping[str, str]) -> tuple[Path | None, str]:
    """Find where a rival is installed and its version, or say why it is left out."""
    given = environment.get(rival.variable, "")
    if not given:
        return None, f"{rival.variable} is not set"
    venv = Path(given).absolute()
    version = version_of(venv, rival.distribution)
    return (venv, version) if version else (None, f"{venv} does not have {rival.distribution}")


@contextmanager
def ours(upstream: str) -> Iterator[tuple[Server, Door]]:
    """Run Steward, and count its tokens as a rival's are counted."""
    with steward(upstream) as (server, key):
        own = Door.of(server, key)
        yield server, replace(own, mark=MARK, expected=True, within_s=MOST_S)


@contextmanager
def theirs(rival: Rival, venv: Path, upstream: str) -> Iterator[tuple[Server, Door]]:
    """Run a rival in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        rival.running(Place(venv, Path(folder), upstream)) as running,
    ):
        yield running


def measured(name: str, includes: str, running: Running) -> Measured:
    """Measure one server with few streams and with many, or tell what went wrong."""
    try:
        with double(rate=FEW_RATE) as upstream, running(upstream.url) as (server, door):
            row = measure(name, server, door, Door.behind(upstream))
        with double(rate=MANY_RATE) as upstream, running(upstream.url) as (_, door):
            seen = many(door)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return Measured(name, includes, failed=str(error)[:300])
    row = replace(row, many_tokens_per_s=seen["tokens_per_s"], many_errors=seen["errors"])
    if seen["first_error"]:
        sys.stderr.write(f"{name}: {seen['first_error']}\n")
    return Measured(name, includes, row=row, many_first_p99_ms=seen["first_p99_ms"])


def line(one: Measured) -> str:
    """Write one line of the table."""
    if one.row is None:
        return f"| {one.name} |{' |' * (len(HEAD) - 2)} failed: {_cell(one.failed)} |"
    row = one.row
    values = (
        one.name,
        row.cpu_us_per_token,
        row.cpu_ms_per_request,
        row.first_token_p50_ms,
        row.first_token_p99_ms,
        row.cold_start_s,
        row.idle_mib,
        row.many_tokens_per_s,
        row.many_errors,
        one.many_first_p99_ms,
        one.includes,
    )
    return "| " + " | ".join("" if value is None else _cell(str(value)) for value in values) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def report() -> Iterator[str]:
    """Measure Steward and every rival that is installed; one line at a time."""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    yield line(measured("Steward, chat (routed)", OURS, ours))
    left_out: list[str] = []
    for rival in RIVALS:
        venv, found = installed(rival, os.environ)
        if venv is None:
            left_out.append(f"* left out: {rival.name}: {found}")
            continue
        running = partial(theirs, rival, venv)
        yield line(measured(f"{rival.name} {found}", rival.includes, running))
    yield from ["", *left_out] if left_out else []
    yield (
        f"\nOf {MANY_STREAMS} streams of {MANY_TOKENS} tokens, opened within 2 s, at most "
        f"{MANY_STREAMS * MANY_TOKENS // (2 + MANY_TOKENS // MANY_RATE):,} tokens/s can be carried. "
        f"A load is ended after {MOST_S} s."
    )


def main() -> None:
    """Print the lines as they come."""
    for text in report():
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        sys.stderr.write(text[:120] + "\n")


if __name__ == "__main__":
    main()
