"""Recognises the simple phrases around a formula: "derivative of x^3 at 2", "solve x^2=4 for x".

Works on normalised text. Not for: free language; what is not recognised goes to the parser as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_PHRASE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to do with which formula; the parts are texts, empty where nothing was said."""

    operation: str
    expression: str
    variable: str = ""
    lower: str = ""
    upper: str = ""
    point: str = ""
    at: str = ""
    order: str = ""
    side: str = ""
    target: str = ""


_LEAD = re.compile(
    r"""^(?:please|can you|could you|tell me|show me|what(?:'s|\ is|\ are|\ does)|how\ much\ (?:is|are)|calculate|
    compute|evaluate|determine|work\ out|find|get|give\ me|the\ (?:exact\ |numerical\ )?(?:value|result|answer)\ of|
    value\ of|result\ of|the(?=\s))[\s:,]+""",
    re.IGNORECASE | re.VERBOSE,
)
_TAIL = re.compile(r"(?:\s*(?:=\s*)?\?+|\s*=|\s*\.|\s+please|\s+equals?)\s*$", re.IGNORECASE)
_MAX_LEADS = 6

_F = r"(?P<expression>.+?)"
_WRT = r"(?:\s+(?:with respect to|w\.?r\.?t\.?|in terms of|by|for|d)\s+(?P<variable>[a-z]\w*))?"
_AT = r"(?:,?\s+(?:at|when|where|for|evaluated at|if)\s+(?:the point\s+)?(?P<at>(?:[a-z]\w*\s*=\s*)?[^,=]+))?"
_RANGE = r"(?:,?\s+(?:from|between|over)\s+(?:[a-z]\s*=\s*)?(?P<lower>[^,]+?)\s+(?:to|and)\s+(?P<upper>[^,]+?))"
_ARROW = r"(?:->|=>|→|\bto\b|approaches|tends to|goes to|approaching|=)"
_SIDE = r"(?:\s*(?:from\s+)?(?:the\s+)?(?P<side>left|right|above|below|\+|-)(?:\s+side)?)?"
_ORDER_WORDS = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "1st": "1", "2nd": "2",
    "3rd": "3", "4th": "4", "5th": "5", "6th": "6",
}  # fmt: skip
_NTH = rf"(?:(?P<order>{'|'.join(_ORDER_WORDS)})\s+)?(?:order\s+)?(?:partial\s+)?"

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (operation, re.compile(pattern, re.IGNORECASE))
    for operation, pattern in (
        ("differentiate", rf"(?:take )?(?:the )?{_NTH}derivative of {_F}{_WRT}{_AT}"),
        ("differentiate", rf"(?:differentiate|derive) {_F}{_WRT}{_AT}"),
        (
            "differentiate",
            rf"d(?:\^?(?P<order>\d))?\s*/\s*d(?P<variable>[a-z])(?:\^?\d)?\s*[(\[]?{_F}[)\]]?{_AT}",
        ),
        ("differentiate", rf"\(\(d\)/\(d ?(?P<variable>[a-z])\)\)\s*{_F}{_AT}"),
        (
            "integrate",
            rf"(?:take )?(?:the )?(?:definite |indefinite )?(?:integral|antiderivative) of {_F}(?:\s*\bd(?P<variable>[a-z]))?{_RANGE}(?:\s+d[a-z])?",
        ),
        (
            "integrate",
            rf"(?:take )?(?:the )?(?:definite |indefinite )?(?:integral|antiderivative) of {_F}(?:\s*\bd(?P<variable>[a-z]))?",
        ),
        ("integrate", rf"(?:integral|antiderivative) of {_F}{_WRT}"),
        (
            "integrate",
            r"(?:integrate|integral|int)\s*_\s*[({]?\s*(?P<lower>[^\s(){}^]+)\s*[)}]?\s*\^\s*[({]?\s*(?P<upper>[^\s(){}]+)\s*[)}]?\s+(?P<expression>.+?)\s*\bd ?(?P<variable>[a-z])",
        ),
        (
            "integrate",
            rf"integrate (?!.*,){_F}(?:\s*\bd(?P<variable>[a-z]))?{_RANGE}(?:\s+d[a-z])?",
        ),
        ("integrate", r"(?:integrate|int) (?P<expression>[^,]+?)\s*\bd ?(?P<variable>[a-z])"),
        ("integrate", rf"integrate (?!.*,){_F}{_WRT}"),
        (
            "limit",
            rf"(?:the )?lim(?:it)? of {_F},?\s+(?:as|when|for) (?P<variable>[a-z])\s*{_ARROW}\s*(?P<point>.+?){_SIDE}",
        ),
        (
            "limit",
            rf"lim(?:it)?\s*_?\s*[({{]?\s*(?P<variable>[a-z])\s*(?:->|to)\s*(?P<point>[^\s(){{}}]+?)(?:\^?(?P<side>[+-]))?\s*[)}}]?\s+(?:of )?{_F}",
        ),
        (
            "sum",
            r"(?:sum|summation|sigma)\s*_\s*[({](?P<variable>[a-z])\s*=\s*(?P<lower>[^(){}]+)[)}]\s*\^\s*[({]?\s*(?P<upper>[^\s(){}]+)\s*[)}]?\s*(?P<expression>.+)",
        ),
        (
            "product",
            r"(?:product|prod)\s*_\s*[({](?P<variable>[a-z])\s*=\s*(?P<lower>[^(){}]+)[)}]\s*\^\s*[({]?\s*(?P<upper>[^\s(){}]+)\s*[)}]?\s*(?P<expression>.+)",
        ),
        (
            "sum",
            rf"(?:the )?(?:sum|summation) of {_F},?\s+(?:for|from|over|with|as)\s+(?P<variable>[a-z])\s*(?:=|from|goes from)\s*(?P<lower>.+?)\s+to\s+(?P<upper>.+)",
        ),
        (
            "product",
            rf"(?:the )?product of {_F},?\s+(?:for|from|over|with|as)\s+(?P<variable>[a-z])\s*(?:=|from|goes from)\s*(?P<lower>.+?)\s+to\s+(?P<upper>.+)",
        ),
        (
            "series",
            rf"(?:the )?(?:taylor|maclaurin|power)?\s*(?:series|expansion|polynomial)(?: expansion)? (?:of|for) {_F}(?:\s+(?:around|about|at|near|centered at)\s+(?:(?P<variable>[a-z])\s*=\s*)?(?P<point>.+?))?(?:,?\s+(?:up to|to|of|with|through)\s+(?:the\s+)?(?:order|degree)\s+(?P<order>\d+))?",
        ),
        (
            "roots",
            rf"(?:the )?(?:real )?(?:roots?|zeros|zeroes|solutions?) (?:of|to|for) (?:the )?(?:equation |polynomial )?{_F}",
        ),
        (
            "solve",
            rf"solve (?:the )?(?:following )?(?:(?:system|equations?|inequality|of)\b ?)*:?\s*(?:for (?P<variable>[a-z]\w*(?:\s*(?:,|and)\s*[a-z]\w*)*)\s*(?::|in|if|given|when|where)\s*)?{_F}(?:\s+for\s+(?P<variable2>[a-z]\w*(?:\s*(?:,|and)\s*[a-z]\w*)*))?",
        ),
        (
            "solve",
            rf"(?P<variable>[a-z])\s+(?:if|such that|where|when|for which|so that|given(?: that)?) {_F}",
        ),
        ("apart", rf"(?:the )?partial fractions?(?: decomposition)? (?:of|for) {_F}"),
        ("simplify", rf"simplify {_F}"),
        ("expand", rf"(?:expand|multiply out) {_F}"),
        (
            "factor",
            rf"(?:completely )?(?:factor|factorise|factorize)(?: completely)? {_F}(?: completely)?",
        ),
        (
            "factorint",
            rf"(?:the )?prime (?:factors|factorization|factorisation|decomposition) of {_F}",
        ),
        ("isprime", rf"is {_F} (?:a )?prime(?: number)?"),
        ("prime", r"(?:the )?(?P<expression>\d+)(?:st|nd|rd|th) prime(?: number)?"),
        ("evaluate", rf"is (?!prime){_F}"),
        ("evaluate", rf"{_F},?\s+(?:at|where|when|for|if|with|given)\s+(?P<at>[a-z]\w*\s*=\s*.+)"),
        (
            "evaluate",
            r"(?:let|if|given|with)\s+(?P<at>[a-z]\w*\s*=\s*[^,;]+?)\s*[,;:]\s*(?:then\s+)?(?:what is\s+|find\s+|evaluate\s+)?(?P<expression>.+)",
        ),
    )
)

_N = r"([-\w.,/()^ ]+?)"
_PERCENT = r"([-\w./()]+)\s*%"
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (
            rf"(?:the )?(?:percent|percentage|%)(?:age)? (?:change|difference|increase|decrease) (?:from|between) {_N} (?:to|and) {_N}",
            r"((\2)-(\1))/(\1) as %",
        ),
        (
            rf"(?:the )?% (?:change|increase|decrease) (?:from|between) {_N} (?:to|and) {_N}",
            r"((\2)-(\1))/(\1) as %",
        ),
        (rf"(?:what )?(?:percent(?:age)?|%) of {_N} is {_N}", r"(\2)/(\1) as %"),
        (rf"{_N} is what (?:percent(?:age)?|%) of {_N}", r"(\1)/(\2) as %"),
        (rf"{_N} (?:as|is) (?:a )?(?:percent(?:age)?|%) of {_N}", r"(\1)/(\2) as %"),
        (rf"{_N} is {_PERCENT} of (?:what(?: number)?|which number)", r"(\1)/(\2%)"),
        (rf"(?:increase|raise) {_N} by {_PERCENT}", r"(\1)*(100+\2)/100"),
        (rf"{_N} (?:increased|raised) by {_PERCENT}", r"(\1)*(100+\2)/100"),
        (rf"(?:decrease|reduce|discount) {_N} by {_PERCENT}", r"(\1)*(100-\2)/100"),
        (rf"{_N} (?:decreased|reduced|discounted) by {_PERCENT}", r"(\1)*(100-\2)/100"),
        (rf"{_PERCENT} off (?:of )?{_N}", r"(\2)*(100-\1)/100"),
        (
            r"(?:round )?(.+?),? (?:rounded )?(?:to|with) (\d+) (?:significant )?(?:digits|figures|sig ?figs)",
            r"evalf(\1, \2)",
        ),
        (
            r"(?:round )?(.+?),? (?:rounded )?(?:to|with) (\d+) (?:decimal places?|decimals?|dp)",
            r"round(\1, \2)",
        ),
        (rf"(?:the )?difference (?:between|of) {_N} and {_N}", r"(\1)-(\2)"),
        (rf"(?:the )?quotient of {_N} and {_N}", r"(\1)/(\2)"),
        (rf"(?:the )?remainder (?:of|when) {_N} (?:is )?(?:/|divided by) ?{_N}", r"mod(\1, \2)"),
        (rf"(?:the )?remainder of {_N} mod {_N}", r"mod(\1, \2)"),
        (rf"{_N} as a decimal(?: number)?", r"evalf(\1)"),
        (r"(?:the )?(?:factorial) of (\w+)", r"factorial(\1)"),
        (r"(?:the )?(\d+)(?:st|nd|rd|th) (?:root) of (.+)", r"root(\2, \1)"),
        (r"(?:the )?(\d+)(?:st|nd|rd|th) fibonacci(?: number)?", r"fibonacci(\1)"),
        (r"(?:the )?log(?:arithm)? (?:to )?(?:the )?base (\w+) (?:of )?(.+)", r"logbase(\1, \2)"),
        (
            r"(?:the )?(?:number of )?combinations of (\d+) (?:things |items )?(?:taken|choose) (\d+)(?: at a time)?",
            r"binomial(\1, \2)",
        ),
        (
            r"(?:the )?(?:number of )?permutations of (\d+) (?:things |items )?(?:taken|choose) (\d+)(?: at a time)?",
            r"permutations(\1, \2)",
        ),
    )
)
_LISTED = re.compile(
    r"(?:the )?(?P<name>arithmetic mean|mean|average|median|mode|(?:population |sample )?standard deviation|"
    r"(?:population |sample )?variance|sum|product|maximum|minimum|max|min|largest|smallest|gcd|hcf|gcf|lcm|"
    r"greatest common (?:divisor|factor)|highest common factor|least common multiple|lowest common multiple|"
    r"dot product|cross product|determinant|inverse|transpose|rank|trace|eigenvalues|eigenvectors|norm|divisors|"
    r"factors|conjugate|sign|floor|ceiling|floor|gamma|hex|binary) (?:of|between) (?:the )?"
    r"(?:numbers |values |list |matrix |data |set |data set |vectors )?:?\s*(?P<items>.+)",
    re.IGNORECASE,
)
_LISTED_NAMES = {
    "arithmetic mean": "mean", "standard deviation": "stdev", "sample standard deviation": "stdev",
    "population standard deviation": "pstdev", "sample variance": "variance",
    "population variance": "pvariance", "largest": "max", "smallest": "min",
    "greatest common divisor": "gcd", "greatest common factor": "gcd", "highest common factor": "gcd",
    "least common multiple": "lcm", "lowest common multiple": "lcm", "dot product": "dot",
    "cross product": "cross", "ceiling": "ceil", "binary": "bin", "factors": "divisors",
    "determinant": "det", "inverse": "inv",
}  # fmt: skip
_AND = re.compile(r"\s*,?\s+and\s+|\s*,\s*|\s+(?=-?\d)")


def understand(text: str) -> Task:
    """Find out what a normalised text asks for; a bare formula is a task to evaluate it."""
    if len(text) > MAX_PHRASE:
        return Task(operation="evaluate", expression=text)
    text = _bare(text)
    for pattern, meaning in _REWRITES:
        if found := pattern.fullmatch(text):
            formula, _, target = found.expand(meaning).partition(" as ")
            return Task(operation="evaluate", expression=formula, target=target)
    for operation, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            return _task(operation, found)
    if found := _LISTED.fullmatch(text):
        return Task(operation="evaluate", expression=_listed(found))
    return Task(operation="evaluate", expression=text)


def _bare(text: str) -> str:
    """Take off "what is", "calculate", a question mark and their like."""
    for _ in range(_MAX_LEADS):
        shorter = _TAIL.sub("", _LEAD.sub("", text))
        if shorter == text or not shorter:
            break
        text = shorter
    return text


def _task(operation: str, found: re.Match[str]) -> Task:
    parts = {name: (text or "").strip() for name, text in found.groupdict().items()}
    variable = parts.pop("variable2", "") or parts.get("variable", "")
    if "order" in parts:
        parts["order"] = _ORDER_WORDS.get(parts["order"].casefold(), parts["order"])
    return Task(operation=operation, **{**parts, "variable": variable})


def _listed(found: re.Match[str]) -> str:
    name = found.group("name").casefold()
    items = found.group("items").strip()
    if not items.startswith(("[", "(")) or not items.endswith(("]", ")")):
        items = ", ".join(part for part in _AND.split(items) if part)
    elif " and " in items:
        items = ", ".join(items.split(" and "))
    return f"{_LISTED_NAMES.get(name, name)}({items})"
