"""Run every benchmark and print one report in Markdown; `make bench` calls this.

    python benchmarks/run.py [--only router,parser,embedding,retrieval,ingest,sessions,export,replicas,tools,conformance,
                             page,serving,rivals] [--write]

`--write` puts the report into docs/benchmarks.md between its markers; of some parts alone, into their sections. Routing quality is measured
on BENCH_DATA_DIR when that is given, otherwise on the small set in tests/fixtures, and says which. Rivals are
measured where RIVAL_LITELLM, RIVAL_OGX and RIVAL_OPEN_WEBUI name virtual environments that have them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BEGIN, END = "<!-- benchmarks begin -->", "<!-- benchmarks end -->"
COLUMNS = {
    "name": "server",
    "cpu_us_per_token": "CPU us/token",
    "cpu_ms_per_request": "CPU ms/request",
    "first_token_p50_ms": "first token p50 ms",
    "first_token_p99_ms": "p99 ms",
    "cold_start_s": "cold start s",
    "idle_mib": "idle MiB",
    "many_tokens_per_s": "tokens/s carried",
    "many_errors": "errors",
}


def machine() -> str:
    """Describe where and when the figures were made."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    load = os.getloadavg()[0]
    return (
        f"{today}, {os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load at the start {load:.1f}"
    )


def serving() -> str:
    """Measure streaming and make a table of it."""
    from benchmarks.serving import rows  # noqa: PLC0415 - starts nothing unless asked for

    lines = [
        "| " + " | ".join(COLUMNS.values()) + " |",
        "|" + "---|" * len(COLUMNS),
    ]
    for row in rows():
        values = [getattr(row, name) for name in COLUMNS]
        lines.append("| " + " | ".join("" if one is None else str(one) for one in values) + " |")
        sys.stderr.write(f"measured: {row.name}\n")
    return "### Streaming\n\n" + "\n".join(lines)


def router() -> str:
    """Measure the router beside the keyword baseline."""
    return "### Router\n\n```\n" + _printed("benchmarks/router.py") + "\n```"


def parser() -> str:
    """Measure the reader of tool calls written as text."""
    return "### Tool calls written as text\n\n```\n" + _printed("benchmarks/parser.py") + "\n```"


def embedding() -> str:
    """Measure the embedded model alone."""
    return "### Embedding\n\n```\n" + _printed("benchmarks/embedding.py") + "\n```"


def retrieval() -> str:
    """Measure what search finds, and how long it takes."""
    return "### Retrieval\n\n```\n" + _printed("benchmarks/retrieval.py") + "\n```"


def ingest() -> str:
    """Measure what an upload costs and what others notice of it."""
    return "### Ingestion\n\n" + _printed("benchmarks/ingest.py")


def sessions() -> str:
    """Measure the store of sessions when there are many."""
    return "### Sessions\n\n" + _printed("benchmarks/sessions.py")


def export() -> str:
    """Measure the export of a user who has written much."""
    return "### Export of a user\n\n```\n" + _printed("benchmarks/export.py") + "\n```"


def replicas() -> str:
    """Count what a second server on one PostgreSQL carries."""
    return "### Two servers\n\n```\n" + _printed("benchmarks/replicas.py") + "\n```"


def tools() -> str:
    """Measure what running code costs."""
    return "### Tools\n\n" + _printed("benchmarks/tools.py")


def conformance() -> str:
    """Compare our OpenAPI document with OpenAI's, where that is given."""
    return "### Conformance\n\n" + _printed("benchmarks/conformance.py")


def page() -> str:
    """Measure the web page in Chromium."""
    return "### Page\n\n" + _printed("benchmarks/page.py")


def rivals() -> str:
    """Measure the rivals that the one who measures has installed, and Steward beside them."""
    return "### Rivals\n\n" + _printed("benchmarks/rivals.py")


PARTS = {
    "router": router,
    "parser": parser,
    "embedding": embedding,
    "retrieval": retrieval,
    "ingest": ingest,
    "sessions": sessions,
    "export": export,
    "replicas": replicas,
    "tools": tools,
    "conformance": conformance,
    "page": page,
    "serving": serving,
    "rivals": rivals,
}


def _printed(script: str) -> str:
    done = subprocess.run(
        [sys.executable, script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return f"failed: {done.stderr[-500:]}"
    return done.stdout.strip()


def main() -> None:
    """Run the chosen parts and print, or write, the report."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--only", default=",".join(PARTS))
    arguments.add_argument("--write", action="store_true")
    options = arguments.parse_args()
    head = f"Measured {machine()}."
    chosen = options.only.split(",")
    sections = [PARTS[name]() for name in chosen]
    report = "\n\n".join([head, *sections])
    sys.stdout.write(report + "\n")
    if options.write:
        document = ROOT / "docs" / "benchmarks.md"
        before, _, rest = document.read_text().partition(BEGIN)
        known, _, after = rest.partition(END)
        whole = report if set(chosen) == set(PARTS) else _with(known.strip(), sections, head)
        document.write_text(f"{before}{BEGIN}\n{whole}\n{END}{after}")


def _with(known: str, sections: Sequence[str], head: str) -> str:
    """Put sections in the place of those of the same title, each with when and where it was measured."""
    found = re.split(r"\n\n(?=### )", known)
    for section in sections:
        title, _, rest = section.partition("\n")
        told = f"{title}\n\n{head}\n{rest}"
        at = [number for number, one in enumerate(found) if one.partition("\n")[0] == title]
        if at:
            found[at[0]] = told
        else:
            found.append(told)
    return "\n\n".join(found)


if __name__ == "__main__":
    main()
