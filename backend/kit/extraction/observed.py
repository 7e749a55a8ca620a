"""Reads what a tool brought back and answers one part of a question from it, with its markers.

Not for: choosing tools. Nothing is said here that does not stand in the observation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from backend.kit.extraction.entities import names, number_in, numbers, short_answer
from backend.kit.extraction.figures_told import figures_told
from backend.kit.extraction.from_documents import (
    asks_summary,
    best_named,
    marked,
    told_of,
    why_nothing,
)
from backend.kit.extraction.passages import Sentence, sentences
from backend.kit.extraction.picking import asked_kind, pick
from backend.kit.extraction.results_told import (
    asked_of_page,
    asks_whole_page,
    opening,
    page_text,
    told_of_code,
    told_of_columns,
    told_of_query,
    told_of_rows,
    without_files,
)
from backend.kit.extraction.table_asks import table_ask
from backend.kit.extraction.words import terms

_FAILED = re.compile(
    r"\s*(?:\[?tool\]?[ _]?)?(?:error\b|fail(?:ed|ure)\b|cannot\b|can't\b|could not\b|unable to\b|invalid\b|exception\b"
    r"|traceback\b|timed? ?out\b|unknown tool\b|not available\b|unavailable\b|refused\b"
    r"|(?:the )?(?:tool )?[`\"']?[\w-]{1,60}[`\"']? (?:tool )?(?:could not|failed|cannot|is off|is not available|timed out)\b)",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"\b(?:no (?:\w+ )?(?:results?|matches|documents?|passages?|articles?|hits|entries|files?)\b|nothing (?:was )?found"
    r"|not found|there is no (?:article|page)|found nothing|0 results)"
    r"|\bnothing in the user's documents\b|\bdocuments (?:are still being read \(|could be read;)",
    re.IGNORECASE,
)
# What a tool tells a model, and a person need not read.
_PREFIX = re.compile(
    r"^(?:(?:tool )?error:? ?|this cannot be done: ?|cannot compute this: ?|not understood: ?)+",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\s*See the tables with \{[^{}]{1,80}\}\.|\s*(?:Example of a correct call|Examples?|Expected): .*$|\s*Try fewer or other words\.$"
)
_SIMILAR = re.compile(r"\bsimilar titles?: ([^\n]{2,600})", re.IGNORECASE)
_SEVERAL = re.compile(r"\bcan mean several\b|\bdisambiguation\b|\bmay refer to\b", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-*•] (.{2,120})$", re.MULTILINE)
_RESULT = re.compile(r"(?:≈|=|\bresult\b:?|\banswer\b:?)\s*(-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)")
# What documents attached to the question say; no tool brought it.
ATTACHMENTS: Final = "attachments"
LOOK_UPS: Final = frozenset({"documents", "encyclopedia", "web", "open", "fetch"})
MAX_TABLE_CHARS: Final = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One result of one call, as the conversation shows it."""

    tool: str
    text: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def failed(self) -> bool:
        """Tell whether the tool reports an error."""
        return _FAILED.match(self.text) is not None or bool(_error_of(self.text))

    @property
    def empty(self) -> bool:
        """Tell whether the tool found nothing."""
        bare = self.text.strip()
        if bare in {"", "[]", "{}", "null", "None"}:
            return True
        return _EMPTY.search(bare[:200]) is not None and "[1]" not in bare[:400]

    @property
    def final(self) -> bool:
        """Tell whether the tool says that another wording would not help."""
        return "this cannot be done" in self.text[:80]

    @property
    def absent(self) -> bool:
        """Tell whether the tool reports that there is nothing of that name."""
        return _EMPTY.search(self.text.strip()[:200]) is not None


def reason(observation: Observation) -> str:
    """Say honestly why a tool brought nothing."""
    told = _error_of(observation.text) or observation.text.strip()
    first = " ".join(told.split())[:400]
    if re.match(r"the tool\b", first, re.IGNORECASE):
        return first
    first = plain_reason(first).replace("the user's", "your").replace("Their files:", "Your files:")
    return f"The tool {observation.tool or 'that was called'} could not answer: {first or 'it gave no reason'}"


def not_in_documents(question: str, observation: Observation) -> str:
    """Say that documents have no answer, or why they could not be searched."""
    return why_nothing(question, observation.text, empty=observation.empty)


def plain_reason(text: str) -> str:
    """Leave out of an error what is meant for a model: the word itself, and how to call better."""
    first = " ".join(text.split())
    return _PREFIX.sub("", _ADVICE.sub("", first)).strip() or first


def _error_of(text: str) -> str:
    if not text.lstrip().startswith("{"):
        return ""
    value = _json(text)
    told: Any = cast("dict[str, Any]", value).get("error") if isinstance(value, dict) else None
    if isinstance(told, dict):
        told = cast("dict[str, Any]", told).get("message") or "it gave no reason"
    return str(told) if told else ""


def _json(text: str) -> Any:  # noqa: ANN401 - whatever the tool wrote
    bare = text.strip()
    if len(bare) > 100_000 or not bare.startswith(("{", "[")):
        return None
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        return None


def answer(question: str, kind: str, observation: Observation) -> str | None:
    """Answer one part from one observation; None when the answer is not in it."""
    if kind in _TELLERS:
        return _TELLERS[kind](question, observation)
    if observation.failed or observation.empty:
        return None
    value = _json(observation.text)
    if value is not None:
        return _flat(question, value)
    if kind in LOOK_UPS:
        several = _SEVERAL.search(observation.text[:300]) and _BULLET.search(observation.text)
        said = None if several else quoted(question, observation.text)
        return told_of(question, observation.text, said) if kind == "documents" else said
    return _statistics(question, observation.text) if kind == "data" else _whole(observation)


def _whole(observation: Observation) -> str:
    return observation.text.strip()[:MAX_TABLE_CHARS]


def _told_of_table(question: str, observation: Observation) -> str | None:
    """Tell the columns where a tool listed them, else the figures it worked out."""
    if observation.failed or not observation.text.strip():
        return None
    asked = table_ask(question)
    want = asked.want if asked else ""
    text = without_files(observation.text)
    if want == "columns" or observation.arguments.get("action") == "schema":
        return told_of_columns(text) or _whole(observation)
    rows = (
        told_of_rows(text, str(observation.arguments.get("file") or "")) if want == "rows" else None
    )
    value = _json(text)
    return rows or (_statistics(question, text) if value is None else _flat(question, value))


def _told_of_page(question: str, observation: Observation) -> str | None:
    """Quote the page: what is asked of it, or how it begins where nothing in particular is."""
    if observation.failed or observation.empty:
        return None
    value = _json(observation.text)
    if value is not None:
        return _flat(question, value)
    text = page_text(observation.text)
    if asks_whole_page(question):
        return opening(text)
    near = any(asked_of_page(question) & set(terms(one.text)) for one in sentences(text))
    return quoted(question, text) if near else None


_TELLERS: Final[dict[str, Callable[[str, Observation], str | None]]] = {
    "math": lambda _, observation: _told_of_sum(observation),
    "python": lambda _, observation: told_of_code(observation.text),
    "sql": lambda _, observation: told_of_query(observation.text),
    "table": _told_of_table,
    "fetch": _told_of_page,
}


def _told_of_sum(observation: Observation) -> str | None:
    return None if observation.failed or observation.empty else _calculated(observation)


def _calculated(observation: Observation) -> str:
    text = observation.text.strip()[:MAX_TABLE_CHARS]
    formula = str(observation.arguments.get("expression") or "")
    bare = re.fullmatch(r"-?[\d.,/eE+]+", text)
    return f"{formula} = {text}" if bare and formula else text


def quoted(question: str, text: str, *, least: float = 0.34) -> str | None:
    """Quote the sentences of a text that answer, each followed by its marker."""
    known = sentences(text)
    if asks_summary(question):
        return _digest(best_named(question, known))
    wanted = set(terms(question))
    lead = [one for one in known if one.title and wanted and wanted <= set(terms(one.title))]
    if lead:
        first = lead[0].passage
        return (
            " ".join(marked(one.text, one.marker) for one in lead if one.passage == first)[:1200]
            if len(lead) <= 2
            else " ".join(marked(one.text, one.marker) for one in lead[:2])
        )
    limit = 3 if asked_kind(question) == "open" else 2
    picked = pick(question, known, limit=limit, least=least)
    if not picked:
        return None
    return " ".join(marked(one.text, one.marker) for one in picked)


def _digest(known: Sequence[Sentence]) -> str | None:
    """Give the opening sentences of the first passages, in their order."""
    kept: list[Sentence] = []
    for one in [one for one in known if not one.is_heading] or known:
        same = sum(other.passage == one.passage for other in kept)
        if same < 2 and len(kept) < 6:
            kept.append(one)
    return " ".join(marked(one.text, one.marker) for one in kept) or None


def _statistics(question: str, text: str) -> str:
    """Tell the figures asked for, or keep the lines that speak of them; else a table stays whole."""
    told = figures_told(question, text)
    if told:
        return told
    lines = [line for line in text.strip().splitlines() if line.strip()]
    wanted = {term for term in terms(question) if not term.isdigit()}
    if "|" in text or len(lines) <= 3:
        return _cut_rows(text.strip())
    kept = [line for line in lines if wanted & set(terms(line)) and re.search(r"\d", line)]
    return "\n".join(kept or lines)[:MAX_TABLE_CHARS]


def _cut_rows(text: str) -> str:
    """Keep whole lines of a table, and say so where lines are left out."""
    if len(text) <= MAX_TABLE_CHARS:
        return text
    return f"{text[:MAX_TABLE_CHARS].rpartition(chr(10))[0]}\n\n(shortened)"


def _flat(question: str, value: object) -> str:
    """Write a JSON answer as `name: value`; of a large one, what the question names."""
    pairs: list[tuple[str, str]] = []
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting and len(pairs) < 200:
        name, inner = waiting.pop(0)
        if isinstance(inner, dict):
            entries = cast("dict[str, object]", inner)
            waiting = [(_joined(name, key), entries[key]) for key in list(entries)[:50]] + waiting
        elif isinstance(inner, list):
            items = cast("list[object]", inner)
            waiting = [(name, item) for item in items[:50]] + waiting
        elif inner is not None:
            pairs.append((name, str(inner)))
    wanted = set(terms(question))
    near = [pair for pair in pairs if wanted & set(terms(pair[0].replace("_", " ")))]
    kept = near if near and len(pairs) > 12 else pairs[:30]
    return ", ".join(f"{name}: {text}" if name else text for name, text in kept)[:MAX_TABLE_CHARS]


def _joined(name: str, key: str) -> str:
    return f"{name} {key}" if name else key


def value(question: str, kind: str, observation: Observation, *, number: bool) -> str | None:
    """Give the bare value a following step needs: a number, or a name."""
    found = answer(question, kind, observation)
    if found is None:
        return None
    if kind == "math":
        results = _RESULT.findall(found)
        return results[-1].replace(",", "") if results else (numbers(found) or [None])[-1]
    if kind in LOOK_UPS:
        best = pick(
            _number_question(question) if number else question, _sentences(observation), limit=1
        )
        found = best[0].core if best else found
    if number:
        return number_in(question, found)
    return short_answer(question, found)


def quantity(question: str, kind: str, observation: Observation) -> str | None:
    """Give the number a following conversion needs, with the unit that stands behind it."""
    number = value(question, kind, observation, number=True)
    if number is None:
        return None
    plain = observation.text.replace(",", "")
    unit = re.search(
        rf"(?<![\d.]){re.escape(number)}(?:\.0)?[\s\u00a0]?([A-Za-z°/]{{1,15}})", plain
    )
    return f"{number} {unit[1]}" if unit else number


def _sentences(observation: Observation) -> list[Sentence]:
    return sentences(observation.text)


def _number_question(question: str) -> str:
    return f"how much {question}"


def other_title(question: str, observation: Observation) -> str | None:
    """Find the title to read instead, where an encyclopaedia names similar or several ones."""
    similar = _SIMILAR.search(observation.text)
    wanted = set(terms(question))
    if similar:
        known = [title.strip(" .") for title in similar[1].split(";")]
        titles = [title for title in known if wanted & set(terms(title))]
    elif _SEVERAL.search(observation.text):
        titles = [match.strip() for match in _BULLET.findall(observation.text)]
    else:
        return None
    best = max(
        titles,
        key=lambda title: (
            len(wanted & set(terms(title))) - 0.1 * len(terms(title)),
            -titles.index(title),
        ),
        default="",
    )
    return best if best and (wanted & set(terms(best)) or names(best)) else None
