"""Compare our OpenAPI document with OpenAI's, property by property, in the form that OGX publishes.

    OPENAI_OPENAPI=openapi.json python benchmarks/conformance.py [--detail PATH | --detail all] [--json]

`score` follows the arithmetic of OGX's report (scripts/openai_coverage.py in ogx-ai/ogx, which reads
`oasdiff diff`): 1 less findings over properties, a property that is missing as one however much it holds,
nothing from inside the alternatives of a union. `deep` counts those too, what is below missing properties,
and operations that are missing. Properties are counted as there, reference by reference, JSON bodies alone.

Where it differs from OGX's count, mostly in ways that find more:
* OGX sums up the paths in which oasdiff finds a difference, and counts the properties of every method of
  these; here every operation that both documents have is summed up, equal or not.
* OGX's report does not look into `allOf`, in which OpenAI writes the requests of Chat and Responses: what
  is missing or different there is found here and not there.
* `oneOf` and `anyOf`, `$ref` and inline, `const` and an enum of one value, and the spellings of null are
  equal here; oasdiff compares texts and finds a difference.
* oasdiff pairs the alternatives of a union by the names of their schemas, this script by what they hold;
  and our error answers written as 4XX and 5XX stand for each status of OpenAI's.
* OGX compares Responses with the Open Responses document (225 properties); here all is compared with OpenAI's.
* OGX's published figures belong to the OpenAI document of their day, ours to the one that is given.

Hence two columns for OGX: what it publishes with its number of properties, and what this script finds in
its document against its copy of OpenAI's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from benchmarks.openapi_diff import METHODS, Comparison, Document, Finding  # noqa: E402 - the path first

# ogx-ai/ogx at 5a9cb55d8, 30 April 2026: the score and the properties that it publishes
# (docs/docs/api-openai/conformance.mdx), and the score that this script gives its document
# (docs/static/ogx-spec.yaml) against the same copy of OpenAI's (docs/static/openai-spec-2.3.0.yml).
OGX = {
    "Chat": (98.5, 403, 72.3),
    "Completions": (58.7, 46, 52.2),
    "Conversations": (98.9, 2165, 98.7),
    "Embeddings": (78.6, 14, 85.7),
    "Files": (76.2, 42, 71.4),
    "Models": (93.3, 15, 90.9),
    "Responses": (88.9, 225, 96.1),
    "Vector stores": (82.9, 310, 81.9),
}


@dataclass(slots=True)
class Category:
    """What was found in one category of endpoints."""

    name: str
    properties: int = 0
    flat: list[Finding] = field(default_factory=list[Finding])
    deep: list[Finding] = field(default_factory=list[Finding])
    absent: list[str] = field(default_factory=list[str])
    absent_properties: int = 0

    @property
    def missing(self) -> int:
        """Count the properties that are not there."""
        return sum(one.weight for one in self.flat if one.missing)

    @property
    def issues(self) -> int:
        """Count the properties that are described otherwise."""
        return sum(not one.missing for one in self.flat)

    @property
    def score(self) -> float:
        """Give the percentage of OpenAI's properties without a finding."""
        return _percent(self.missing + self.issues, self.properties)

    @property
    def deep_score(self) -> float:
        """Give the same with what is inside unions and below missing properties."""
        found = sum(one.weight for one in self.deep)
        return _percent(found + self.absent_properties, self.properties + self.absent_properties)


def _percent(problems: int, whole: int) -> float:
    return round(max(0.0, 100 * (1 - problems / whole)), 1) if whole else 100.0


def our_document() -> dict[str, Any]:
    """Build the application and read its document; nothing is started."""
    from backend.api.app import build_app  # noqa: PLC0415 - what it compares may be another checkout
    from backend.bootstrap.parts import api_options  # noqa: PLC0415
    from backend.config.settings import load_settings  # noqa: PLC0415

    settings = load_settings(env_file=ROOT / "no.env", environ={})
    options = api_options(settings, address="http://127.0.0.1:8000", incoming=Path("incoming"))
    app: Any = build_app(options, lifespan=_never, page=None)
    while not hasattr(app, "openapi"):
        app = getattr(app, "_app", None) or app.app
    return app.openapi()


def _never(_: Any) -> Any:
    raise NotImplementedError


def load_document(path: Path) -> dict[str, Any]:
    """Read OpenAI's document, JSON only: the YAML form takes half a minute."""
    return json.loads(path.read_bytes())


def without_names(path: str) -> str:
    """Take the names of parameters out of a path."""
    return re.sub(r"{[^}]*}", "{}", path)


def compare(theirs: Document, ours: Document) -> Iterator[tuple[str, str, str, Category]]:
    """Compare every operation of the paths that both have; gives category, path, method, findings."""
    known = {without_names(path): path for path in ours.paths}
    for path, item in theirs.paths.items():
        our_path = known.get(without_names(path))
        if our_path is None:
            continue
        for method in METHODS:
            if method not in item:
                continue
            tag = category_of(theirs, path, method)
            found = Category(tag)
            total = _properties(theirs, path, method)
            if method in ours.paths[our_path]:
                found.properties = total
                found.flat = Comparison(theirs, ours, deep=False).operation(path, our_path, method)
                found.deep = Comparison(theirs, ours, deep=True).operation(path, our_path, method)
            else:
                found.absent.append(f"{method.upper()} {path}")
                found.absent_properties = total
            yield tag, path, method, found


def category_of(document: Document, path: str, method: str) -> str:
    """Give the operation's first tag, or that of the nearest path above it."""
    if tags := document.paths[path][method].get("tags"):
        return tags[0]
    above = path.rpartition("/")[0]
    while above:
        operations = document.paths.get(above, {}).values()
        if found := [
            one["tags"][0] for one in operations if isinstance(one, dict) and one.get("tags")
        ]:
            return found[0]
        above = above.rpartition("/")[0]
    return "Other"


def _properties(document: Document, path: str, method: str) -> int:
    """Count as OGX does: JSON bodies and the operation's own parameters."""
    bodies = document.bodies(path, method)
    counted = sum(
        document.count(schema) for name, schema in bodies if name.endswith("application/json")
    )
    return counted + len(document.paths[path][method].get("parameters", ()))


def categories(theirs: Document, ours: Document) -> dict[str, Category]:
    """Sum the operations up by category."""
    summed: dict[str, Category] = {}
    for tag, _, _, found in compare(theirs, ours):
        into = summed.setdefault(tag, Category(tag))
        into.properties += found.properties
        into.flat += found.flat
        into.deep += found.deep
        into.absent += found.absent
        into.absent_properties += found.absent_properties
    return dict(sorted(summed.items()))


def table(theirs: Document, ours: Document) -> str:
    """Write the summary in Markdown."""
    lines = [
        f"OpenAI's document, version {theirs.raw['info']['version']}, "
        f"{len(theirs.raw['paths'])} paths; ours, paths under /v1.",
        "",
        "| category | score % | properties | issues | missing | deep % | OGX publishes | OGX by this count % "
        "| operations missing |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in categories(theirs, ours).items():
        score, counted, here = OGX.get(name, ("", 0, ""))
        rival = f"{score} % of {counted}" if counted else ""
        lines.append(
            f"| {name} | {found.score} | {found.properties} | {found.issues} | {found.missing} | "
            f"{found.deep_score} | {rival} | {here} | {', '.join(found.absent)} |"
        )
    return "\n".join(lines)


def detail(theirs: Document, ours: Document, wanted: str) -> str:
    """List every finding of one path, or of all."""
    lines: list[str] = []
    wanted = without_names(wanted.removeprefix("/v1"))
    for _, path, method, found in compare(theirs, ours):
        if wanted not in {"all", without_names(path)}:
            continue
        lines.append(
            f"\n{method.upper()} {path}: {found.score} % of {found.properties}, "
            f"deep {found.deep_score} %" + (" (operation missing)" if found.absent else "")
        )
        flat = {one.path for one in found.flat}
        for one in (*found.flat, *(one for one in found.deep if one.path not in flat)):
            kind = "missing" if one.missing else "issue  "
            where = " " if one.path in flat else "~"
            lines.append(f" {where}{kind} {one.path} {one.detail}".rstrip())
    lines.append("\nLines marked ~ lie inside unions: they count in `deep` only.")
    return "\n".join(lines)


def main() -> None:
    """Print the table, or the findings of one path."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--detail", help="/v1/chat/completions, or all")
    arguments.add_argument("--ours", type=Path, help="read our document from a file")
    options = arguments.parse_args()
    given = os.environ.get("OPENAI_OPENAPI")
    if not given or not Path(given).exists():
        sys.stdout.write("OPENAI_OPENAPI names no file: nothing to compare with.\n")
        return
    theirs = Document(load_document(Path(given)))
    ours = Document(load_document(options.ours) if options.ours else our_document(), prefix="/v1")
    if options.detail:
        sys.stdout.write(detail(theirs, ours, options.detail) + "\n")
    sys.stdout.write(table(theirs, ours) + "\n")


if __name__ == "__main__":
    main()
