"""Words a question about pasted data as the arguments of a data tool: "sum of amount per name".

Not for: computing; a question that is not recognised gives no arguments, and the tool describes all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from backend.kit.extraction.chart_questions import chart_arguments, chart_wanted
from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.pasted_tables import Column, columns_of
from backend.kit.extraction.words import STOPWORDS, stem, words

_FIGURES: Final = (
    ("mean", r"mean|average|avg|averages|durchschnitt\w*|mittelwert"),
    ("median", r"median"),
    ("sum", r"sum|total|totals|altogether|in all|summe\w*|insgesamt|gesamt\w*"),
    ("min", r"min|minimum|lowest|smallest|least|cheapest|youngest|shortest|coldest|lightest|niedrigste\w*|kleinste\w*"),
    ("max", r"max|maximum|highest|largest|biggest|greatest|most|oldest|tallest|longest|heaviest|hottest|best|höchste\w*|größte\w*"),
    ("std", r"std|stdev|standard deviation"),
    ("count", r"how many|count|number of|wie viele|anzahl"),
)  # fmt: skip
_FIGURE_PATTERNS: Final = tuple(
    (name, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)) for name, pattern in _FIGURES
)
# Adjectives that speak of a column by its usual name.
_MEANT: Final = {
    "age": r"old(?:er|est)?|young(?:er|est)?",
    "price": r"cheap(?:er|est)?|expensive|costs?",
    "cost": r"cheap(?:er|est)?|expensive",
    "height": r"tall(?:er|est)?",
    "length": r"long(?:er|est)?",
    "weight": r"heav(?:y|ier|iest)|light(?:er|est)",
    "temp": r"hot(?:ter|test)?|warm(?:er|est)?|cold(?:er|est)?|temperatures?",
    "temperature": r"hot(?:ter|test)?|warm(?:er|est)?|cold(?:er|est)?",
}
_GROUP = re.compile(
    r"\b(?:grouped by|group by|for each|in each|of each|for every|across|over|per|each|by|pro|je|nach)\s+(?:the\s+)?",
    re.IGNORECASE,
)
_WHICH = re.compile(
    r"\b(?:which|who|whose|what (?:is|are) the (?:name|city|product))\b", re.IGNORECASE
)
_TOP = re.compile(r"\b(?:top|first|best|highest|largest) (\d{1,3})\b", re.IGNORECASE)
_BOTTOM = re.compile(r"\b(?:bottom|lowest|smallest|worst) (\d{1,3})\b", re.IGNORECASE)
_LOW = re.compile(
    r"\b(?:lowest|smallest|least|minimum|min|cheapest|youngest|shortest|coldest|lightest|fewest|worst)\b",
    re.IGNORECASE,
)
_HIGH = re.compile(
    r"\b(?:highest|largest|most|maximum|max|biggest|greatest|oldest|tallest|longest|heaviest|hottest|best|top)\b",
    re.IGNORECASE,
)
_SORT = re.compile(r"\b(?:sort(?:ed)?|order(?:ed)?|rank(?:ed)?) (?:\w+ ){0,3}by\b", re.IGNORECASE)
_DOWN = re.compile(r"\bdesc(?:ending)?\b|\bhighest first\b|\blargest first\b", re.IGNORECASE)
_LIMIT: Final = (
    (">=", r"at least|>=|no less than"),
    ("<=", r"at most|<=|no more than|up to"),
    (">", r"(?:greater|more|higher|larger|bigger|older|taller|longer|heavier|warmer|hotter) than|over|above|exceed(?:s|ing)?|>"),
    ("<", r"(?:less|lower|smaller|fewer|younger|shorter|cheaper|lighter|colder) than|under|below|<"),
)  # fmt: skip
_LIMITS: Final = tuple(
    (sign, re.compile(rf"(?:\b|(?<=\s))(?:{said})\s*[$€£]?(-?\d[\d,]*(?:\.\d+)?)", re.IGNORECASE))
    for sign, said in _LIMIT
)
_DISTINCT = re.compile(r"\b(?:different|distinct|unique)\b", re.IGNORECASE)
_COMPARED: Final = frozenset({"greater", "more", "less", "above", "below", "over", "under", "at", "not", "between", "larger", "higher", "lower"})  # fmt: skip
_ORDERED = re.compile(
    r"\b(?:sorted|ranked|desc(?:ending)?|asc(?:ending)?|(?:highest|largest|biggest|lowest|smallest) first)\b",
    re.IGNORECASE,
)
_UP = re.compile(r"\basc(?:ending)?\b|\b(?:lowest|smallest) first\b", re.IGNORECASE)
_OPERATOR = re.compile(r" (?:[<>]=?|==) ")
_COMMONEST = re.compile(
    r"\b(?:most (?:common|frequent|popular)|commonest|häufigste\w*)\b", re.IGNORECASE
)
_CORRELATES = re.compile(r"\bcorrelat\w+\b", re.IGNORECASE)


def data_arguments(ask: str, data: str) -> dict[str, Any]:
    """Give `group_by`, `aggregates`, `where`, `sort_by`, `top`, `correlate` as far as they are asked."""
    columns = columns_of(data)
    if not columns:
        return {}
    return arguments_for(ask, columns)


def arguments_for(ask: str, columns: Sequence[Column]) -> dict[str, Any]:
    """Word a question about a table whose columns are known, with `chart`, `x` and `y` where one is wanted."""
    question = _Question(ask, columns)
    asked = question.arguments()
    if not chart_wanted(ask):
        return asked
    return chart_arguments(ask, columns, question.named(), question.summed(asked))


def named_columns(ask: str, columns: Sequence[Column]) -> list[str]:
    """List the columns that a question names, or speaks of by an adjective."""
    return [one.name for one in _Question(ask, columns).named()]


class _Question:
    """One question beside the columns it may speak of."""

    def __init__(self, ask: str, columns: Sequence[Column]) -> None:
        self._ask = ask
        self._columns = columns
        self._said = {stem(word) for word in words(ask)}
        self._groups = self._grouped()
        stated = self._stated()
        equal = [one for one in self._equal() if one.split(" == ")[0] not in stated]
        self._where = [*self._limits(), *equal, *stated.values()]

    def arguments(self) -> dict[str, Any]:
        found = self._what()
        if self._where and (found or _WHICH.search(self._ask)):
            found["where"] = self._where
            found = found if len(found) > 1 else {**found, "top": 50}
        return found

    def summed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Add up what the question names per group, where it says no figure: that is what a chart shows."""
        if not self._groups or asked.get("aggregates"):
            return asked
        numeric = [one.name for one in self.named() if one.numeric and one.name not in self._groups]
        figures = [f"sum({name})" for name in numeric[:4]] or ["count"]
        return {**asked, "group_by": self._groups, "aggregates": figures}

    def _what(self) -> dict[str, Any]:
        named = [one.name for one in self.named() if one.numeric]
        if _CORRELATES.search(self._ask):
            pair = named if len(named) == 2 else [one.name for one in self._columns if one.numeric]
            return {"correlate": pair} if len(pair) == 2 else {}
        figures = self._figures()
        ranked = self._ranked(figures, named)
        if ranked:
            return ranked
        aggregates = self._aggregates(figures, named)
        if self._groups:
            given = {"group_by": self._groups}
            aggregates = aggregates or [
                f"sum({name})" for name in named if name not in self._groups
            ]
            ordered = (
                {"sort_by": self._order(aggregates)}
                if aggregates and _ORDERED.search(self._ask)
                else {}
            )
            return {**given, "aggregates": aggregates, **ordered} if aggregates else given
        return {"aggregates": aggregates} if aggregates else {}

    def _order(self, aggregates: Sequence[str]) -> str:
        return aggregates[0] if _UP.search(self._ask) else f"-{aggregates[0]}"

    def named(self) -> list[Column]:
        """List the columns that the question names, or speaks of by an adjective."""
        return [one for one in self._columns if self._speaks_of(one.name)]

    def _speaks_of(self, name: str) -> bool:
        parts = [stem(word) for word in name_words(name)]
        if parts and all(part in self._said for part in parts):
            return True
        meant = next((_MEANT[part] for part in name_words(name) if part in _MEANT), None)
        return (
            meant is not None
            and re.search(rf"\b(?:{meant})\b", self._ask, re.IGNORECASE) is not None
        )

    def _grouped(self) -> list[str]:
        found: list[str] = []
        for match in _GROUP.finditer(self._ask):
            if _SORT.search(self._ask[: match.end()]) or _TOP.search(self._ask):
                continue
            after = [stem(word) for word in words(self._ask[match.end() : match.end() + 120])[:12]]
            found += self._listed(after)
        return list(dict.fromkeys(found))

    def _listed(self, after: list[str]) -> list[str]:
        """Read columns off the start of some words: "city and product"."""
        found: list[str] = []
        while True:
            fits = [
                one
                for one in self._columns
                if _parts(one) and after[: len(_parts(one))] == _parts(one)
            ]
            if not fits:
                return found
            longest = max(fits, key=lambda one: len(_parts(one)))
            found.append(longest.name)
            after = after[len(_parts(longest)) :]
            after = after[1:] if after[:1] in (["and"], ["und"]) else after

    def _stated(self) -> dict[str, str]:
        """Keep the rows of which a value is told by its column's name: "where status is paid"."""
        found: dict[str, str] = {}
        for column in self._columns:
            name = r"[ _-]".join(re.escape(word) for word in name_words(column.name))
            match = (
                re.search(
                    rf"\b(?:where|with|whose|for|and|wo|mit) (?:the )?{name} ?(?:is|=|==|equals?|equal to|ist|of)? ?[\"“'](?P<quoted>[^\"”'\n]{{1,80}})[\"”']"
                    rf"|\b(?:where|with|whose|for|and|wo|mit) (?:the )?{name} ?(?:is|==?|equals?|equal to|ist) ?(?P<bare>[\w.-]{{1,60}})",
                    self._ask,
                    re.IGNORECASE,
                )
                if name
                else None
            )
            value = (match["quoted"] or match["bare"]).rstrip(".") if match else ""
            if value and value.casefold() not in STOPWORDS | _COMPARED:
                found[column.name] = (
                    f"{column.name} == {value}" if column.numeric else f'{column.name} == "{value}"'
                )
        return found

    def _limits(self) -> list[str]:
        known = [one.name for one in self._columns if one.numeric]
        numeric = [name for name in known if not _is_key(name) or self._speaks_of(name)] or known
        for sign, pattern in _LIMITS:
            match = pattern.search(self._ask)
            if match is None:
                continue
            near = [name for name in numeric if self._speaks_of(name)] or numeric
            name = near[-1] if len(near) == 1 else self._nearest(near, match.start())
            return [f"{name} {sign} {match[1].replace(',', '')}"]
        return []

    def _nearest(self, names: Sequence[str], at: int) -> str:
        places = {name: self._ask.casefold().rfind(name.casefold(), 0, at) for name in names}
        return max(names, key=lambda name: places[name])

    def _equal(self) -> list[str]:
        """Keep the rows of a text cell that the question names, unless it groups by that column."""
        found: list[str] = []
        for column in self._columns:
            if column.numeric or column.name in self._groups:
                continue
            cells = [cell for cell in dict.fromkeys(column.cells) if self._names_cell(cell)]
            if len(cells) == 1:
                found.append(f'{column.name} == "{cells[0]}"')
        return found

    def _names_cell(self, cell: str) -> bool:
        plain = len(cell) >= 2 and cell.casefold() not in STOPWORDS and '"' not in cell
        columns = {one.name.casefold() for one in self._columns}
        inside = re.search(rf"(?<!\w){re.escape(cell)}(?!\w)", self._ask, re.IGNORECASE)
        return plain and cell.casefold() not in columns and inside is not None

    def _figures(self) -> list[str]:
        """List the figures asked for in the order of the question; a column's own name is none."""
        hits = [
            (match.start(), name, match.group().casefold())
            for name, pattern in _FIGURE_PATTERNS
            if (match := pattern.search(_ORDERED.sub(" ", self._ask)))
        ]
        columns = {one.name.casefold() for one in self._columns}
        own = [(at, name) for at, name, said in sorted(hits) if said not in columns]
        return [name for _, name in own] or [name for _, name, _ in sorted(hits)]

    def _ranked(self, figures: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
        """Rows or groups in an order: "which city has the highest total sales", "top 2 by sales"."""
        top, bottom = _TOP.search(self._ask), _BOTTOM.search(self._ask)
        counted = self._counted(figures, top)
        if counted:
            return counted
        picks = _WHICH.search(self._ask) and (_LOW.search(self._ask) or _HIGH.search(self._ask))
        if not (top or bottom or picks or _SORT.search(self._ask)):
            return {}
        column = (list(named) or [one.name for one in self._columns if one.numeric])[-1:]
        if not column:
            return {}
        falling = bool(top or (picks and not _LOW.search(self._ask)) or _DOWN.search(self._ask))
        most = int((top or bottom)[1]) if (top or bottom) else (1 if picks else 0)  # type: ignore[index]
        summed = [name for name in figures if name in {"sum", "mean", "median"}]
        things = self._things(top or bottom)
        summed = summed or (["sum"] if things else [])
        by = self._groups or things or [one.name for one in self.named() if not one.numeric]
        target = f"{summed[0]}({column[0]})" if summed and by else column[0]
        found: dict[str, Any] = {"sort_by": f"-{target}" if falling else target}
        if most:
            found["top"] = most
        return {**found, "group_by": by[:1], "aggregates": [target]} if summed and by else found

    def _things(self, ranked: re.Match[str] | None) -> list[str]:
        """Name the column whose values are ranked: "top 5 customers by revenue"."""
        if ranked is None:
            return []
        after = [stem(word) for word in words(self._ask[ranked.end() : ranked.end() + 80])[:6]]
        return [name for name in self._listed(after)[:1] if not self._numeric(name)]

    def _numeric(self, name: str) -> bool:
        return any(one.numeric for one in self._columns if one.name == name)

    def _counted(self, figures: Sequence[str], top: re.Match[str] | None) -> dict[str, Any]:
        """Values in the order of how often they occur: "the most common name", "top 3 cities by number of orders"."""
        common = _COMMONEST.search(self._ask)
        texts = [one.name for one in self.named() if not one.numeric]
        by = self._things(top) if top and "count" in figures else texts[-1:] if common else []
        if not by:
            return {}
        most = int(top[1]) if top else 1
        return {"group_by": by, "aggregates": ["count"], "sort_by": "-count", "top": most}

    def _aggregates(self, figures: Sequence[str], named: Sequence[str]) -> list[str]:
        known = [one.name for one in self._columns if one.numeric and one.name not in self._groups]
        known = [name for name in known if name in named or not _is_key(name)] or known
        limited = {_OPERATOR.split(text, maxsplit=1)[0] for text in self._where}
        chosen = (
            [name for name in named if name in known and name not in limited]
            or [name for name in known if name not in limited]
            or known
        )
        found: list[str] = []
        for figure in figures:
            if figure == "count":
                texts = [one.name for one in self.named() if _DISTINCT.search(self._ask)]
                found.append(f"distinct({texts[0]})" if texts else "count")
            else:
                found += [f"{figure}({name})" for name in chosen[:4]]
        return found


def _parts(column: Column) -> list[str]:
    return [stem(word) for word in name_words(column.name)]


def _is_key(name: str) -> bool:
    """Tell a number that only names a row, which nobody adds up."""
    parts = name_words(name)
    return bool(parts) and parts[-1] in {
        "id",
        "nr",
        "no",
        "key",
        "index",
        "zip",
        "plz",
        "year",
        "jahr",
    }
