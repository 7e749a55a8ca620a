"""Matches what is needed with the tools on offer, by their names, descriptions and parameters.

Not for: deciding what is needed (`needs`) or reading what a tool brought (`observed`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.kit.extraction.arguments import fill, main_parameter
from backend.kit.extraction.entities import bare_question, search_words
from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.observed import ATTACHMENTS
from backend.kit.extraction.schemas import Schema, as_schema, properties, required
from backend.kit.extraction.steps import Step
from backend.kit.extraction.words import stem, terms, word_set

# In each kind: words of a tool's name, and the words that may stand beside them.
_NAMED: Final[dict[str, frozenset[str]]] = {
    "math": word_set("math maths calc calculator calculate calculation compute evaluate arithmetic solver wolfram sympy"),
    "data": word_set("data dataset statistics stats statistical csv"),
    "weather": word_set("weather forecast meteo temperature"),
    "documents": word_set("rag retrieval retrieve documents document docs files file knowledge kb library notes"),
    "encyclopedia": word_set("wikipedia wiki encyclopedia encyclopaedia"),
    "fetch": word_set("fetch url scrape crawl webpage browse read open"),
    "python": word_set("python code interpreter exec"),
    "sql": word_set("sql database db"),
    "web": word_set("web search google bing internet tavily duckduckgo ddg searxng online"),
}  # fmt: skip
_SURE: Final = {"math", "weather", "encyclopedia", "python", "sql"}
_GENERIC: Final = word_set(
    "get fetch do run tool function api current make the a an of to for by in with from call perform execute "
    "query search find list lookup look up data info information new"
)
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "encyclopedia": ("encyclopedia", "web", "documents"),
    "web": ("web", "encyclopedia", "documents"),
    "open": ("documents", "web", "encyclopedia"),
    "weather": ("weather", "web"),
}
_SAID: Final = {"+": "add plus sum", "*": "multiply product times", "\u00d7": "multiply product", "/": "divide quotient", "-": "subtract minus difference"}  # fmt: skip
_BETWEEN = re.compile(r"\d\s*([-+*/\u00d7])\s*\d")


@dataclass(frozen=True, slots=True)
class ToolShape:
    """What is known of a tool: its name, its description and the schema of its arguments."""

    name: str
    description: str
    schema: Schema


def offered(specs: Sequence[Mapping[str, Any]]) -> list[ToolShape]:
    """Read OpenAI function specs; anything unnamed is passed over."""
    found: list[ToolShape] = []
    for spec in specs:
        function = as_schema(spec.get("function")) or spec
        name = function.get("name")
        if isinstance(name, str) and name:
            about = str(function.get("description") or "")[:1_000]
            found.append(ToolShape(name, about, as_schema(function.get("parameters"))))
    return found


def kind_of(shape: ToolShape) -> str:
    """Tell which kind of need a tool serves; "custom" when it is none of the known kinds."""
    own = name_words(shape.name)
    for kind, known in _NAMED.items():
        hits = [word for word in own if word in known]
        rest = [
            word
            for word in own
            if word not in known and word not in _GENERIC and word not in _BESIDE
        ]
        if hits and (not rest or kind in _SURE) and main_parameter(shape.schema, kind):
            return _settled(kind, own, shape)
    return _by_description(shape)


_BESIDE: Final = word_set("web analysis analyze analyse page site runner sandbox tools base results online live question semantic v1 v2")  # fmt: skip


def _settled(kind: str, own: list[str], shape: ToolShape) -> str:
    """Names such as `search_files` and `read_url` belong to the parameter they take."""
    known = {name.casefold() for name in properties(shape.schema)}
    if kind == "fetch" and not known & {"url", "uri", "link"}:
        return "documents" if set(own) & _NAMED["documents"] else "custom"
    if kind == "documents" and known & {"url", "sql"}:
        return "custom"
    if kind == "data" and not known & {
        "data",
        "csv",
        "numbers",
        "values",
        "dataset",
        "table",
        "json",
    }:
        return "custom"
    return kind


def _by_description(shape: ToolShape) -> str:
    """A description decides where the name says nothing, if the main parameter fits as well."""
    known = {name.casefold() for name in properties(shape.schema)}
    about = shape.description.casefold()
    signs = (
        ("math", {"expression", "formula", "equation"}, r"calculat|arithmetic|mathematic|evaluat"),
        ("weather", {"city", "location", "place"}, r"weather|forecast"),
        ("documents", {"query", "question", "q"}, r"uploaded|(?:user'?s?|your|own|private|internal) (?:documents|files)|knowledge base"),
        ("encyclopedia", {"query", "title", "topic"}, r"wikipedia|encyclop"),
        ("web", {"query", "q"}, r"(?:search|look).{0,40}(?:web|internet|online)"),
        ("python", {"code"}, r"python"),
        ("sql", {"sql", "query"}, r"\bsql\b"),
        ("fetch", {"url"}, r"fetch|read|download|open"),
    )  # fmt: skip
    for kind, needed, pattern in signs:
        if known & needed and re.search(pattern, about):
            return kind
    return "custom"


def value_for(step: Step, kind: str) -> str:
    """Give what a tool of a kind takes: a search takes the question, an encyclopaedia a title."""
    if step.kind != "encyclopedia" or kind not in {"web", "documents"}:
        return step.value
    bare = bare_question(step.text)
    return f"{step.value} {search_words(bare)}" if step.after else bare


class Toolbox:
    """The tools of one request, sorted by what they serve.

    `own_first` looks things up in the user's documents before anywhere else.
    """

    def __init__(self, shapes: Sequence[ToolShape], *, own_first: bool = False) -> None:
        self.shapes = list(shapes)[:200]
        self._own_first = own_first
        kinds = {shape.name: kind_of(shape) for shape in self.shapes}
        self._kinds = {ATTACHMENTS: "documents", **kinds}

    def kind(self, name: str) -> str:
        """Tell the kind of a tool by its name; "custom" for one that is not on offer."""
        return self._kinds.get(name, "custom")

    def named(self, name: str) -> ToolShape | None:
        """Find a tool by its name."""
        return next((shape for shape in self.shapes if shape.name == name), None)

    def taking(self, kind: str, parameter: str) -> ToolShape | None:
        """Find a tool of a kind that takes a certain parameter."""
        return next(
            (
                shape
                for shape in self.shapes
                if self._kinds[shape.name] == kind and parameter in properties(shape.schema)
            ),
            None,
        )

    def candidates(self, step: Step) -> list[ToolShape]:
        """List the tools that may do a step, best first."""
        if step.tool:
            one = self.named(step.tool)
            return [one] if one else []
        order = _ORDER.get(step.kind, (step.kind,))
        if self._own_first and "documents" in order:
            order = ("documents", *(kind for kind in order if kind != "documents"))
        return [shape for kind in order for shape in self.shapes if self._kinds[shape.name] == kind]

    def special(self, part: str) -> tuple[str, bool] | None:
        """Name the tool of no known kind that a part of a question speaks of, if it can be called.

        The flag tells that it has exactly one required parameter: two things are two calls.
        """
        asked = set(terms(part)) | {stem(word) for word in part.casefold().split()}
        for sign in _BETWEEN.findall(part):
            asked |= {stem(word) for word in _SAID[sign].split()}
        scored = [
            (_overlap(shape, asked), -at, shape.name)
            for at, shape in enumerate(self.shapes)
            if self._kinds[shape.name] == "custom"
        ]
        for score, _, name in sorted(scored, reverse=True):
            shape = self.named(name)
            if score < 2 or shape is None:
                return None
            if fill(shape.schema, kind="custom", value="", text=part) is not None:
                return name, len(required(shape.schema)) == 1
        return None


def _overlap(shape: ToolShape, asked: set[str]) -> float:
    """Words of the name count two, of the description and the parameters less than one."""
    own = {stem(word) for word in name_words(shape.name) if word not in _GENERIC}
    about = set(terms(shape.description[:300])) - own
    about -= {stem(word) for word in _GENERIC}
    taken = (
        {stem(word) for name in properties(shape.schema) for word in name_words(name)} - own - about
    )
    return 2 * len(own & asked) + 0.8 * len(about & asked) + 0.3 * len(taken & asked)
