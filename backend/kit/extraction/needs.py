"""Splits a question into parts and says what each needs: a calculation, a look-up, the weather ...

The outcome is a list of steps; a step that needs another's result holds `{s1}` in its `value`.
Not for: choosing a tool (`tool_fit`) or reading results.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from backend.kit.extraction.asked import Asked
from backend.kit.extraction.chains import CALC_LEAD, PAIR, chain
from backend.kit.extraction.entities import bare_question, names, numbers
from backend.kit.extraction.expressions import find_expression
from backend.kit.extraction.given_code import SQL, to_run, writes_code
from backend.kit.extraction.lookups import look_up, of_documents, weather
from backend.kit.extraction.pages import pages_of, stands_in, wants_reading
from backend.kit.extraction.passages import split_sentences
from backend.kit.extraction.steps import MAX_STEPS, Prefer, Step
from backend.kit.extraction.table_asks import FILE, per_file, table_ask

_MAX_TITLE_CHARS = 80

_PART = re.compile(
    r"\s*(?:;|\n+|,? (?:and|then|and then|and also|also|plus|as well as),? "
    r"(?=(?:also|then|tell|give|show|find|look|search|calculate|compute|what|who|when|where|how|which|why|the weather"
    r"|the population|convert|multiply|divide|add|subtract|summari[sz]e|run|check|is|was|did|does)\b)"
    r"|,(?: and)? (?=the (?:weather|population|capital|height|area|currency|author|president|length|age|sum|product|square)\b)"
    r"|,? and (?=the (?:capital|height|area|currency|author|president|length|age) of\b)"
    r"|,? and (?=[\d(][\d.]*\s*[-+*/^%]\s*[\d(])"
    r"|,? then (?=\w))\s*",
    re.IGNORECASE,
)
_TELL_ME = re.compile(
    r"\W*(?:then |also |please )*(?:(?:tell|give|show) (?:me|us)|find(?: out)?|list)\b",
    re.IGNORECASE,
)
_STATISTICS = re.compile(
    r"\b(?:mean|average|median|mode|std|standard deviation|variance|min(?:imum)?|max(?:imum)?|sum|total|count|percentile"
    r"|statistics?|quartiles?|range|highest|lowest|largest|smallest|analy[sz]e|how many|describe|summari[sz]e|correlation"
    r"|per|group(?:ed)? by|top|sort(?:ed)?|rank|oldest|youngest|cheapest|most|least|older|younger|(?:more|less|greater) than"
    r"|tallest|longest|shortest|heaviest|hottest|coldest)\b",
    re.IGNORECASE,
)
_LIST_STATISTICS = re.compile(
    r"\b(?:mean|average|median|mode|std|standard deviation|variance|minimum|maximum|percentile|statistics|quartiles?|range"
    r"|min|max|sum|total|largest|smallest)\b",
    re.IGNORECASE,
)
_LIST_ONLY_MATHS = re.compile(r"\b(range|mode|variance)\b", re.IGNORECASE)
_DATA_FIGURES = re.compile(
    r"\b(?:mean|average|median|sum|total|min|max|std|deviation)\b", re.IGNORECASE
)
_MANNER = re.compile(
    r"^(?:yes or no|(?:the|your|a|an) (?:final|short|brief|exact|detailed) answer|answer (?:in|with|briefly|only)\b.{0,60}"
    r"|(?:be|keep it) (?:brief|short|concise)|step by step|explain (?:each|your|briefly|why|how you)\b.{0,60}"
    r"|show (?:your|the) (?:work|steps?|working)\b.{0,40}|cite your sources?)$",
    re.IGNORECASE,
)
_COMPOSE = re.compile(
    r"^(?:(?:please|can you|could you) )*(?:write|compose|draft|imagine|translate|rewrite|rephrase|paraphrase|proofread"
    r"|act as|pretend|brainstorm|sing|repeat|echo|say|summari[sz]e|correct|tell me a joke)\b",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"^(?P<head>.*\b(?:of|in|for)) (?P<a>[A-ZÀ-Þ][\w ]{1,40}?) and (?:of |in |for )?(?P<b>[A-ZÀ-Þ][\w ]{1,40})$"
)
_MANY_WANTED = re.compile(
    r"\b(?:populations|capitals|areas|heights|both|each|respectively|compare)\b", re.IGNORECASE
)


def parts(ask: str) -> list[str]:
    """Split a question into its independent parts, in order."""
    found: list[str] = []
    for sentence in split_sentences(ask):
        pair = PAIR.match(CALC_LEAD.sub("", bare_question(sentence)))
        if pair and not pair["a"][0].isdigit() and FILE.search(sentence) is None:
            found.append(sentence)
            continue
        for at, split in enumerate(_PART.split(sentence)):
            asks = at > 0 and sentence.rstrip().endswith("?") and split.startswith("the ")
            piece = f"What is {split.rstrip('?')}?" if asks else split
            bare = bare_question(piece)
            shared = _SHARED.match(bare)
            if shared and _MANY_WANTED.search(bare):
                head = re.sub(
                    r"^compare |^what (?:are|is) ", "", shared["head"], flags=re.IGNORECASE
                )
                head = re.sub(r"\b(population|capital|area|height)s\b", r"\1", head)
                found += [f"What is {head} {shared[which]}?" for which in ("a", "b")]
            elif len(bare) > 1 or re.match(r"\d!", piece.strip()):
                found.append(piece.strip(" ,"))
    return found[: MAX_STEPS * 2]


def needs(asked: Asked, *, first: int = 1, prefer: Prefer | None = None) -> list[Step]:
    """List what a message needs done; empty for small talk and for texts to write.

    `prefer` may name a tool made for a part, and whether it takes one thing at a time.
    """
    given = _given(asked, first)
    if given:
        return given
    steps: list[Step] = []
    for part in parts(asked.ask):
        if len(steps) >= MAX_STEPS:
            break
        made = prefer(part) if prefer else None
        if made:
            steps += _made_for(part, *made, number=first + len(steps))
            continue
        if _MANNER.match(bare_question(part)):
            continue
        if writes_code(part):
            continue
        reads = any(stands_in(url, part) for url in asked.urls) and wants_reading(part)
        if _COMPOSE.match(part) and not (reads or of_documents(part) or _table(part, 1, asked)):
            continue
        made = _part_steps(part, steps, first + len(steps), asked)
        steps = _joined(part, steps, made)
    return steps[:MAX_STEPS]


def _joined(part: str, steps: list[Step], made: list[Step]) -> list[Step]:
    """Add what a part needs; "read this page and tell me ..." asks the page itself."""
    if not steps or not _is_of_the_page(part, steps[-1], made):
        return [*steps, *made]
    return [*steps[:-1], replace(steps[-1], text=f"{steps[-1].text} and {part}")]


def _is_of_the_page(part: str, before: Step, made: Sequence[Step]) -> bool:
    asks_nobody = not made or (len(made) == 1 and made[0].kind in {"encyclopedia", "open"})
    return (
        before.kind == "fetch"
        and asks_nobody
        and _TELL_ME.match(part) is not None
        and "wikipedia" not in part.casefold()
    )


def _made_for(part: str, tool: str, one_at_a_time: bool, *, number: int) -> list[Step]:  # noqa: FBT001 - a pair as `prefer` gives it
    shared = _SHARED.match(part.strip(" ?.!")) if one_at_a_time else None
    texts = [f"{shared['head']} {shared[which]}" for which in ("a", "b")] if shared else [part]
    return [
        Step(id=f"s{number + at}", kind="custom", text=text, value=text, tool=tool)
        for at, text in enumerate(texts)
    ]


def _given(asked: Asked, first: int) -> list[Step]:
    """What was pasted decides: code to run, a query, data to describe."""
    name = f"s{first}"
    given = to_run(asked.ask, asked.code)
    if given:
        return [
            Step(
                id=f"s{first + at}",
                kind="sql" if one.language in SQL else "python",
                text=asked.ask or one.source.partition("\n")[0][:_MAX_TITLE_CHARS],
                value=one.source,
            )
            for at, one in enumerate(given[:MAX_STEPS])
        ]
    if asked.data and _STATISTICS.search(asked.ask):
        return [Step(id=name, kind="data", text=asked.ask, value=asked.data)]
    return []


def _listed(bare: str, asked: Asked) -> list[str]:
    """List the numbers whose statistics a part asks for: its own, else those given beside it."""
    if not _LIST_STATISTICS.search(bare) or re.search(r"[*/^=]|\bx\b|\b(?:squares|cubes)\b", bare):
        return []
    own = numbers(bare)
    found = own if own or names(bare) else numbers(asked.ask)
    return found if len(found) >= 3 else []


def _of_list(name: str, part: str, listed: Sequence[str]) -> Step:
    """Statistics of a few numbers; what a data tool does not know is a sum for the calculator."""
    joined = ", ".join(listed)
    other = _LIST_ONLY_MATHS.search(part)
    if other and not _DATA_FIGURES.search(part):
        word = other[1].casefold()
        formula = f"max({joined}) - min({joined})" if word == "range" else f"{word} of {joined}"
        return Step(id=name, kind="math", text=part, value=formula)
    return Step(id=name, kind="data", text=part, value=joined)


def _pages(part: str, number: int, asked: Asked) -> list[Step]:
    return [
        Step(id=f"s{number + at}", kind="fetch", text=text, value=url)
        for at, (url, text) in enumerate(pages_of(part, asked.urls))
    ]


def _table(part: str, number: int, asked: Asked) -> list[Step]:
    if asked.data:
        return []
    found = [(piece, table_ask(piece)) for piece in per_file(part)]
    return [
        Step(id=f"s{number + at}", kind="table", text=piece, value=one.file)
        for at, (piece, one) in enumerate(found)
        if one is not None
    ]


def _part_steps(part: str, before: Sequence[Step], number: int, asked: Asked) -> list[Step]:
    given = _pages(part, number, asked) or _table(part, number, asked)
    if given:
        return given
    name = f"s{number}"
    bare = bare_question(part)
    listed = _listed(bare, asked)
    if listed:
        return [_of_list(name, part, listed)]
    chained = chain(bare, before, number)
    if chained:
        return chained
    expression = find_expression(part)
    if expression:
        return [Step(id=name, kind="math", text=part, value=expression)]
    return weather(part, before, number) or look_up(part, before, name, asked)
