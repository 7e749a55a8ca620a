"""Recognises calculations on things that must be looked up first: "half of the population of France"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from backend.kit.extraction.entities import names
from backend.kit.extraction.expressions import find_expression
from backend.kit.extraction.lookups import MINE, lookup_step
from backend.kit.extraction.steps import Step

_THAT = r"(?:it|that|this|them|the (?:result|answer|number|value|sum|total|product|outcome)|(?:that|this) (?:result|number|value))"
_NP = r"(?P<np>.{2,120}?)"
_N = r"(?P<n>\d+(?:[.,]\d+)*)"
_CHAINS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), template)
    for pattern, template in (
        (rf"^convert {_NP} (?:to|into) (?P<unit>[\w/ ]{{1,30}})$", "{np} to {unit}"),
        (rf"^(?:take )?{_NP} (?:times|multiplied by|\*) {_N}$", "{np} * {n}"),
        (rf"^multiply {_NP} by {_N}$", "{np} * {n}"),
        (rf"^divide {_NP} by {_N}$", "{np} / {n}"),
        (rf"^(?:take )?{_NP} (?:divided by|over|/) {_N}$", "{np} / {n}"),
        (rf"^{_NP} (?:plus|increased by|\+) {_N}$", "{np} + {n}"),
        (rf"^{_NP} (?:minus|decreased by|-) {_N}$", "{np} - {n}"),
        (rf"^add {_N} to {_NP}$", "{np} + {n}"),
        (rf"^subtract {_N} from {_NP}$", "{np} - {n}"),
        (rf"^{_N} ?(?:%|percent) of {_NP}$", "{n} / 100 * {np}"),
        (rf"^{_N} times {_NP}$", "{n} * {np}"),
        (rf"^(?:a )?half (?:of )?{_NP}$", "{np} / 2"),
        (rf"^(?:a |one )third of {_NP}$", "{np} / 3"),
        (rf"^(?:a |one )quarter of {_NP}$", "{np} / 4"),
        (rf"^(?:twice|double) {_NP}$", "2 * {np}"),
        (rf"^square {_NP}$", "{np}^2"),
        (rf"^(?:the )?(?:square root|sqrt) of {_NP}$", "sqrt({np})"),
    )
)  # fmt: skip
PAIR = re.compile(
    r"^(?:the )?(?P<op>sum|difference|ratio|product|total) (?:of|between|in) (?P<a>.{3,100}?) (?:and|to) (?P<b>.{3,100})$",
    re.IGNORECASE,
)
_PAIR_SIGN: Final = {"sum": "+", "total": "+", "difference": "-", "ratio": "/", "product": "*"}
CALC_LEAD = re.compile(
    r"^(?:what(?:'s|\u2019s| is| are)|calculate|compute|how much is|work out|find|determine|tell me|and)\s+",
    re.IGNORECASE,
)


def chain(bare: str, before: Sequence[Step], number: int) -> list[Step]:
    """A calculation on something that must be looked up first, or on the step before."""
    said = CALC_LEAD.sub("", bare).strip(" ?.")
    pair = PAIR.match(said)
    if pair and names(pair["a"]) and names(pair["b"]):
        return _pair(pair, bare, number)
    for pattern, template in _CHAINS:
        match = pattern.match(said)
        if match is None:
            continue
        thing = match["np"].strip()
        count = match.groupdict().get("n") or ""
        count = count.replace(",", "").strip(".")
        template = template.replace("{unit}", match.groupdict().get("unit") or "")
        if re.fullmatch(_THAT, thing, re.IGNORECASE) and before:
            slot = before[-1].id
            formula = template.replace("{n}", count).replace("{np}", f"{{{slot}}}")
            return [Step(id=f"s{number}", kind="math", text=bare, value=formula, after=(slot,))]
        if (
            find_expression(f"what is {thing}")
            or thing[-1].isdigit()
            or not names(thing)
            or MINE.search(thing)
        ):
            return []
        formula = template.replace("{n}", count).replace("{np}", f"{{s{number}}}")
        return [
            lookup_step(f"s{number}", f"What is {thing}?"),
            Step(id=f"s{number + 1}", kind="math", text=bare, value=formula, after=(f"s{number}",)),
        ]
    return []


def _pair(pair: re.Match[str], bare: str, number: int) -> list[Step]:
    one, two = pair["a"].strip(), pair["b"].strip()
    relation = re.match(r"(?:the )?(.{3,40}? of) ", one)
    if relation and " of " not in two and not two.startswith("the "):
        two = f"{relation[1]} {two}"
    head = re.match(r"(?:the )?(populations|areas|heights|lengths|populations?) of (.+)", one)
    if head:
        single = head[1].rstrip("s")
        one, two = f"the {single} of {head[2]}", f"the {single} of {two.rpartition(' of ')[2]}"
    ids = (f"s{number}", f"s{number + 1}")
    sign = _PAIR_SIGN[pair["op"].casefold()]
    return [
        lookup_step(ids[0], f"What is {one}?"),
        lookup_step(ids[1], f"What is {two}?"),
        Step(
            id=f"s{number + 2}",
            kind="math",
            text=bare,
            value=f"{{{ids[0]}}} {sign} {{{ids[1]}}}",
            after=ids,
        ),
    ]
